import { pipeline } from './project';

export const loadLineitem = pipeline('loadLineitem', async (run, { path }) => {
  const raw = await run.extract('lineitem', { from: 'files', path });
  const rows = await run.validate(raw, 'LineItem', { maxRejected: 0 });
  return run.load(rows, { to: 'warehouse', table: 'lineitem', mode: 'replace' });
});
