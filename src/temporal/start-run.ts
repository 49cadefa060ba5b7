import { WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import { TerminalError } from '../core/errors.js';
import { STARTED_BY } from '../core/started-by.js';
import { withPriority, type TaskOrder } from '../core/step-policy.js';
import type { TemporalClient } from './connect.js';
import { findByKey, keyMarks, markedRun, workflowIdOfKey, type KeyMarks, type StartedRun } from './idempotency-key.js';
import { canonicalRunId, type RunAddress } from './run-id.js';
import { latestRun, stopForAnother, type LatestRun } from './running-run.js';
import { answered } from './service-errors.js';

/** The reserved second argument of a run: which run's finished steps it takes over. */
export interface StartControl {
  readonly retryOf?: RunAddress;
  /** The step to begin again from: `load:delays_by_state`. */
  readonly from?: string;
  /** A step that did not finish and counts as done: with the dataset of this URI, why, and who says so. */
  readonly mark?: { readonly step: string; readonly dataset: string; readonly reason: string; readonly by: string };
  /** A load whose audit failed, to be published in spite of it: why, and who says so. */
  readonly overrideAudit?: { readonly step: string; readonly reason: string; readonly by: string };
}

/**
 * What a start does while a run of its id is running: `reuse` gives that run, `reject` refuses, `replace` has that run
 * cancelled, terminates it if that takes too long, and starts another.
 */
export type ConflictPolicy = 'reuse' | 'reject' | 'replace';

export interface StartRunInput {
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** @default an id of its own, as for a pipeline without partitions; with an idempotency key, one that follows from it */
  readonly workflowId?: string;
  readonly taskQueue: string;
  readonly control?: StartControl;
  /** @default 'reject' */
  readonly onConflict?: ConflictPolicy;
  /** Who asks for it: kept with the run. @default nobody in particular */
  readonly by?: string;
  /** @default Temporal's own */
  readonly order?: TaskOrder;
  /** Starts with the same key give one run, running or closed, for as long as Temporal keeps it. @default none */
  readonly idempotencyKey?: string;
}

/** A start with its id found. */
interface Start extends StartRunInput {
  readonly workflowId: string;
}

/**
 * Starts a run, or gives the one that is there. Parameters are checked by the run itself, as with every other way of
 * starting.
 *
 * @throws TerminalError RUN_ALREADY_RUNNING when a run of that id is running and is neither to be reused nor replaced;
 * IDEMPOTENCY_CONFLICT when the key was used with other parameters
 */
export async function startRun(temporal: TemporalClient, input: StartRunInput): Promise<StartedRun> {
  const { pipeline, workflowId, idempotencyKey: key } = input;
  if (key === undefined) {
    return startUnkeyed(temporal, { ...input, workflowId: workflowId ?? canonicalRunId(pipeline, {}, undefined) });
  }
  return workflowId === undefined
    ? startOnce(temporal, { ...input, workflowId: workflowIdOfKey(pipeline, key) }, key, true)
    : startOnce(temporal, { ...input, workflowId }, key, false);
}

async function startUnkeyed(temporal: TemporalClient, input: Start): Promise<StartedRun> {
  try {
    return { ...(await start(temporal, input)), started: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return resolveConflict(temporal, input, error);
  }
}

async function resolveConflict(temporal: TemporalClient, input: Start, error: Error): Promise<StartedRun> {
  const { workflowId, onConflict = 'reject' } = input;
  if (onConflict === 'reject') throw alreadyRunning(workflowId, error);
  const running = await latestOf(temporal, input);
  if (onConflict === 'reuse' && running?.isRunning) return { workflowId, runId: running.runId, started: false };
  if (onConflict === 'reuse') return startUnkeyed(temporal, input);
  if (running?.isRunning) await stopForAnother(temporal, { workflowId, runId: running.runId });
  return { ...(await start(temporal, input, { workflowIdConflictPolicy: 'TERMINATE_EXISTING' })), started: true };
}

/**
 * The latest run of an id, as far as it may be reused or replaced: what runs there is never of another pipeline.
 * @throws TerminalError RUN_ALREADY_RUNNING
 */
async function latestOf(temporal: TemporalClient, { workflowId, pipeline }: Start): Promise<LatestRun | undefined> {
  const latest = await latestRun(temporal, workflowId);
  if (!latest?.isRunning || latest.pipeline === pipeline) return latest;
  const message = `Under the id ${workflowId} runs something else than "${pipeline}", which is neither reused nor replaced. Give this run another id with --id.`;
  throw new TerminalError('RUN_ALREADY_RUNNING', message, { workflowId });
}

function alreadyRunning(workflowId: string, cause: Error): TerminalError {
  const message = `A run ${workflowId} is running already. Look at it with \`millrace show ${workflowId}\`, cancel it with \`millrace cancel ${workflowId}\`, start with --on-conflict reuse or replace, or give this one another id with --id.`;
  return new TerminalError('RUN_ALREADY_RUNNING', message, { workflowId }, { cause });
}

/**
 * Starts a run that the same key may have started before.
 *
 * @param isOwn whether the workflow id follows from the key, so that any run of it is the key's
 */
async function startOnce(temporal: TemporalClient, input: Start, key: string, isOwn: boolean): Promise<StartedRun> {
  const marks = keyMarks({ control: undefined, ...input }, key);
  const before = await findByKey(temporal, input.workflowId, marks, isOwn);
  if (before) return before;
  try {
    return await startMarked(temporal, input, marks, isOwn, 'FAIL');
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Another call with the key may have been faster.
    const meanwhile = await findByKey(temporal, input.workflowId, marks, isOwn);
    if (meanwhile) return meanwhile;
    const { onConflict = 'reject', workflowId } = input;
    if (onConflict === 'reject') throw alreadyRunning(workflowId, error);
    const running = await latestOf(temporal, input);
    if (!running?.isRunning) return startMarked(temporal, input, marks, isOwn, 'FAIL');
    if (onConflict === 'reuse') return { workflowId, runId: running.runId, started: false };
    await stopForAnother(temporal, { workflowId, runId: running.runId });
    return startMarked(temporal, input, marks, isOwn, 'TERMINATE_EXISTING');
  }
}

// With the same request id the server gives the run that the first request has started: also when two requests cross, and
// when that run has closed meanwhile. Which of the calls it was, the mark of the call tells.
async function startMarked(
  temporal: TemporalClient,
  input: Start,
  marks: KeyMarks,
  isOwn: boolean,
  workflowIdConflictPolicy: 'FAIL' | 'TERMINATE_EXISTING',
): Promise<StartedRun> {
  const run = await start(temporal, input, {
    workflowIdConflictPolicy,
    workflowIdReusePolicy: isOwn ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
    memo: marks.memo,
    ...withRequestId(marks.requestId),
  });
  return markedRun(temporal, run, marks);
}

// The client's library has no option for it; its own Nexus support sets it in this way.
function withRequestId(requestId: string): object {
  return { [Symbol.for('__temporal_internal_client_workflow_start_options')]: { requestId } };
}

async function start(
  temporal: TemporalClient,
  { pipeline, params, control, workflowId, taskQueue, by, order = {} }: Start,
  options: Partial<WorkflowStartOptions> = {},
): Promise<Required<RunAddress>> {
  const { firstExecutionRunId: runId } = await answered(temporal, workflowId, () =>
    temporal.client.workflow.start(pipeline, {
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      ...options,
      ...(by !== undefined && { memo: { ...options.memo, [STARTED_BY]: by } }),
      workflowId,
      taskQueue,
      args: control ? [params, control] : [params],
      ...withPriority(order),
    }),
  );
  return { workflowId, runId };
}
