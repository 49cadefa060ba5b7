import { setImmediate as nextTurn } from 'node:timers/promises';
import { asStepFailure } from '../../workflows/failures.js';
import { RunState } from '../../workflows/run-state.js';
import { idOf, type StepCall } from '../../workflows/step-calls.js';
import { runApart, type PairResult, type Steps } from '../../workflows/steps.js';
import { MillraceError, messageOf } from '../core/errors.js';
import type { Approval, ApprovalCall } from '../core/approvals.js';
import type { StepKind, StepResult } from '../core/steps.js';
import type { Outlook } from './outlook.js';
import type { StepPlanner } from './plan-step.js';
import type { PlannedStep, PlanNote } from './plan.js';
import type { UnknownValues } from './unknown-values.js';

/** A step, and how it is looked at. */
interface Asked {
  readonly kind: StepKind;
  readonly name: string;
  readonly summary: string;
  readonly inputs: readonly string[];
  readonly plan: () => Promise<Outlook>;
}

interface Waiting {
  readonly asked: Asked;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Plans the steps that a pipeline asks for. All that are asked for before one is done are one stage: they are answered together,
 * so that the stages are the same each time, however long the planning of a step takes.
 */
export class PlanSteps implements Steps {
  readonly planned: PlannedStep[] = [];
  private readonly state: RunState;
  private waiting: Waiting[] = [];
  private wake: () => void = () => undefined;
  private stage = 0;

  constructor(
    pipeline: string,
    private readonly planner: StepPlanner,
    private readonly unknown: UnknownValues,
  ) {
    this.state = new RunState(pipeline);
  }

  run<R extends StepResult>(call: StepCall): Promise<R> {
    const { kind, name, summary } = call;
    return this.wait<R>({ kind, name, summary, inputs: this.planner.inputsOf(call), plan: () => this.planner.plan(call) });
  }

  /** A plan asks nobody: it goes on as if all had approved. */
  async approve({ name, title, needed, roles }: ApprovalCall): Promise<Approval> {
    const people = needed === 1 ? 'one person' : `${needed} people`;
    const of = roles.length === 0 ? '' : ` of ${roles.join(', ')}`;
    const result = { approved: { answers: [], expired: false } };
    const plan = (): Promise<Outlook> => Promise.resolve({ inputs: [], notes: [], result });
    await this.wait({ kind: 'approve', name, summary: `${title} (by ${people}${of})`, inputs: [], plan });
    return { approvedBy: [], expired: false };
  }

  private wait<R extends StepResult>(asked: Asked): Promise<R> {
    this.unknown.settle();
    // What comes after the plan's end is never heard of.
    if (this.unknown.isStopped) return new Promise<R>(() => undefined);
    return new Promise<R>((resolve, reject) => {
      this.waiting.push({ asked, resolve: resolve as (result: StepResult) => void, reject });
      this.wake();
    });
  }

  runPair(validate: StepCall, load: StepCall): PairResult {
    return runApart(this, validate, load);
  }

  /** Plans stage after stage until `end` settles. */
  async planUntil(end: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = end.then(
      () => void (isOver = true),
      () => void (isOver = true),
    );
    for (;;) {
      // Lets the pipeline's code run on until it waits.
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      if (isOver || this.unknown.isStopped) return;
      if (this.waiting.length === 0)
        await Promise.race([over, this.unknown.stopped, new Promise<void>((wake) => (this.wake = wake))]);
      else await this.planStage();
    }
  }

  private async planStage(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    this.stage += 1;
    const outcomes: (() => void)[] = [];
    for (const each of waiting) outcomes.push(await this.planOne(each));
    for (const tell of outcomes) tell();
  }

  private async planOne({ asked: { plan, ...call }, resolve, reject }: Waiting): Promise<() => void> {
    const step = idOf(call);
    try {
      this.state.begin(step, call.kind, call.name);
    } catch (error) {
      return () => reject(error);
    }
    const { inputs, ...about } = call;
    const base = { step, ...about, stage: this.stage };
    let outlook: Outlook;
    try {
      outlook = await plan();
    } catch (error) {
      this.planned.push({ ...base, inputs, notes: [noteOf(error)] });
      return () => reject(asStepFailure(step, error, 1));
    }
    const { result, ...rest } = outlook;
    this.planned.push({ ...base, ...rest });
    return () => resolve(result);
  }
}

function noteOf(error: unknown): PlanNote {
  const code = error instanceof MillraceError ? error.code : 'INTERNAL';
  return { severity: 'error', code, message: messageOf(error) };
}
