import type { RunKey } from '../catalog/index.js';
import { BATCH, breathe, limitOf, NOTHING, type SweepContext, type Tidied } from './sweep-context.js';

/** Removes what runs that ended long ago have logged. */
export async function sweepLogs(context: SweepContext): Promise<Tidied> {
  const { catalog, retention, dryRun, signal, progress } = context;
  const before = limitOf(context, retention.logs);
  if (before === undefined) return NOTHING;
  let lines = 0;
  let looked = 0;
  let after: RunKey | undefined;
  do {
    const runs = await catalog.listEndedRuns({ before, after, limit: BATCH });
    lines += await catalog.removeLogs(runs, dryRun);
    after = runs.at(-1);
    progress((looked += runs.length));
    await breathe();
  } while (after !== undefined && !signal.aborted);
  return { removed: { log_lines: lines }, bytes: 0, kept: {} };
}
