import { pipeline, retry } from './project';

/** What a table that only grows has got since the last load: each row once. */
export const appendNew = pipeline('appendNew', async (run, { source, target }) => {
  const after = await run.watermark({ to: 'warehouse', table: target, retry });
  const raw = await run.extract('items', { from: 'shop', table: source, cursor: 'id', after, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'append', watermark: items.range, retry });
});

/** The same into a folder, one more file each time. */
export const exportNew = pipeline('exportNew', async (run, { source, target }) => {
  const after = await run.watermark({ to: 'lake', path: target, retry });
  const raw = await run.extract('items', { from: 'shop', table: source, cursor: 'id', after, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'lake', path: target, mode: 'append', watermark: items.range, retry });
});

/** What has changed since the last load, and what was committed late. */
export const mergeNew = pipeline('mergeNew', async (run, { source, target }) => {
  const after = await run.watermark({ to: 'warehouse', table: target, retry });
  const raw = await run.extract('items', { from: 'shop', table: source, cursor: 'changed_at', after, lag: '10 seconds', retry });
  const items = await run.validate(raw, 'Item', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'merge', watermark: items.range, retry });
});
