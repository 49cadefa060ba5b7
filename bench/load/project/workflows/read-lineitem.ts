import { pipeline } from './project';

export const readLineitem = pipeline('readLineitem', async (run) => {
  const { rows } = await run.extract('lineitem', { from: 'warehouse', table: 'lineitem' });
  return { rows };
});
