import type { Catalog } from '../../catalog/index.js';
import { messageOf, MillraceError } from '../../core/errors.js';
import { groupBy } from '../../core/group-by.js';
import { planSweep, type DatasetUse, type SweepDecision } from '../../core/staging-sweep.js';
import { age, count, plainTable, size } from '../../dev/text-format.js';
import { openStaging } from '../../engine/open-staging.js';
import type { StagedAttempt, StagingInventory } from '../../engine/staging-inventory.js';
import { requireKnownRuns, type SweptProject } from '../../housekeeping/known-runs.js';
import { inRemovalOrder, isLeft } from '../../housekeeping/removable.js';
import { connectTemporal, type TemporalClient } from '../../temporal/connect.js';
import { describeRun } from '../../temporal/describe-run.js';
import { formatRunAddress } from '../../temporal/run-id.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import type { Output } from '../output.js';
import { withCatalog } from '../services.js';
import { shortKey } from './staging-ls.js';

export interface CleanOptions {
  /** Milliseconds. @default 30 days */
  readonly olderThan?: number;
  readonly quarantine?: boolean;
  readonly dryRun?: boolean;
}

const DEFAULT_AGE_MS = 30 * 86_400_000;

interface Removal {
  readonly datasets: readonly SweepDecision[];
  readonly attempts: readonly StagedAttempt[];
}

/**
 * Removes what nothing has used for a while from a project's staging folder.
 *
 * @throws TerminalError CATALOG_INCOMPLETE when a run goes on that the catalog does not know
 */
export async function cleanStaging({ output, directory }: CommandContext, options: CleanOptions): Promise<number> {
  const olderThan = options.olderThan ?? DEFAULT_AGE_MS;
  const dryRun = options.dryRun === true;
  return withCatalog(directory, async (catalog, project) => {
    const { inventory } = openStaging(project.staging, project.engine.spillDirectory);
    // Datasets first: one that a run begins to use while we look is then either in the catalog, or new.
    const datasets = await inventory.datasets();
    const uses = await currentUses(catalog, project, output);
    const before = new Date(Date.now() - olderThan).toISOString();
    const decisions = planSweep({ datasets, uses, before, quarantine: options.quarantine === true });
    const wanted: Removal = {
      datasets: decisions.filter(({ keep }) => keep === undefined),
      attempts: (await inventory.attempts()).filter((attempt) => isLeft(attempt, olderThan)),
    };
    tellRetries(output, wanted.datasets, dryRun);
    const removed = dryRun ? wanted : await remove(inventory, wanted);
    tell(output, removed, decisions, dryRun);
    return EXIT.ok;
  });
}

/** The catalog's uses, with runs that it has as running and Temporal has as closed seen as closed. */
async function currentUses(catalog: Catalog, project: SweptProject, output: Output): Promise<DatasetUse[]> {
  try {
    const temporal = await connectTemporal();
    try {
      await requireKnownRuns(catalog, temporal, project, Date.now());
      const uses = await catalog.listDatasetUses();
      const closed = await closedMeanwhile(temporal, uses);
      return uses.map((use) => {
        const at = closed.get(formatRunAddress(use));
        return at === undefined ? use : { ...use, status: 'failed', at };
      });
    } finally {
      await temporal.close();
    }
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code === 'CATALOG_INCOMPLETE') throw error;
    output.warn(`${messageOf(error)} What goes on is taken from the catalog alone.`);
    return catalog.listDatasetUses();
  }
}

/** When runs that the catalog has as running were closed, by their address. */
async function closedMeanwhile(temporal: TemporalClient, uses: readonly DatasetUse[]): Promise<Map<string, string>> {
  const running = new Map(uses.filter(({ status }) => status === 'running').map((use) => [formatRunAddress(use), use]));
  const closed = new Map<string, string>();
  for (const [address, use] of running) {
    const closedAt = await closeTime(temporal, use);
    if (closedAt !== undefined) closed.set(address, closedAt);
  }
  return closed;
}

/** When Temporal closed a run. One it does not know may be of another namespace or server: taken for running. */
async function closeTime(temporal: TemporalClient, use: DatasetUse): Promise<string | undefined> {
  try {
    return (await describeRun(temporal, use)).closedAt ?? undefined;
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}

async function remove(inventory: StagingInventory, wanted: Removal): Promise<Removal> {
  const datasets: SweepDecision[] = [];
  for (const decision of inRemovalOrder(wanted.datasets)) {
    if (await inventory.removeDataset(decision.dataset)) datasets.push(decision);
  }
  for (const { name } of wanted.attempts) await inventory.removeAttempt(name);
  return { datasets, attempts: wanted.attempts };
}

function tellRetries(output: Output, going: readonly SweepDecision[], dryRun: boolean): void {
  const names = groupBy(
    going.flatMap(({ dataset, retriesLose }) => retriesLose.map((use) => ({ use, name: dataset.name }))),
    ({ use }) => `${use.workflowId}@${use.runId} (${use.status})`,
  );
  for (const [run, lost] of names) {
    const what = [...new Set(lost.map(({ name }) => name))].join(', ');
    output.warn(`A retry of ${run} ${dryRun ? 'would make' : 'makes'} these datasets anew: ${what}`);
  }
}

function tell(output: Output, { datasets, attempts }: Removal, decisions: readonly SweepDecision[], dryRun: boolean): void {
  const freedBytes = [...datasets.map(({ dataset }) => dataset), ...attempts].reduce((sum, { bytes }) => sum + bytes, 0);
  const kept = groupBy(
    decisions.filter(({ keep }) => keep !== undefined),
    ({ keep }) => String(keep),
  );
  output.data({
    dryRun,
    freedBytes,
    removed: datasets.map(({ dataset: { uri, name, bytes }, retriesLose }) => ({
      uri,
      name,
      bytes,
      retriesLose: retriesLose.map(({ workflowId, runId }) => ({ workflowId, runId })),
    })),
    attempts: attempts.map(({ name, bytes }) => ({ name, bytes })),
    kept: Object.fromEntries([...kept].map(([reason, some]) => [reason, some.length])),
  });
  if (datasets.length > 0) {
    const rows = datasets.map(({ dataset }) => [
      dataset.name,
      size(dataset.bytes),
      age(Date.now() - Date.parse(dataset.usedAt)),
      shortKey(dataset.uri),
    ]);
    output.text(`${plainTable(['dataset', 'size', 'used', ''], rows, 1)}\n`);
  }
  const verb = dryRun ? 'Would remove' : 'Removed';
  const freed = dryRun ? 'which would free' : 'which freed';
  output.text(
    `${verb} ${number(datasets.length, 'dataset')} and ${number(attempts.length, 'dead attempt')}, ${freed} ${size(freedBytes)}.`,
  );
  for (const [reason, some] of kept)
    output.text(
      `Kept ${number(some.length, 'dataset')}: ${reason}.${reason === 'holds rejected rows' ? ' With --quarantine they go too.' : ''}`,
    );
}

function number(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`;
}
