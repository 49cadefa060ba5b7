import { addCounts, planRuns } from '../core/retention.js';
import { LONGEST_RUN_MS, MISSED_SPAN_MS } from '../core/schedule.js';
import { BATCH, breathe, limitOf, NOTHING, removeAll, type SweepContext, type Tidied } from './sweep-context.js';

type Counts = Record<string, number>;

const ALERTS_AT_LEAST_MS = 30 * 86_400_000;
/** As far as one looks for what was missed, unless told to look further. */
const TICKS_AT_LEAST_MS = MISSED_SPAN_MS + LONGEST_RUN_MS;

/**
 * Removes what the catalog knows of runs and backfills that ended long ago, of what people were told, triggers decided and schedules
 * came to then, and of datasets that nobody names any more.
 */
export async function sweepCatalog(context: SweepContext): Promise<Tidied> {
  const { catalog, retention, dryRun, signal } = context;
  const before = limitOf(context, retention.catalog);
  if (before === undefined) return NOTHING;
  const { removed: runs, kept } = await sweepRuns(context, before);
  let removed = runs;
  if (dryRun) return { removed, bytes: 0, kept };
  // Failures of the last days that nobody was told of are told: an alert must outlive them.
  const toldBefore = limitOf(context, Math.max(retention.catalog ?? 0, ALERTS_AT_LEAST_MS));
  const tickedBefore = limitOf(context, Math.max(retention.catalog ?? 0, TICKS_AT_LEAST_MS));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removeLoadsAlone(before, BATCH)));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removeBackfills(before, BATCH)));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removeAlerts(toldBefore, BATCH)));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removeEvaluations(before, BATCH)));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removeTicks(tickedBefore, BATCH)));
  removed = addCounts(removed, await removeAll(signal, () => catalog.removePauses(tickedBefore, BATCH)));
  // One that was made of another keeps that one: they go from the youngest to the oldest.
  for (let more = 1; more > 0 && !signal.aborted;) {
    more = await catalog.removeDatasets(before, BATCH);
    removed = addCounts(removed, { dataset_rows: more });
    await breathe();
  }
  return { removed, bytes: 0, kept };
}

async function sweepRuns(context: SweepContext, before: string): Promise<{ readonly removed: Counts; readonly kept: Counts }> {
  const { catalog, retention, archive, dryRun, signal, progress } = context;
  const rejectedBefore = retention.staging === undefined ? undefined : limitOf(context, retention.quarantine);
  let removed: Counts = {};
  let kept: Counts = {};
  let looked = 0;
  let after: string | undefined;
  do {
    const scopes = await catalog.listAgedScopes({ before, after, limit: BATCH });
    const plan = planRuns({ scopes: scopes.map(({ runs }) => runs), rejectedBefore, archives: archive !== undefined });
    const gone = dryRun ? { runs: plan.remove.length } : await catalog.removeRuns(plan.remove);
    removed = addCounts(removed, gone);
    kept = addCounts(kept, plan.kept);
    after = scopes.at(-1)?.scope;
    progress((looked += scopes.length));
    await breathe();
  } while (after !== undefined && !signal.aborted);
  return { removed, kept };
}
