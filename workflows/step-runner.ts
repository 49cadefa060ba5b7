import { log, proxyActivities, setCurrentDetails, type CancellationScope } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { pairId } from '../src/core/paired-steps.js';
import type { AuditDecision, BesideEarlier, RunContext, StepId, StepResult, ValidateAndLoadResult } from '../src/core/steps.js';
import type { AdmittedRun } from '../src/core/admission.js';
import type { Approval, ApprovalCall } from '../src/core/approvals.js';
import type { Approvals } from './approvals.js';
import type { SlotProof } from '../src/core/pools.js';
import type { TaskOrder } from '../src/core/step-policy.js';
import { endPair } from './end-pair.js';
import { codeOf, stepEnding } from './failures.js';
import { Reuse } from './reuse.js';
import { MAX_STEPS, type RunState } from './run-state.js';
import { lackingOf, skippedResult } from './skipped.js';
import type { Steering } from './steering.js';
import { idOf, type StepCall } from './step-calls.js';
import { PoolSlots } from './pool-slots.js';
import { runOrder } from './run-order.js';
import { activityOptions, attemptsOf } from './step-options.js';
import { claimOf } from './step-sharing.js';
import { runApart, type PairResult, type Steps } from './steps.js';

/** From here on a run is worth splitting: its history is long to read and to replay. */
const MANY_STEPS = 500;

/** Attempts that are set apart for each time that a step is done anew, where their number has no limit. */
const MANY_ATTEMPTS = 1000;

/** What a run knows of itself, and what people do to it. */
export interface RunControls {
  readonly state: RunState;
  readonly steering: Steering;
  readonly approvals: Approvals;
}

/** Runs the steps of one run: one activity each, under a name that is unique in the run. */
export class StepRunner implements Steps {
  private atWork = 0;
  private whenAllHaveLeft: (() => void) | undefined;
  private readonly reuse: Reuse;
  private readonly state: RunState;
  private readonly steering: Steering;
  private readonly approvals: Approvals;
  private readonly order: TaskOrder;
  private slots: PoolSlots | undefined;
  private closed = false;

  constructor(
    private readonly context: RunContext,
    private readonly admitted: AdmittedRun,
    { state, steering, approvals }: RunControls,
  ) {
    this.state = state;
    this.steering = steering;
    this.approvals = approvals;
    this.reuse = new Reuse(admitted);
    this.order = runOrder(admitted);
  }

  /**
   * Runs one step. Once the pipeline's function has ended, what it left behind is never heard of again: a promise that
   * nobody awaits any more must not fail the workflow's task.
   *
   * @throws ApplicationFailure with the error's code as its type
   */
  // One function, since the sandbox looks up a stack trace for every promise that is made: so few are.
  async run<R extends StepResult>(call: StepCall): Promise<R> {
    if (this.closed) return unheard();
    this.atWork += 1;
    try {
      const given = this.claim(call);
      if (given) return given as R;
      const attempts = attemptsOf(call.policy) || MANY_ATTEMPTS;
      for (let attemptsBefore = 0; ; attemptsBefore += attempts) {
        // Not awaited where nothing is to wait for: a turn more would change the order of what a run does.
        if (this.steering.isPaused) await this.hold([idOf(call)]);
        this.show();
        try {
          const result = await this.begin<R>(call, attemptsBefore);
          this.finish(call, result);
          return result;
        } catch (error) {
          const decision = await this.decide(call, error);
          if (decision === 'skip') return this.passOver(call, idOf(call), attemptsBefore + attempts) as R;
          this.state.goOn(idOf(call));
        }
      }
    } finally {
      if (this.leave()) await unheard();
    }
  }

  /**
   * Runs a judgement and the load of what it accepts: as one activity where nothing sets the two apart, one after the other
   * otherwise. A failed judgement is the failure of both.
   */
  runPair(validate: StepCall, load: StepCall): PairResult {
    if (!this.canShare(validate, load)) return runApart(this, validate, load);
    const pair = this.hear(() => this.executePair(validate, load));
    return { validate: pair.then((both) => both.validate), load: pair.then((both) => both.load) };
  }

  approve(call: ApprovalCall): Promise<Approval> {
    const asking = { run: this.context, admitted: this.admitted, isAsBefore: this.reuse.isAsBefore };
    return this.hear(() => this.approvals.ask(call, asking));
  }

  /** As {@link run} does it: what has begun is waited for, and is not heard of once the pipeline's function has ended. */
  private async hear<T>(begin: () => Promise<T>): Promise<T> {
    if (this.closed) return unheard();
    this.atWork += 1;
    try {
      return await begin();
    } finally {
      if (this.leave()) await unheard();
    }
  }

  /** Whether nobody is to hear of what leaves here. */
  private leave(): boolean {
    this.atWork -= 1;
    if (this.atWork === 0) this.whenAllHaveLeft?.();
    return this.closed;
  }

  private canShare(validate: StepCall, load: StepCall): boolean {
    const isFree = (step: StepId): boolean => !this.state.has(step) && !this.reuse.has(step);
    // A decision is about one step, and what was skipped leaves nothing to join.
    const mayStop = [validate, load].some((call) => call.policy.onFailure === 'wait' || lackingOf(call) !== undefined);
    if (mayStop) return false;
    // A timeout is one step's: two would share it.
    const samePolicy = JSON.stringify(validate.policy) === JSON.stringify(load.policy) && validate.policy.timeout === undefined;
    return samePolicy && isFree(idOf(validate)) && isFree(idOf(load));
  }

  /**
   * Ends the steps' time: cancels those at work that the pipeline's function left behind.
   *
   * @returns `undefined` where there are none, or what is fulfilled when all have stopped
   */
  close(scope: CancellationScope): Promise<void> | undefined {
    this.closed = true;
    if (this.atWork === 0) return undefined;
    log.warn('The pipeline ended while steps were at work; they are cancelled', { steps: this.atWork });
    const stopped = new Promise<void>((resolve) => (this.whenAllHaveLeft = resolve));
    scope.cancel();
    return stopped;
  }

  private begin<R extends StepResult>(call: StepCall, attemptsBefore: number): Promise<R & BesideEarlier> {
    const step = idOf(call);
    const options = activityOptions(step, call, this.admitted, this.order);
    const activities = proxyActivities<Record<keyof Activities, (input: unknown) => Promise<R>>>(options);
    const told = { ...this.decidedOf(step), ...this.reuse.earlierOf(call) };
    return this.withSlot(call.policy, [step], step, (slot?: SlotProof, lost = 0) => {
      const again = attemptsBefore + lost > 0 && { attemptsBefore: attemptsBefore + lost };
      return activities[call.kind]({ run: this.context, step, ...call.input, ...told, ...again, ...(slot && { slot }) });
    });
  }

  private finish(call: StepCall, result: StepResult & BesideEarlier): void {
    const step = idOf(call);
    if (result.takenOver !== true) this.reuse.made(step, result, result.anew);
    this.state.end(step, result.takenOver === true ? 'reused' : 'done', { result });
    this.show();
  }

  /** Does work as soon as it has its slot; work that needs none, at once. */
  private withSlot<R>(
    policy: StepCall['policy'],
    steps: readonly StepId[],
    activityId: string,
    work: (slot?: SlotProof, attemptsBefore?: number) => Promise<R>,
  ): Promise<R> {
    const claim = claimOf(policy, this.order);
    if (!claim) return work();
    const { context, state, steering } = this;
    this.slots ??= new PoolSlots(context, { state, steering, show: () => this.show() });
    return this.slots.within({ ...claim, step: activityId, steps, hold: () => this.hold(steps) }, work);
  }

  /** What becomes of a step that has failed for good: its error is thrown, or somebody decides. */
  private async decide(call: StepCall, thrown: unknown): Promise<'retry' | 'skip'> {
    const step = idOf(call);
    const { status, failure } = stepEnding(step, thrown, attemptsOf(call.policy));
    const { message } = failure;
    const end = (as: 'failed' | 'cancelled'): void => {
      this.state.end(step, as, { error: message });
      this.show();
    };
    if (status === 'cancelled' || call.policy.onFailure !== 'wait') {
      end(status);
      throw failure;
    }
    this.state.stop(step, 'waiting', message);
    try {
      const decision = await this.steering.decisionOn(step, { code: codeOf(failure), message });
      if (decision !== 'abort') return decision;
    } catch (cancellation) {
      end('cancelled');
      throw cancellation;
    }
    end('failed');
    throw failure;
  }

  /** Ends a step that is not done, since it was skipped, or one of those that it is made of. */
  private passOver(call: StepCall, because: StepId, attemptsBefore: number): StepResult {
    const step = idOf(call);
    this.state.end(step, 'skipped');
    this.show();
    this.steering.skipped(this.context, { step, because, attempt: attemptsBefore + 1 });
    return skippedResult(call, because);
  }

  /** Keeps steps from beginning while the run is paused. */
  private async hold(steps: readonly StepId[]): Promise<void> {
    for (const step of steps) this.state.stop(step, 'held');
    this.show();
    try {
      await this.steering.whilePaused();
    } catch (error) {
      for (const step of steps) this.state.end(step, 'cancelled');
      this.show();
      throw error;
    }
    for (const step of steps) this.state.goOn(step);
  }

  private async executePair(validate: StepCall, load: StepCall): Promise<PairResult> {
    const [judging, loading] = [idOf(validate), idOf(load)];
    this.enlist(validate);
    this.enlist(load);
    if (this.steering.isPaused) await this.hold([judging, loading]);
    this.show();
    const { input: _, ...target } = load.input;
    const call = { policy: validate.policy, summary: `${validate.summary}, then ${load.summary}` };
    try {
      const id = pairId(judging, loading);
      const options = activityOptions(id, call, this.admitted, this.order);
      const { validateAndLoad } = proxyActivities<Pick<Activities, 'validateAndLoad'>>(options);
      const work = (slot?: SlotProof, lost = 0): Promise<ValidateAndLoadResult> => {
        const again = { run: this.context, ...(lost > 0 && { attemptsBefore: lost }) };
        return (validateAndLoad as (input: unknown) => Promise<ValidateAndLoadResult>)({
          validate: { ...again, step: judging, ...validate.input },
          load: { ...again, step: loading, ...target, ...this.decidedOf(loading) },
          ...(slot && { slot }),
        });
      };
      const result = await this.withSlot(validate.policy, [judging, loading], id, work);
      this.state.end(judging, 'done', { result: result.validate });
      this.state.end(loading, 'done', { result: result.load });
      return { validate: Promise.resolve(result.validate), load: Promise.resolve(result.load) };
    } catch (error) {
      return endPair(this.state, { judging, loading, attempts: attemptsOf(call.policy) }, error);
    } finally {
      this.show();
    }
  }

  /** What somebody has decided about a step of this run. */
  private decidedOf(step: StepId): { readonly auditOverride?: AuditDecision } {
    const { auditOverride } = this.admitted;
    if (auditOverride?.step !== step) return {};
    const { reason, by } = auditOverride;
    return { auditOverride: { reason, by } };
  }

  /** Takes a step into the run; gives its result where it is not to be done. */
  private claim(call: StepCall): StepResult | undefined {
    this.enlist(call);
    const lacking = lackingOf(call);
    if (lacking !== undefined) return this.passOver(call, lacking, 0);
    const step = idOf(call);
    const reused = this.reuse.find(step, call);
    if (!reused) return undefined;
    this.state.end(step, 'reused', { result: reused });
    this.show();
    return reused;
  }

  private enlist(call: StepCall): void {
    if (this.state.stepCount === MANY_STEPS) {
      log.warn(`The run has more than ${MANY_STEPS} steps; at ${MAX_STEPS} it fails. Split the work into partitions.`);
    }
    this.state.begin(idOf(call), call.kind, call.name);
  }

  private show(): void {
    setCurrentDetails(this.state.details());
  }
}

/** What is never fulfilled, nor rejected. */
function unheard(): Promise<never> {
  return new Promise<never>(() => undefined);
}
