import { CancelledFailure, Context } from '@temporalio/activity';
import type { StepFailed, StepFinished, StepInput, StepKey } from '../src/catalog/index.js';
import { outcomeOf, type CheckResult } from '../src/core/checks.js';
import type { ErrorCode } from '../src/core/error-codes.js';
import { MillraceError, TerminalError, messageOf } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import type { EarlierResults, RunContext, StepId, StepKind, StepResult } from '../src/core/steps.js';
import { scrub } from '../src/core/secrets.js';
import { besideEarlier, earlierResult, standsFor } from './earlier-result.js';
import { toFailure } from './failure.js';
import { explainMissing } from './not-shared.js';
import { patiently } from './patience.js';
import { runScope, runStartOf } from './run-scope.js';
import type { Services } from './services.js';
import { tellStart, type StepStart } from './step-start.js';
import { attemptOf, openCall, wasCancelled, type CallOptions, type StepCall } from './step-call.js';

interface StepRequest {
  readonly run: RunContext;
  readonly step: StepId;
  readonly attemptsBefore?: number;
  readonly earlier?: EarlierResults;
}

/** What a step did, for the workflow (`result`) and for the catalog. */
export interface StepOutcome<R extends StepResult> {
  readonly result: R;
  readonly inputs: readonly StepInput[];
  readonly manifest?: Manifest;
  readonly load?: StepFinished['load'];
  /** What checks of whole datasets found. */
  readonly checks?: readonly CheckResult[];
}

/** A step that refused its data after it had judged it: what it wrote is kept, so that people can look at it. */
export class JudgedError extends TerminalError {
  constructor(
    message: string,
    readonly judged: { readonly dataset: string; readonly manifest: Manifest },
  ) {
    // The run's history tells by it what was judged, should the catalog have to be rebuilt.
    super('CONTRACT_BREACH', message, { dataset: judged.dataset });
  }
}

/** A step that checks of whole datasets have failed: what they found is kept, and what was judged before them too. */
export class ChecksFailedError extends TerminalError {
  constructor(
    code: Extract<ErrorCode, 'CHECK_FAILED' | 'AUDIT_FAILED'>,
    message: string,
    readonly checks: readonly CheckResult[],
    readonly judged?: JudgedError['judged'],
  ) {
    // As in JudgedError: what the run's history can hold, should the catalog have to be rebuilt.
    const told = { checks: JSON.stringify(outcomeOf(checks).results) };
    super(code, message, { ...told, ...(judged && { dataset: judged.dataset }) });
  }
}

/** Makes a step's activity: `work` does the step. */
export function stepActivity<I extends StepRequest, R extends StepResult>(
  services: Services,
  kind: StepKind,
  work: (input: I, call: StepCall) => Promise<StepOutcome<R>>,
): (input: I) => Promise<R> {
  return (input) => runStep(services, kind, input, work);
}

/** Does one step within an activity: `work` does what is its own, this writes its facts and translates its errors. */
export async function runStep<I extends StepRequest, R extends StepResult>(
  services: Services,
  kind: StepKind,
  input: I,
  work: (input: I, call: StepCall) => Promise<StepOutcome<R>>,
  options?: CallOptions,
): Promise<R> {
  const context = Context.current();
  const { catalog } = services;
  const began = beginningOf(services, context, input);
  let call: StepCall | undefined;
  let start: StepStart | undefined;
  try {
    const name = input.step.slice(kind.length + 1);
    const { signal } = (call = await openCall(context, services, { ...input, startedAt: began.startedAt }, options));
    const before = await earlierResult(services, input, signal);
    // Nothing is told of it: the catalog has the step as the earlier run's.
    if (before && standsFor(before, input)) return { ...(before as R), takenOver: true };
    start = tellStart((until) => patiently(() => catalog.recordStepStarted({ ...began, kind, name }), until), signal);
    const outcome = await work(input, call);
    call.phase('recording');
    await start.settle();
    const { result, ...facts } = outcome;
    const finished = { ...began, finishedAt: new Date().toISOString(), result, ...facts };
    await patiently(() => catalog.recordStepFinished(finished), signal);
    return besideEarlier(before, result);
  } catch (thrown) {
    await start?.settle();
    const error = await explainMissing(services, context, thrown);
    const secrets = call?.secrets ?? [];
    await tellFailure(services, context, { ...began, ...describeFailure(error, context, secrets) });
    throw wasCancelled(context) ? new CancelledFailure(`Step ${input.step} was cancelled.`) : toFailure(error, secrets);
  } finally {
    call?.close();
  }
}

/** What the catalog is told of an attempt with everything else. */
function beginningOf({ workerIdentity }: Services, context: Context, { run, step, attemptsBefore }: StepRequest) {
  const { info } = context;
  const attempt = attemptOf(context, { attemptsBefore });
  const key: StepKey = { workflowId: run.workflowId, runId: run.runId, step, attempt };
  const startedAt = new Date().toISOString();
  return { ...key, run: runScope(run, info.namespace), startedAt, workerIdentity, runStartedAt: runStartOf(run) };
}

// The error that ended the step says more than one about the catalog would.
async function tellFailure({ catalog }: Services, context: Context, failure: Omit<StepFailed, 'finishedAt'>): Promise<void> {
  const tell = (): Promise<void> => catalog.recordStepFailed({ ...failure, finishedAt: new Date().toISOString() });
  // The last word on a step waits for the catalog as its success would; an attempt that is followed by another need not.
  await (failure.willRetry ? tell() : patiently(tell, context.cancellationSignal)).catch(() =>
    context.log.warn('The catalog did not take the failure of a step', { step: failure.step }),
  );
}

function describeFailure(error: unknown, context: Context, secrets: readonly string[]) {
  const known = error instanceof MillraceError ? error : undefined;
  const limit = context.info.retryPolicy?.maximumAttempts;
  const attemptsLeft = limit === undefined || limit === 0 || context.info.attempt < limit;
  return {
    code: wasCancelled(context) ? 'CANCELLED' : (known?.code ?? 'INTERNAL'),
    message: scrub(messageOf(error), secrets),
    willRetry: !wasCancelled(context) && (known?.retryable ?? true) && attemptsLeft,
    ...(error instanceof JudgedError && { judged: error.judged }),
    ...(error instanceof ChecksFailedError && { checks: error.checks, ...(error.judged && { judged: error.judged }) }),
  };
}
