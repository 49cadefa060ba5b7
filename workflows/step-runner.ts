import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { TerminalError } from '../src/core/errors.js';
import type { RunContext, StepId, StepResult } from '../src/core/steps.js';
import type { AdmittedRun } from '../src/core/admission.js';
import { asStepFailure } from './failures.js';
import type { RunState } from './run-state.js';
import type { StepCall } from './step-calls.js';

/** A run's history ends at 51,200 events, of which a step takes 6: far enough below, the run says so. */
const MAX_STEPS = 2000;
/** From here on a run is worth splitting: its history is long to read and to replay. */
const MANY_STEPS = 500;

/** Runs the steps of one run: one activity each, under a name that is unique in the run. */
export class StepRunner {
  private readonly outstanding = new Set<Promise<unknown>>();
  private closed = false;

  constructor(
    private readonly context: RunContext,
    private readonly admitted: AdmittedRun,
    private readonly state: RunState,
  ) {}

  /**
   * Runs one step. Once the pipeline's function has ended, what it left behind is never heard of again: a promise that
   * nobody awaits any more must not fail the workflow's task.
   *
   * @throws ApplicationFailure with the error's code as its type
   */
  run<R extends StepResult>(call: StepCall): Promise<R> {
    if (this.closed) return new Promise<R>(() => undefined);
    const work = this.execute<R>(call);
    this.outstanding.add(work);
    const heard = new Promise<R>((resolve, reject) => {
      work
        .finally(() => this.outstanding.delete(work))
        .then(
          (result) => this.closed || resolve(result),
          (error: unknown) => this.closed || reject(error),
        );
    });
    return heard;
  }

  /** Ends the steps' time: cancels those at work that the pipeline's function left behind, and waits until they have stopped. */
  async settle(scope: CancellationScope): Promise<void> {
    this.closed = true;
    if (this.outstanding.size === 0) return;
    log.warn('The pipeline ended while steps were at work; they are cancelled', { steps: this.outstanding.size });
    scope.cancel();
    await CancellationScope.nonCancellable(() => Promise.allSettled(this.outstanding));
  }

  private async execute<R extends StepResult>(call: StepCall): Promise<R> {
    const step: StepId = `${call.kind}:${call.name}`;
    this.claim(step, call);
    const reused = this.admitted.reuse[step];
    if (reused) {
      this.state.end(step, 'reused', { result: reused });
      this.show();
      return reused as R;
    }
    this.show();
    try {
      const activities = proxyActivities<Record<keyof Activities, (input: unknown) => Promise<R>>>(this.options(step, call));
      const result = await activities[call.kind]({ run: this.context, step, ...call.input });
      this.state.end(step, 'done', { result });
      return result;
    } catch (error) {
      const failure = asStepFailure(step, error, attemptsOf(call.policy));
      this.state.end(step, isCancellation(error) ? 'cancelled' : 'failed', { error: failure.message });
      throw failure;
    } finally {
      this.show();
    }
  }

  private claim(step: StepId, call: StepCall): void {
    if (this.state.has(step)) {
      throw new TerminalError('STEP_DUPLICATE', `The run already has a step ${step}. Give this one another name: { as: '…' }.`);
    }
    if (this.state.stepCount >= MAX_STEPS) {
      throw new TerminalError(
        'STEP_LIMIT',
        `The run has ${MAX_STEPS} steps, the most its history can carry. Split the work into partitions and backfill them.`,
      );
    }
    if (this.state.stepCount === MANY_STEPS) {
      log.warn(`The run has more than ${MANY_STEPS} steps; at ${MAX_STEPS} it fails. Split the work into partitions.`);
    }
    this.state.begin(step, call.kind, call.name);
  }

  private options(step: StepId, call: StepCall): Parameters<typeof proxyActivities>[0] {
    const { timeout, retry, taskQueue } = call.policy;
    return {
      activityId: step,
      // Temporal refuses summaries over 400 bytes.
      summary: call.summary.slice(0, 100),
      startToCloseTimeout: duration(timeout) ?? '6 hours',
      heartbeatTimeout: duration(this.admitted.heartbeatTimeout),
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: {
        initialInterval: duration(retry?.initialInterval) ?? '1s',
        maximumInterval: duration(retry?.maximumInterval) ?? '1 minute',
        maximumAttempts: attemptsOf(call.policy),
      },
      ...(taskQueue !== undefined && { taskQueue }),
    };
  }

  private show(): void {
    setCurrentDetails(this.state.details());
  }
}

function attemptsOf(policy: StepCall['policy']): number {
  return policy.retry?.attempts ?? 10;
}

// Temporal types its durations as template literals; ours come from users as plain strings and are checked by Temporal.
function duration(value: string | number | undefined): '1s' | number | undefined {
  return value as '1s' | number | undefined;
}
