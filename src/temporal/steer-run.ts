import type { DecideInput, Decision, SteerInput, Steered } from '../core/steering.js';
import type { StepId } from '../core/steps.js';
import { requireAnswerable } from './answerable.js';
import type { TemporalClient } from './connect.js';
import type { RunDescription } from './describe-run.js';
import { requireOpen } from './open-run.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';
import { updateRun } from './update-run.js';
import { TerminalError } from '../core/errors.js';

/** Who asks for something, and why. */
export interface SteerRequest {
  /** At most 200 characters. */
  readonly by: string;
  /** At most 1,000 characters. */
  readonly reason?: string;
  /** Of the caller's choice: the same request again is answered as the first one was, and nothing is done twice. @default none */
  readonly requestId?: string;
  /** How long the run may take to answer. @default 1000 */
  readonly timeoutMs?: number;
}

export interface DecideRequest extends SteerRequest {
  /** The step's id, `load:warehouse.orders`. */
  readonly step: StepId;
  /** `skip` needs a reason. */
  readonly decision: Decision;
}

/** A run as it was found, and what holds it now that it has taken the request. */
export interface SteeredRun extends Steered {
  readonly run: RunDescription;
}

/**
 * Lets a run start no more steps; those at work finish.
 *
 * @throws TerminalError RUN_NOT_PAUSABLE when it is paused already or about to end; RUN_UNKNOWN, RUN_CLOSED, STEERING_INVALID,
 * RUN_NOT_STEERABLE
 * @throws TransientError RUN_NO_WORKER, RUN_VERSION_GONE at once; RUN_NOT_ANSWERING after a second
 */
export function pauseRun(temporal: TemporalClient, run: RunAddress, request: SteerRequest): Promise<SteeredRun> {
  return steer(temporal, run, 'pause', inputOf(request), request);
}

/** Lets a paused run go on. @throws TerminalError RUN_NOT_PAUSED, and what {@link pauseRun} throws */
export function resumeRun(temporal: TemporalClient, run: RunAddress, request: SteerRequest): Promise<SteeredRun> {
  return steer(temporal, run, 'resume', inputOf(request), request);
}

/**
 * Decides about a step that waits.
 *
 * @throws TerminalError STEP_NOT_WAITING, STEP_NOT_SKIPPABLE, and what {@link pauseRun} throws
 */
export function decideStep(temporal: TemporalClient, run: RunAddress, request: DecideRequest): Promise<SteeredRun> {
  const { step, decision } = request;
  return steer(temporal, run, 'decide', { ...inputOf(request), step, decision }, request);
}

/**
 * Ends a run where it stands: nothing of it is cleaned up, and its steps at work stop at their next heartbeat. Returns the
 * run as it was then. Needs no worker.
 *
 * @throws TerminalError RUN_UNKNOWN, RUN_CLOSED, STEERING_INVALID
 */
export async function terminateRun(
  temporal: TemporalClient,
  run: RunAddress,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<RunDescription> {
  if (by.trim() === '' || reason.trim() === '') {
    throw new TerminalError('STEERING_INVALID', 'To terminate a run needs a name and a reason: nobody else can tell later.');
  }
  const description = await requireOpen(temporal, run);
  const handle = temporal.client.workflow.getHandle(run.workflowId, description.runId);
  await answered(temporal, formatRunAddress(run), () => handle.terminate(`${reason.trim()} (${by.trim()})`));
  return description;
}

async function steer(
  temporal: TemporalClient,
  address: RunAddress,
  update: 'pause' | 'resume' | 'decide',
  input: SteerInput | DecideInput,
  { requestId, timeoutMs = 1_000 }: SteerRequest,
): Promise<SteeredRun> {
  const run = await requireOpen(temporal, address);
  await requireAnswerable(temporal, run);
  const about = 'step' in input ? `${update} ${input.step} ${input.decision}` : update;
  // By name: a key that two people have made up alike must not make one request of two.
  const updateId = requestId === undefined ? undefined : `${about} ${input.by} ${requestId}`;
  const steered = await updateRun<Steered>(temporal, run, {
    update,
    input,
    timeoutMs,
    ...(updateId !== undefined && { updateId }),
  });
  return { run, ...steered };
}

function inputOf({ by, reason }: SteerRequest): SteerInput {
  return { by, ...(reason !== undefined && { reason }) };
}
