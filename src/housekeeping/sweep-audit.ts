import { addCounts } from '../core/retention.js';
import { BATCH, breathe, limitOf, NOTHING, type SweepContext, type Tidied } from './sweep-context.js';

/** Removes old records of what people have done and decided. */
export async function sweepAudit(context: SweepContext): Promise<Tidied> {
  const { catalog, retention, dryRun, signal } = context;
  const before = limitOf(context, retention.audit);
  if (before === undefined) return NOTHING;
  if (dryRun) return { removed: await catalog.countAudit(before), bytes: 0, kept: {} };
  let removed: Record<string, number> = {};
  while (!signal.aborted) {
    const gone = await catalog.removeAudit(before, BATCH);
    if (Object.keys(gone).length === 0) break;
    removed = addCounts(removed, gone);
    await breathe();
  }
  return { removed, bytes: 0, kept: {} };
}
