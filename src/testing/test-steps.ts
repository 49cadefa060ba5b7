import { toFailure } from '../../activities/failure.js';
import type { Activities } from '../../activities/index.js';
import { asStepFailure } from '../../workflows/failures.js';
import type { RunState } from '../../workflows/run-state.js';
import { idOf, type StepCall } from '../../workflows/step-calls.js';
import { runApart, type PairResult, type Steps } from '../../workflows/steps.js';
import type { Approval, ApprovalCall } from '../core/approvals.js';
import { TerminalError } from '../core/errors.js';
import type { RunContext, StepId, StepResult } from '../core/steps.js';
import type { GivenApprovals } from './approval-answers.js';
import { givenApproval } from './given-approvals.js';
import { asActivity, cancellation } from './activity-context.js';

/** What a step of a test came to. */
export interface TestedStep {
  readonly call: StepCall;
  readonly result?: StepResult;
  /** A dataset that the step judged and then refused. */
  readonly judged?: string;
}

/** Does the steps of a test by the very activities of a worker, one attempt each. */
export class TestSteps implements Steps {
  readonly done = new Map<StepId, TestedStep>();
  private readonly outstanding = new Set<Promise<unknown>>();
  private readonly cancellation = cancellation();
  private closed = false;

  constructor(
    private readonly context: RunContext,
    private readonly state: RunState,
    private readonly activities: Activities,
    private readonly failures: Readonly<Record<StepId, Error>>,
    private readonly approvals: GivenApprovals,
  ) {}

  run<R extends StepResult>(call: StepCall): Promise<R> {
    return this.hear(() => this.execute<R>(call));
  }

  approve(call: ApprovalCall): Promise<Approval> {
    return this.hear(() => givenApproval(call, this.approvals, this.state, this.failures));
  }

  private hear<R>(begin: () => Promise<R>): Promise<R> {
    // As in a run that has ended: what still waits is never heard of again.
    if (this.closed) return new Promise<R>(() => undefined);
    const work = begin();
    this.outstanding.add(work);
    const forget = (): void => void this.outstanding.delete(work);
    work.then(forget, forget);
    return new Promise<R>((resolve, reject) => {
      work.then(
        (result) => void (this.closed || resolve(result)),
        (error: unknown) => void (this.closed || reject(error)),
      );
    });
  }

  runPair(validate: StepCall, load: StepCall): PairResult {
    return runApart(this, validate, load);
  }

  /** Cancels what the pipeline's function has left at work, and waits until it has stopped. */
  async settle(): Promise<void> {
    this.closed = true;
    this.cancellation.cancel();
    await Promise.allSettled(this.outstanding);
  }

  private async execute<R extends StepResult>(call: StepCall): Promise<R> {
    const step = idOf(call);
    this.state.begin(step, call.kind, call.name);
    this.done.set(step, { call });
    try {
      const result = (await this.perform(step, call)) as R;
      this.state.end(step, 'done', { result });
      this.done.set(step, { call, result });
      return result;
    } catch (error) {
      const failure = asStepFailure(step, error, 1);
      this.state.end(step, this.cancellation.signal.aborted ? 'cancelled' : 'failed', { error: failure.message });
      const judged = judgedBy(error);
      this.done.set(step, { call, ...(judged !== undefined && { judged }) });
      throw failure;
    }
  }

  private async perform(step: StepId, call: StepCall): Promise<unknown> {
    const failure = this.failures[step];
    if (failure) throw toFailure(failure);
    if (call.kind === 'discover') throw unsupported(step, 'It looks for tables in a real system.');
    if (call.kind === 'sweep') throw unsupported(step, 'It removes what a real project keeps no longer.');
    if (call.kind === 'transform' && 'on' in call.input) {
      throw unsupported(step, `It runs in the connection "${String(call.input['on'])}", in its own SQL.`);
    }
    const activity = this.activities[call.kind] as (input: unknown) => Promise<unknown>;
    return asActivity(step, this.cancellation, () => activity({ run: this.context, step, ...call.input }));
  }
}

function unsupported(step: StepId, why: string): TerminalError {
  return new TerminalError(
    'TEST_UNSUPPORTED',
    `A test cannot do the step ${step}. ${why} Make it fail in a way of your own: failures: { '${step}': … }.`,
  );
}

/** CONTRACT_BREACH keeps the dataset that was refused. */
function judgedBy(error: unknown): string | undefined {
  const { type, details } = error as { readonly type?: string; readonly details?: readonly unknown[] };
  const dataset = (details?.[0] as { readonly dataset?: unknown } | undefined)?.dataset;
  return type === 'CONTRACT_BREACH' && typeof dataset === 'string' ? dataset : undefined;
}
