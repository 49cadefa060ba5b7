import { pipeline } from './project';

export const extractLineitem = pipeline('extractLineitem', (run) => run.extract('lineitem', { from: 'shop', table: 'lineitem' }));
