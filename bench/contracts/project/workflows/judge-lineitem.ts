import { pipeline } from './project';

export const judgeLineitem = pipeline('judgeLineitem', async (run) => {
  const staged = await run.extract('lineitem', { from: 'staged', path: 'lineitem.parquet' });
  return run.validate(staged, 'LineItem', { maxRejected: 0.1 });
});
