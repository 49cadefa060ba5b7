import { pipeline, retry } from './project';

/** One day of a table that only grows. A later run of the same day takes the place of the earlier one. */
export const appendDay = pipeline('appendDay', async (run, { source, target, day }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, where: { day: { eq: day } }, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'append', retry });
});

/** A file, judged and loaded at once. */
export const appendFile = pipeline('appendFile', async (run, { source, target }) => {
  const raw = await run.extract('items', { from: 'lake', path: source, retry });
  return run.load(run.validate(raw, 'Row', { retry }), { to: 'warehouse', table: target, mode: 'append', retry });
});

export const mergeAll = pipeline('mergeAll', async (run, { source, target }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, retry });
  const items = await run.validate(raw, 'Item', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'merge', retry });
});

export const replaceAll = pipeline('replaceAll', async (run, { source, target }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'replace', retry });
});

export const replaceRegion = pipeline('replaceRegion', async (run, { source, target, region }) => {
  const raw = await run.extract('items', { from: 'shop', table: source, where: { region: { eq: region } }, retry });
  const items = await run.validate(raw, 'Row', { retry });
  return run.load(items, { to: 'warehouse', table: target, mode: 'replace', partition: { region }, retry });
});
