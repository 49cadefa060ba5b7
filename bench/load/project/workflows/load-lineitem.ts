import { pipeline } from './project';

export const loadLineitem = pipeline('loadLineitem', async (run, { path }) => {
  const raw = await run.extract('lineitem', { from: 'files', path });
  return run.load(run.validate(raw, 'LineItem', { maxRejected: 0 }), { to: 'warehouse', table: 'lineitem', mode: 'replace' });
});
