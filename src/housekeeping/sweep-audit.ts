import { BATCH, limitOf, NOTHING, removeAll, type SweepContext, type Tidied } from './sweep-context.js';

/** Removes old records of what people have done and decided. */
export async function sweepAudit(context: SweepContext): Promise<Tidied> {
  const { catalog, retention, dryRun, signal } = context;
  const before = limitOf(context, retention.audit);
  if (before === undefined) return NOTHING;
  if (dryRun) return { removed: await catalog.countAudit(before), bytes: 0, kept: {} };
  const removed = await removeAll(signal, () => catalog.removeAudit(before, BATCH));
  return { removed, bytes: 0, kept: {} };
}
