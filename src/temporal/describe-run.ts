import {
  ApplicationFailure,
  defaultPayloadConverter,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  type WorkflowExecutionDescription,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { messageOf } from '../core/errors.js';
import { stepsOfActivity } from '../core/paired-steps.js';
import type { StepId, StepProgress } from '../core/steps.js';
import type { TemporalClient } from './connect.js';
import { readRunEnding } from './run-end.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** A run's state as Temporal knows it, which is the truth. */
export type RunState =
  'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out' | 'continued' | 'paused' | 'unknown';

/** A step that Temporal waits for: it runs, or waits for its next attempt. */
export interface PendingStep {
  /** The step's id, `load:delays_by_state`. */
  readonly step: string;
  readonly state: 'scheduled' | 'running' | 'cancelling';
  readonly attempt: number;
  readonly progress: StepProgress | null;
  /** Why the attempt before this one failed. */
  readonly lastFailure: string | null;
  readonly worker: string | null;
  /** The task queue whose workers do it; `null` of a server that does not tell. */
  readonly taskQueue: string | null;
}

export interface RunDescription extends Required<RunAddress> {
  readonly pipeline: string;
  readonly state: RunState;
  readonly taskQueue: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly historyLength: number;
  readonly pending: readonly PendingStep[];
  /** The version of a worker deployment that has to do the run's work; `null` where any worker of its queue may. */
  readonly pinnedTo: DeploymentVersion | null;
}

export interface DeploymentVersion {
  readonly deployment: string;
  readonly buildId: string;
}

/** How a closed run ended. */
export type RunOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

/**
 * What Temporal says of a run, the latest of its id when no execution is named.
 *
 * @throws TerminalError RUN_UNKNOWN
 */
export async function describeRun(temporal: TemporalClient, run: RunAddress): Promise<RunDescription> {
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  return descriptionOf(run.workflowId, await answered(temporal, formatRunAddress(run), () => handle.describe()));
}

/** What the server's own description says of a run. */
export function descriptionOf(workflowId: string, description: WorkflowExecutionDescription): RunDescription {
  return {
    workflowId,
    runId: description.runId,
    pipeline: description.type,
    state: STATES[description.status.name] ?? 'unknown',
    taskQueue: description.taskQueue,
    startedAt: description.startTime.toISOString(),
    closedAt: description.closeTime?.toISOString() ?? null,
    historyLength: description.historyLength,
    pending: pendingSteps(description),
    pinnedTo: pinnedTo(description),
  };
}

/** How a closed run ended. Of a running one, it waits for the end. */
export async function outcomeOf(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunOutcome> {
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  return answered(temporal, formatRunAddress(run), async () => {
    try {
      return { ok: true, result: (await handle.result()) as unknown };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const { error: ending } = error.cause instanceof TerminatedFailure ? await readRunEnding(temporal, run) : {};
      return { ok: false, error: ending?.code === 'RUN_REPLACED' ? ending : reasonOf(error.cause ?? error) };
    }
  });
}

function reasonOf(cause: Error): { readonly code: string; readonly message: string } {
  if (cause instanceof TerminatedFailure) return { code: 'RUN_TERMINATED', message: `The run was terminated: ${cause.message}` };
  if (cause instanceof TimeoutFailure)
    return { code: 'RUN_TIMED_OUT', message: 'The run took longer than its workflow timeout.' };
  const known = cause instanceof ApplicationFailure && cause.type ? cause.type : undefined;
  return { code: known ?? 'CANCELLED', message: withoutCode(messageOf(cause), known) };
}

/** Temporal's number for a run that stays with the version it began on. */
const PINNED = 1;

function pinnedTo({ raw }: WorkflowExecutionDescription): DeploymentVersion | null {
  const info = raw.workflowExecutionInfo?.versioningInfo;
  const override = info?.versioningOverride;
  const overridden = override?.pinned?.version;
  const isPinned = overridden ? true : override ? Number(override.behavior) === PINNED : Number(info?.behavior) === PINNED;
  const version = overridden ?? info?.deploymentVersion;
  if (!isPinned || !version?.deploymentName) return null;
  return { deployment: version.deploymentName, buildId: version.buildId ?? '' };
}

const STATES: Readonly<Partial<Record<WorkflowExecutionStatusName, RunState>>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
  CONTINUED_AS_NEW: 'continued',
  PAUSED: 'paused',
};

/** Temporal's numbers for the state of a pending activity. */
const PENDING_STARTED = 2;
const PENDING_CANCEL_REQUESTED = 3;

type RawActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function pendingSteps(description: WorkflowExecutionDescription): PendingStep[] {
  return (description.raw.pendingActivities ?? []).flatMap((activity) => {
    const progress = progressOf(activity);
    return stepsOfActivity(activity.activityId ?? '').map((step) => ({
      step,
      state: stateOf(activity),
      attempt: activity.attempt ?? 1,
      progress: progress?.steps ? (progress.steps[step as StepId] ?? null) : progress,
      lastFailure: activity.lastFailure?.message ?? null,
      worker: activity.lastWorkerIdentity || null,
      taskQueue: activity.activityOptions?.taskQueue?.name || null,
    }));
  });
}

function stateOf({ state }: RawActivity): PendingStep['state'] {
  if (Number(state) === PENDING_STARTED) return 'running';
  return Number(state) === PENDING_CANCEL_REQUESTED ? 'cancelling' : 'scheduled';
}

function progressOf(activity: RawActivity): StepProgress | null {
  const payload = activity.heartbeatDetails?.payloads?.[0];
  if (!payload) return null;
  try {
    return defaultPayloadConverter.fromPayload<StepProgress>(payload);
  } catch {
    // Encoded by another worker's converter: progress is an extra.
    return null;
  }
}

// A failure's message carries its code at the end for the `temporal` CLI; here the code stands beside it.
function withoutCode(message: string, code: string | undefined): string {
  return code !== undefined && message.endsWith(` [${code}]`) ? message.slice(0, -code.length - 3) : message;
}
