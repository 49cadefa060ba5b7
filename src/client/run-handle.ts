import type { InputOf, ResultOf } from '../api/index.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { callService, type CallOptions } from './http.js';
import { pause } from './retry-delay.js';
import { followEvents, type EventOptions, type RunEvent } from './run-events.js';
import type { Service } from './send.js';

export type RunDetails = ResultOf<'getRun'>;

type WithoutRun<Input> = Omit<Input, 'run'>;

/** One run: what it does, and what can be done to it. */
export interface RunHandle<Result = unknown> {
  readonly workflowId: string;
  /** One execution of that id; `undefined` for the latest one. */
  readonly runId: string | undefined;
  /**
   * Waits for the end, however long that is, and gives what the pipeline returned.
   *
   * @throws TerminalError under the code of the run's own error, with its state in `details`, when it did not complete
   */
  result(options?: CallOptions): Promise<Result>;
  /** What happens to the run, from its beginning to its end. */
  events(options?: EventOptions): AsyncIterable<RunEvent>;
  /** The run as it is now: its state, steps, quality, datasets and result. */
  details(options?: CallOptions): Promise<RunDetails>;
  /** Asks it to stop. Its steps are interrupted and leave nothing half-loaded. */
  cancel(options?: CallOptions): Promise<ResultOf<'cancelRun'>>;
  /** Lets it start no more steps; those at work finish. @throws TerminalError RUN_NOT_PAUSABLE, RUN_CLOSED; TransientError RUN_NO_WORKER */
  pause(why?: WithoutRun<InputOf<'pauseRun'>>, options?: CallOptions): Promise<ResultOf<'pauseRun'>>;
  /** Lets it go on. @throws TerminalError RUN_NOT_PAUSED, RUN_CLOSED; TransientError RUN_NO_WORKER */
  resume(why?: WithoutRun<InputOf<'resumeRun'>>, options?: CallOptions): Promise<ResultOf<'resumeRun'>>;
  /** Decides about a step that waits. @throws TerminalError STEP_NOT_WAITING, STEP_NOT_SKIPPABLE, RUN_CLOSED */
  decide(decision: WithoutRun<InputOf<'decideStep'>>, options?: CallOptions): Promise<ResultOf<'decideStep'>>;
  /** Approves what it waits for. @throws TerminalError APPROVAL_UNKNOWN, APPROVAL_CLOSED, APPROVAL_REPEATED, APPROVAL_FORBIDDEN */
  approve(answer: WithoutRun<InputOf<'grantApproval'>>, options?: CallOptions): Promise<ResultOf<'grantApproval'>>;
  /** Rejects what it waits for. @throws TerminalError APPROVAL_UNKNOWN, APPROVAL_CLOSED, APPROVAL_FORBIDDEN */
  reject(answer: WithoutRun<InputOf<'rejectApproval'>>, options?: CallOptions): Promise<ResultOf<'rejectApproval'>>;
  /** Ends it where it stands, also without a worker; nothing is cleaned up. @throws TerminalError RUN_CLOSED */
  terminate(why: WithoutRun<InputOf<'terminateRun'>>, options?: CallOptions): Promise<ResultOf<'terminateRun'>>;
  /** Starts a run that takes over what this one, which has ended, had finished. */
  retry(changes?: WithoutRun<InputOf<'retryRun'>>, options?: CallOptions): Promise<RunHandle<Result>>;
  /** As `retry`, with one more step that counts as done, with a dataset that is staged. */
  mark(step: WithoutRun<InputOf<'markStep'>>, options?: CallOptions): Promise<RunHandle<Result>>;
}

/** @param run a run's id, or one execution of it */
export function runHandle<Result>(
  service: Service,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string | undefined },
): RunHandle<Result> {
  const run = runId === undefined ? workflowId : `${workflowId}@${runId}`;
  const details = (options?: CallOptions): Promise<RunDetails> => callService(service, 'getRun', { run }, options);
  const events = (options?: EventOptions): AsyncIterable<RunEvent> => followEvents(service, run, options);
  return {
    workflowId,
    runId,
    details,
    events,
    async result(options = {}) {
      await ended(events, options);
      const end = await closed(details, options);
      if (end.status === 'completed') return end.result as Result;
      throw failureOf(end);
    },
    cancel: (options) => callService(service, 'cancelRun', { run }, options),
    pause: (why = {}, options) => callService(service, 'pauseRun', { run, ...keyed(why) }, options),
    resume: (why = {}, options) => callService(service, 'resumeRun', { run, ...keyed(why) }, options),
    decide: (decision, options) => callService(service, 'decideStep', { run, ...keyed(decision) }, options),
    approve: (answer, options) => callService(service, 'grantApproval', { run, ...keyed(answer) }, options),
    reject: (answer, options) => callService(service, 'rejectApproval', { run, ...keyed(answer) }, options),
    terminate: (why, options) => callService(service, 'terminateRun', { run, ...why }, options),
    async retry(changes = {}, options) {
      return runHandle<Result>(service, await callService(service, 'retryRun', { run, ...keyed(changes) }, options));
    },
    async mark(step, options) {
      return runHandle<Result>(service, await callService(service, 'markStep', { run, ...keyed(step) }, options));
    },
  };
}

/** With a key, so that the request can be repeated when its answer was lost. */
function keyed<T extends { readonly idempotencyKey?: string | undefined }>(input: T): T & { readonly idempotencyKey: string } {
  return { ...input, idempotencyKey: input.idempotencyKey ?? crypto.randomUUID() };
}

/** Waits until the events end. Where there are none, as behind a proxy that keeps them back, that is soon. */
async function ended(events: RunHandle['events'], { signal }: CallOptions): Promise<void> {
  try {
    for await (const event of events({ signal })) if (event.event === 'end') return;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof MillraceError)) throw error;
  }
}

const FIRST_LOOK_MS = 500;
const LATER_LOOKS_MS = 5_000;

/** Looks at a run until it has ended: at once where it has. */
async function closed(details: RunHandle['details'], options: CallOptions): Promise<RunDetails> {
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(LATER_LOOKS_MS, delayMs * 1.5)) {
    const run = await details(options);
    if (run.status !== 'running' && run.status !== 'paused') return run;
    await pause(delayMs, options.signal);
  }
}

function failureOf({ workflowId, runId, status, error }: RunDetails): TerminalError {
  const known = error !== null && Object.hasOwn(ERROR_CODES, error.code) ? (error.code as ErrorCode) : 'INTERNAL';
  const message = error?.message ?? `The run ${workflowId} is ${status}.`;
  return new TerminalError(known, message, { workflowId, runId, status, ...(error && { code: error.code }) });
}
