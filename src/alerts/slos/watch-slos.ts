import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, SloStateRow } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import type { TemporalClient } from '../../temporal/connect.js';
import { describeRun } from '../../temporal/describe-run.js';
import { listLongRunning } from '../../temporal/list-long-running.js';
import type { RunningRun } from '../../temporal/list-running.js';
import type { RunAddress } from '../../temporal/run-id.js';
import { judgeFinishBy } from './finish-by.js';
import { judgeFinishWithin } from './finish-within.js';
import { judgeFreshness } from './freshness.js';
import { promisesOf, type Promised, type PromisedSpan } from './promises.js';
import { AT_RISK, iso, type Verdict } from './verdict.js';

/** Of the ten visibility requests that Temporal allows a namespace each second, one. */
const BETWEEN_REQUESTS_MS = 1_000;

/** What need not be looked at or told again in this process. */
export interface SloMemory {
  readonly told: Set<string>;
  readonly settled: Set<string>;
}

export interface WatchSlosSettings {
  readonly catalog: Catalog;
  readonly project: LoadedProject;
  readonly temporal: TemporalClient;
  readonly memory: SloMemory;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How far back runs are looked at that have ended. */
  readonly lookBackMs: number;
}

/**
 * Looks once at how the promises of all pipelines stand, tells breaches, and keeps how they stand. What can be seen without
 * Temporal is seen without it.
 *
 * @throws what asking Temporal threw, after everything else is done
 */
export async function watchSlos(settings: WatchSlosSettings): Promise<void> {
  const { catalog, project, now } = settings;
  const promises = promisesOf(project);
  if (promises.length === 0) return;
  const before = new Map((await catalog.listSloStates()).map((state) => [`${state.slo} ${state.pipeline}`, state]));
  const { running, error } = await longRunning(settings, promises);
  const states: SloStateRow[] = [];
  for (const promised of promises) {
    const known = before.get(`${promised.slo} ${promised.pipeline}`);
    // Who changes a promise is not told that it would have been broken before.
    const same = known?.bound === promised.bound ? known : undefined;
    const watchedSince = same?.watchedSince ?? iso(now);
    const verdict = await judge(promised, { ...settings, running, before: same, watchedSince });
    await tell(settings, verdict);
    states.push(stateOf(promised, verdict, { before: same, watchedSince, now }));
  }
  await catalog.recordSloStates(states);
  if (error !== undefined) throw error;
}

interface Seen extends WatchSlosSettings {
  readonly running: readonly RunningRun[] | undefined;
  readonly before: SloStateRow | undefined;
  readonly watchedSince: string;
}

async function judge(promised: Promised, seen: Seen): Promise<Verdict> {
  const { catalog, temporal, memory, now, before, watchedSince, running } = seen;
  const hasCompleted = (run: RunAddress): Promise<boolean> => isCompleted(temporal, run);
  if (promised.slo === 'finishBy') {
    return judgeFinishBy(promised, { catalog, watchedSince, now, hasCompleted, settled: memory.settled });
  }
  if (promised.slo === 'freshness') return judgeFreshness(promised, { catalog, before, watchedSince, now, hasCompleted });
  const own = running?.filter(({ type }) => type === promised.pipeline);
  const endedSince = iso(now - seen.lookBackMs);
  return judgeFinishWithin(promised, { catalog, running: own, before, watchedSince, endedSince, now });
}

async function isCompleted(temporal: TemporalClient, { workflowId, runId }: RunAddress): Promise<boolean> {
  try {
    return (await describeRun(temporal, { workflowId, runId })).state === 'completed';
  } catch {
    // What can't be asked counts as the catalog has it.
    return false;
  }
}

/** Those that have run for so long that they are at risk, by one list for all pipelines. */
async function longRunning(
  { temporal, project, now }: WatchSlosSettings,
  promises: readonly Promised[],
): Promise<{ readonly running?: RunningRun[]; readonly error?: unknown }> {
  const within = promises.filter((each): each is PromisedSpan => each.slo === 'finishWithin');
  if (within.length === 0) return { running: [] };
  const startedBefore = new Date(now - Math.min(...within.map(({ boundMs }) => boundMs)) * AT_RISK);
  const pipelines = within.map(({ pipeline }) => pipeline);
  try {
    const listed = await listLongRunning(temporal, { taskQueue: project.taskQueue, pipelines, startedBefore }, () =>
      sleep(BETWEEN_REQUESTS_MS),
    );
    return { running: await stillRunning(temporal, listed, within, now) };
  } catch (error) {
    return { error };
  }
}

/** Lists are a moment late: of a run that would be told, Temporal is asked itself. */
async function stillRunning(
  temporal: TemporalClient,
  listed: readonly RunningRun[],
  within: readonly PromisedSpan[],
  now: number,
): Promise<RunningRun[]> {
  const boundOf = new Map(within.map(({ pipeline, boundMs }) => [pipeline, boundMs]));
  const found: RunningRun[] = [];
  for (const run of listed) {
    const overdue = now - Date.parse(run.startedAt) > (boundOf.get(run.type) ?? Number.POSITIVE_INFINITY);
    if (!overdue || (await describeRun(temporal, run)).closedAt === null) found.push(run);
  }
  return found;
}

async function tell({ catalog, memory }: WatchSlosSettings, { alerts }: Verdict): Promise<void> {
  for (const alert of alerts) {
    if (memory.told.has(alert.key)) continue;
    await catalog.raiseAlert(alert);
    memory.told.add(alert.key);
  }
}

function stateOf(
  { pipeline, slo, bound }: Promised,
  { state, breachedAt, subject, lastAt, nextAt }: Verdict,
  { before, watchedSince, now }: Pick<Seen, 'before' | 'watchedSince' | 'now'>,
): SloStateRow {
  const since = breachedAt ?? (before?.state === state ? before.since : iso(now));
  const last = lastAt ?? before?.lastAt ?? null;
  return { pipeline, slo, bound, watchedSince, checkedAt: iso(now), state, since, subject, lastAt: last, nextAt };
}
