import { pipeline } from './project';

/** Four steps with next to nothing to do: a file of one row that has not changed since the last run. */
export const unchanged = pipeline('unchanged', async (run) => {
  for (const name of ['a', 'b', 'c', 'd']) await run.extract(name, { from: 'files', path: 'one.csv' });
});
