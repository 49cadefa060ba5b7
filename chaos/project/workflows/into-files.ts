import { pipeline, retry } from './project';

/** One more file in a folder. */
export const exportDay = pipeline('exportDay', async (run, { source, target, day }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, where: { day: { eq: day } }, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'lake', path: target, mode: 'append', retry });
});

/** One file, replaced. */
export const exportAll = pipeline('exportAll', async (run, { source, target }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'lake', path: target, mode: 'replace', retry });
});
