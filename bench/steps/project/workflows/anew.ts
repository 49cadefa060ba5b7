import { pipeline } from './project';

/** One step of each kind, over a file of one row that no run has seen. */
export const anew = pipeline('anew', async (run, { file }) => {
  const raw = await run.extract('rows', { from: 'files', path: `${file}.csv` });
  const rows = await run.validate(raw, 'Row', { maxRejected: 0 });
  const loud = await run.transform('loud', { rows });
  return run.load(loud, { to: 'files', path: `loud/${file}.parquet`, mode: 'replace' });
});
