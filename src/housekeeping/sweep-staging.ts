import type { Catalog } from '../catalog/index.js';
import { addCounts } from '../core/retention.js';
import { planSweep, type DatasetUse, type StagedDataset, type SweepDecision } from '../core/staging-sweep.js';
import { inRemovalOrder, isLeft } from './removable.js';
import { BATCH, breathe, limitOf, NOTHING, type SweepContext, type Tidied } from './sweep-context.js';

/** Earlier than anything: nothing is old. */
const NEVER = '';

/**
 * Removes datasets that nothing has used for so long, those with rejected rows after the time of the quarantine, and what dead
 * attempts have left. The catalog is asked again for each batch, just before it goes, and staging itself keeps what a step
 * has marked as used since it was listed.
 */
export async function sweepStaging(context: SweepContext): Promise<Tidied> {
  const { inventory, retention, dryRun, signal } = context;
  if (retention.staging === undefined) return NOTHING;
  const datasets = await inventory.datasets();
  const decisions = decide(context, datasets, await usesOf(context, datasets));
  const going = decisions.filter(({ keep }) => keep === undefined);
  const removed: StagedDataset[] = [];
  const inOrder = inRemovalOrder(going).map(({ dataset }) => dataset);
  for (let at = 0; at < inOrder.length && !signal.aborted; at += BATCH) {
    const batch = inOrder.slice(at, at + BATCH);
    removed.push(...(dryRun ? batch : await removeBatch(context, batch)));
  }
  const attempts = (await inventory.attempts()).filter((attempt) => isLeft(attempt, retention.staging));
  if (!dryRun) for (const { name } of attempts) await inventory.removeAttempt(name);
  return {
    removed: addCounts({}, { datasets: removed.length, attempts: attempts.length }),
    bytes: [...removed, ...attempts].reduce((sum, { bytes }) => sum + bytes, 0),
    kept: keptOf(decisions),
  };
}

/** What a step or a run has begun to use meanwhile, stays. */
async function removeBatch(context: SweepContext, batch: readonly StagedDataset[]): Promise<StagedDataset[]> {
  const still = decide(context, batch, await usesOf(context, batch)).filter(({ keep }) => keep === undefined);
  const removed: StagedDataset[] = [];
  for (const { dataset } of still) if (await context.inventory.removeDataset(dataset)) removed.push(dataset);
  return removed;
}

function decide(context: SweepContext, datasets: readonly StagedDataset[], uses: readonly DatasetUse[]): SweepDecision[] {
  const { staging, quarantine } = context.retention;
  const rejectedBefore = limitOf(context, quarantine);
  const before = limitOf(context, staging) ?? NEVER;
  const rejects = rejectedBefore === undefined ? { quarantine: false } : { quarantine: true, rejectedBefore };
  return planSweep({ datasets, uses, before, ...rejects });
}

/** Runs of one scope count as one. */
async function usesOf(
  { catalog, progress }: { readonly catalog: Pick<Catalog, 'lastUsesOf'>; readonly progress: (done: number) => void },
  datasets: readonly StagedDataset[],
): Promise<DatasetUse[]> {
  const uses: DatasetUse[] = [];
  for (let at = 0; at < datasets.length; at += BATCH) {
    const found = await catalog.lastUsesOf(datasets.slice(at, at + BATCH).map(({ uri }) => uri));
    for (const { uri, running, at: time } of found) {
      const run = { workflowId: uri, runId: uri, loadScope: uri };
      uses.push({ uri, ...run, status: running ? 'running' : 'completed', at: time });
    }
    progress(at);
    await breathe();
  }
  return uses;
}

/** How many old ones stay, by the reason; that something is young is no reason to tell of. */
function keptOf(decisions: readonly SweepDecision[]): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const { keep } of decisions) if (keep !== undefined && keep !== 'used lately') kept[keep] = (kept[keep] ?? 0) + 1;
  return kept;
}
