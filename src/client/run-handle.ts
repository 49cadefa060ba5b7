import type { InputOf, ResultOf } from '../api/index.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { callService, type CallOptions } from './http.js';
import { pause } from './retry-delay.js';
import { followEvents, type EventOptions, type RunEvent } from './run-events.js';
import type { Service } from './send.js';

export type RunDetails = ResultOf<'getRun'>;

type WithoutRun<Input> = Omit<Input, 'run'>;
type Decision = InputOf<'decideStep'>['decision'];

interface Reasoned {
  /** Kept in the audit, and shown with the run. */
  readonly reason?: string;
}

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
  /** Lets it start no more steps; those at work finish. */
  pause(options?: Reasoned & CallOptions): Promise<ResultOf<'pauseRun'>>;
  /** Lets it go on. */
  resume(options?: Reasoned & CallOptions): Promise<ResultOf<'resumeRun'>>;
  /** Decides about a step that waits. To skip it needs a reason. */
  decide(step: string, decision: Decision, options?: Reasoned & CallOptions): Promise<ResultOf<'decideStep'>>;
  /** Ends it where it stands; nothing is cleaned up. */
  terminate(reason: string, options?: CallOptions): Promise<ResultOf<'terminateRun'>>;
  /** Starts a retry in which a step of this run, which has ended, counts as done with a dataset. */
  mark(step: string, dataset: string, reason: string, options?: CallOptions): Promise<RunHandle<Result>>;
  /** Starts a run that takes over what this one, which has ended, had finished. */
  retry(changes?: WithoutRun<InputOf<'retryRun'>>, options?: CallOptions): Promise<RunHandle<Result>>;
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
    pause: ({ reason, ...options } = {}) => callService(service, 'pauseRun', { run, reason }, options),
    resume: ({ reason, ...options } = {}) => callService(service, 'resumeRun', { run, reason }, options),
    decide: (step, decision, { reason, ...options } = {}) =>
      callService(service, 'decideStep', { run, step, decision, reason }, options),
    terminate: (reason, options) => callService(service, 'terminateRun', { run, reason }, options),
    async mark(step, dataset, reason, options) {
      return runHandle<Result>(service, await callService(service, 'markStep', { run, step, dataset, reason }, options));
    },
    async retry(changes = {}, options) {
      return runHandle<Result>(service, await callService(service, 'retryRun', { run, ...changes }, options));
    },
  };
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
