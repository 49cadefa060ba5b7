import { pipeline } from './project';

/** One large step: all rows in an order that has nothing to do with the one they come in. */
export const shuffle = pipeline('shuffle', async (run) => {
  const rows = await run.validate(await run.extract('rows', { from: 'lake', path: 'rows.parquet' }), 'Row');
  return (await run.transform('shuffled', { rows })).rows;
});
