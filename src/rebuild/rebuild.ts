import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../catalog/index.js';
import { messageOf } from '../core/errors.js';
import type { StepId } from '../core/steps.js';
import { closeRuns } from '../reconciler/close-runs.js';
import type { TemporalClient } from '../temporal/connect.js';
import { listRuns } from '../temporal/list-runs.js';
import { readRunHistory } from '../temporal/run-history.js';
import { tellArchived } from './archived-runs.js';
import { isCatalogs, manifestsOf, type Found, type RebuildSources } from './sources.js';
import { tellDataset, tellMaker } from './manifest-facts.js';
import { tellRun } from './run-facts.js';

/** What a rebuild found. Told again, it finds the same and changes nothing. */
export interface RebuildReport {
  readonly datasets: number;
  /** Runs whose history Temporal has, and their steps. */
  readonly runs: number;
  readonly steps: number;
  /** Runs whose history only the archive has; their steps are among the steps. */
  readonly archivedRuns: number;
  /** Runs of which only the datasets tell that they made. */
  readonly runsOfManifests: number;
  /** Loads of which only the destination's ledger tells. */
  readonly loadsOfLedgers: number;
  /** What could not be rebuilt, in sentences. */
  readonly lost: readonly string[];
}

/** Histories read at a time. */
const AT_ONCE = 4;
/** As the reconciler: of the ten visibility requests that Temporal allows a namespace each second, one. */
const BETWEEN_REQUESTS_MS = 1_000;

/**
 * Fills the catalog from where the facts are: manifests in staging, histories in Temporal, ledgers in destinations. It only
 * tells what the catalog does not know yet, so it may be repeated, and done while workers work.
 */
export async function rebuildCatalog(sources: RebuildSources): Promise<RebuildReport> {
  const found: Found = {
    datasets: 0,
    runs: 0,
    archivedRuns: 0,
    steps: 0,
    attemptsLost: 0,
    skips: 0,
    loadsOfLedgers: 0,
    told: new Set(),
    ofManifests: new Set(),
    gone: new Set(),
    troubles: [],
  };
  const mayAsk = paced();
  await tellDatasets(sources, found);
  if (sources.temporal) await tellRuns(sources, sources.temporal, mayAsk, found);
  if (sources.archive) await tellArchived(sources, sources.archive, found);
  await tellMakers(sources, found);
  await tellLedgers(sources, found);
  if (sources.temporal) await closeForgotten(sources.catalog, sources.temporal, mayAsk);
  const { datasets, runs, archivedRuns, steps, ofManifests, loadsOfLedgers } = found;
  return { datasets, runs, archivedRuns, steps, runsOfManifests: ofManifests.size, loadsOfLedgers, lost: lostOf(found) };
}

async function tellDatasets({ catalog, staging, progress }: RebuildSources, found: Found): Promise<void> {
  for await (const staged of staging.list((uri) => found.troubles.push(`The manifest ${uri} cannot be read.`))) {
    await tellDataset(catalog, staged);
    progress('datasets', ++found.datasets);
  }
}

async function tellRuns(
  sources: RebuildSources,
  temporal: TemporalClient,
  mayAsk: () => Promise<boolean>,
  found: Found,
): Promise<void> {
  const { catalog, progress } = sources;
  const manifest = manifestsOf(sources, found);
  const runs = listRuns(temporal, sources, mayAsk);
  const work = async (): Promise<void> => {
    for (let next = await runs.next(); next.done !== true; next = await runs.next()) {
      try {
        const history = await readRunHistory(temporal, next.value);
        const { steps, attemptsLost, skips } = await tellRun({ catalog, namespace: temporal.namespace, manifest }, history);
        found.steps += steps;
        found.attemptsLost += attemptsLost;
        found.skips += skips;
        found.told.add(next.value.runId);
        if (history.admitted) progress('runs', ++found.runs);
      } catch (error) {
        if (isCatalogs(error)) throw error;
        found.troubles.push(`Run ${next.value.workflowId} (${next.value.runId}): ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function tellMakers({ catalog, staging }: RebuildSources, found: Found): Promise<void> {
  for await (const staged of staging.list()) {
    const { madeBy } = staged.manifest;
    if (!madeBy || found.told.has(madeBy.runId)) continue;
    await tellMaker(catalog, staged, madeBy);
    found.ofManifests.add(madeBy.runId);
  }
}

async function tellLedgers({ catalog, ledgers, progress }: RebuildSources, found: Found): Promise<void> {
  for (const { connection, loads } of ledgers) {
    try {
      for await (const { committedAt: loadedAt, step, ...load } of loads()) {
        const isNew = await catalog.recordLedgerLoad({ ...load, step: step as StepId, connection, loadedAt });
        if (isNew) progress('loads', ++found.loadsOfLedgers);
      }
    } catch (error) {
      if (isCatalogs(error)) throw error;
      found.troubles.push(`The ledger of connection "${connection}": ${messageOf(error)}`);
    }
  }
}

/** Runs that only manifests told of have no end: Temporal knows no more of it, or a worker tells it when it comes. */
function closeForgotten(catalog: Catalog, temporal: TemporalClient, mayAsk: () => Promise<boolean>): Promise<void> {
  return closeRuns({ catalog, temporal, mayAsk, onClosed: () => undefined });
}

function lostOf(found: Found): string[] {
  const { ofManifests, gone, attemptsLost, skips, loadsOfLedgers, troubles } = found;
  const about = (count: number, text: string): string[] => (count === 0 ? [] : [`${count} ${text}`]);
  return [
    ...about(
      ofManifests.size,
      'runs: neither Temporal nor the archive has a history of them; their datasets tell of the steps that made them, and of no parameters or result.',
    ),
    ...about(gone.size, 'datasets that steps made are gone from staging, with their verdicts.'),
    ...about(attemptsLost, 'attempts of steps that were tried again: Temporal keeps the last one only.'),
    ...about(skips, 'steps that somebody skipped are shown as failed, and those that were skipped with them not at all.'),
    ...about(
      loadsOfLedgers,
      'loads are known from ledgers alone: by which attempt, and how many rows they replaced, is not there.',
    ),
    'Logs of runs, backfills, and what people were asked to approve: they are nowhere else.',
    ...troubles,
  ];
}

function paced(): () => Promise<boolean> {
  let next = 0;
  return async () => {
    const wait = next - performance.now();
    next = Math.max(next, performance.now()) + BETWEEN_REQUESTS_MS;
    if (wait > 0) await sleep(wait);
    return true;
  };
}
