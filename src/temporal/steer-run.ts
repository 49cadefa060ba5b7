import type { Decision, Steered } from '../core/steering.js';
import type { StepId } from '../core/steps.js';
import type { TemporalClient } from './connect.js';
import type { RunDescription } from './describe-run.js';
import type { RunAddress } from './run-id.js';

/** Who asks for something, and why. */
export interface SteerRequest {
  /** At most 200 characters. */
  readonly by: string;
  /** At most 1,000 characters. */
  readonly reason?: string;
  /** Of the caller's choice: the same request again is answered as the first one was, and nothing is done twice. @default none */
  readonly requestId?: string;
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
 * @throws TerminalError RUN_NOT_PAUSABLE when it is paused already or about to end; RUN_UNKNOWN, RUN_CLOSED, STEERING_INVALID
 * @throws TransientError RUN_NO_WORKER, RUN_VERSION_GONE at once; RUN_NOT_ANSWERING after a second
 */
export function pauseRun(_temporal: TemporalClient, _run: RunAddress, _request: SteerRequest): Promise<SteeredRun> {
  return Promise.reject(new Error('not yet'));
}

/** Lets a paused run go on. @throws TerminalError RUN_NOT_PAUSED, and what {@link pauseRun} throws */
export function resumeRun(_temporal: TemporalClient, _run: RunAddress, _request: SteerRequest): Promise<SteeredRun> {
  return Promise.reject(new Error('not yet'));
}

/**
 * Decides about a step that waits.
 *
 * @throws TerminalError STEP_NOT_WAITING, STEP_NOT_SKIPPABLE, and what {@link pauseRun} throws
 */
export function decideStep(_temporal: TemporalClient, _run: RunAddress, _request: DecideRequest): Promise<SteeredRun> {
  return Promise.reject(new Error('not yet'));
}

/**
 * Ends a run where it stands: nothing of it is cleaned up, and its steps at work stop at their next heartbeat. Returns the
 * run as it was then. Needs no worker.
 *
 * @throws TerminalError RUN_UNKNOWN, RUN_CLOSED, STEERING_INVALID
 */
export function terminateRun(
  _temporal: TemporalClient,
  _run: RunAddress,
  _request: Omit<SteerRequest, 'requestId'> & { readonly reason: string },
): Promise<RunDescription> {
  return Promise.reject(new Error('not yet'));
}
