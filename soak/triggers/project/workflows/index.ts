import { pipeline } from './project';

export const joined = pipeline('joined', async (_run, { day }) => day);
