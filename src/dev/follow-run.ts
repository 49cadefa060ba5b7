import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, StepRow } from '../catalog/index.js';
import { MillraceError } from '../core/errors.js';
import type { StepProgress } from '../core/steps.js';
import type { TemporalClient } from '../temporal/connect.js';
import { describeRun, outcomeOf } from '../temporal/describe-run.js';
import type { RunAddress } from '../temporal/run-id.js';
import { startRun } from '../temporal/start-run.js';
import type { PlannedRun } from './planned-runs.js';

const LOOK_EVERY_MS = 400;

/** A run as it stands. */
export interface RunProgress {
  readonly run: PlannedRun;
  readonly runId: string | null;
  readonly status: 'waiting' | 'running' | 'completed' | 'failed';
  /** In order of start. */
  readonly steps: readonly StepRow[];
  /** What running steps say of themselves, by step id. */
  readonly live: ReadonlyMap<string, StepProgress>;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface FollowDependencies {
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  readonly taskQueue: string;
  readonly onProgress: (progress: RunProgress) => void;
  /** Ends the watching, not the run. */
  readonly signal: AbortSignal;
}

/** A run that has not begun. */
export function waiting(run: PlannedRun): RunProgress {
  return { run, runId: null, status: 'waiting', steps: [], live: new Map(), startedAt: null, finishedAt: null, error: null };
}

/** Follows runs, some at a time, in their order. Rejects only when one can't be started. */
export async function followRuns(
  runs: readonly PlannedRun[],
  concurrency: number,
  dependencies: FollowDependencies,
): Promise<RunProgress[]> {
  const results: RunProgress[] = [];
  const queue = runs.map((run, index) => ({ run, index }));
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next && !dependencies.signal.aborted; next = queue.shift()) {
      results[next.index] = await followRun(next.run, dependencies);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lane));
  return results.filter(Boolean);
}

async function followRun(run: PlannedRun, dependencies: FollowDependencies): Promise<RunProgress> {
  const { temporal, catalog, onProgress, signal } = dependencies;
  const { address, startedAt } = await startOrJoin(run, dependencies);
  let progress: RunProgress = { ...waiting(run), runId: address.runId, status: 'running', startedAt };
  onProgress(progress);
  // Else it would be asked for again after the connection was closed, which ends the process.
  const end = temporal.client.withAbortSignal(signal, () => outcomeOf(temporal, address));
  end.catch(() => undefined);
  let outcome: Awaited<typeof end> | undefined;
  while (!outcome && !signal.aborted) {
    outcome = await Promise.race([end, sleep(LOOK_EVERY_MS, undefined)]);
    const steps: readonly StepRow[] = await catalog.listSteps(address.workflowId, address.runId).catch(() => progress.steps);
    progress = { ...progress, steps, live: outcome ? new Map() : await liveSteps(temporal, address) };
    if (outcome) {
      const error = outcome.ok ? null : outcome.error;
      progress = { ...progress, status: outcome.ok ? 'completed' : 'failed', finishedAt: Date.now(), error };
    }
    onProgress(progress);
  }
  return progress;
}

/** A run that was open when the last `millrace dev` stopped goes on with the worker's start: it is joined. */
async function startOrJoin(run: PlannedRun, { temporal, taskQueue }: FollowDependencies) {
  try {
    const address = await startRun(temporal, { ...run, taskQueue });
    return { address, startedAt: Date.now() };
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'RUN_ALREADY_RUNNING') throw error;
    const { workflowId, runId, startedAt } = await describeRun(temporal, run);
    return { address: { workflowId, runId }, startedAt: Date.parse(startedAt) };
  }
}

/** The heartbeats of the steps at work; nothing when the server doesn't answer just now. */
async function liveSteps(temporal: TemporalClient, run: RunAddress): Promise<ReadonlyMap<string, StepProgress>> {
  try {
    const { pending } = await describeRun(temporal, run);
    return new Map(pending.flatMap(({ step, progress }) => (progress ? [[step, progress] as const] : [])));
  } catch {
    return new Map();
  }
}
