import { pipeline } from './project';

/** One step that needs slots. */
export const compete = pipeline('compete', async (run, { file, weight, priority }) => {
  const pool = { name: 'warehouse', weight } as const;
  const retry = { attempts: 1000, initialInterval: '100ms', maximumInterval: '500ms' };
  const read = await run.extract('rows', { from: 'lake', path: file, pool, priority: priority as 3, retry });
  return read.name;
});
