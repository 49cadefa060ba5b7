import { CancellationScope, condition, proxySinks, setHandler } from '@temporalio/workflow';
import { TerminalError } from '../src/core/errors.js';
import type {
  DecideInput,
  Decision,
  RunDecision,
  RunHolds,
  RunPause,
  SteerInput,
  Steered,
  SteeringSinks,
  WaitingStep,
} from '../src/core/steering.js';
import type { RunContext, StepId } from '../src/core/steps.js';
import { asRunFailure } from './failures.js';
import { checkDecide, checkSteer } from './steering-input.js';
import { decideUpdate, pauseUpdate, resumeUpdate } from './steering-updates.js';

/** Steps that an answer names; it enters the run's history. */
const MAX_NAMED = 100;
/** What a word to the catalog tells of an error. */
const MAX_ERROR = 2000;
/** Kinds of steps whose result decides what the run does: nothing could stand for it. */
const NEEDED = ['watermark:', 'discover:', 'quarantine:'];

const { steering } = proxySinks<SteeringSinks>();

/**
 * What people do to a run while it is open: pausing it, and deciding about steps that wait. It costs a run that nobody touches
 * nothing at all. Whatever is refused is refused by a validator, which leaves no trace in the history.
 */
export class Steering {
  private readonly taken: RunDecision[] = [];
  private readonly waiting = new Map<StepId, WaitingStep>();
  private readonly decided = new Map<StepId, Decision>();
  private readonly scope = CancellationScope.current();
  private pause: RunPause | undefined;
  private ending = false;
  private words = 0;

  /** @param changed told when the run's state is another one, to show it */
  constructor(private readonly changed: () => void) {}

  /** Registers the updates: before the first await, since a reset delivers earlier ones with the first task. */
  listen(): void {
    setHandler(pauseUpdate, (input) => this.takePause(input), {
      validator: refusing<SteerInput>((input) => this.refusePause(input)),
    });
    setHandler(resumeUpdate, (input) => this.takeResume(input), {
      validator: refusing<SteerInput>((input) => this.refuseResume(input)),
    });
    setHandler(decideUpdate, (input) => this.takeDecision(input), {
      validator: refusing<DecideInput>((input) => this.refuseDecision(input)),
    });
  }

  get isPaused(): boolean {
    return this.pause !== undefined;
  }

  get holds(): RunHolds {
    return { ...(this.pause && { paused: this.pause }), waiting: [...this.waiting.values()] };
  }

  get decisions(): readonly RunDecision[] {
    return this.taken;
  }

  /** Waits while the run is paused. Ends with the run's cancellation. */
  async whilePaused(): Promise<void> {
    await condition(() => !this.isPaused);
  }

  /** Waits until somebody decides about a step that has failed. Ends with the run's cancellation. */
  async decisionOn(step: StepId, error: { readonly code: string; readonly message: string }): Promise<Decision> {
    const { code, message } = error;
    this.waiting.set(step, { step, since: new Date().toISOString(), code, message: message.slice(0, MAX_ERROR) });
    this.tellHolds();
    try {
      await condition(() => this.decided.has(step));
      return this.decided.get(step) as Decision;
    } finally {
      this.decided.delete(step);
      if (this.waiting.delete(step)) this.tellHolds();
    }
  }

  /** Tells of a step that was not done. */
  skipped(run: RunContext, step: { readonly step: StepId; readonly attempt: number; readonly because: StepId }): void {
    steering.skipped(run, { ...step, at: new Date().toISOString() });
  }

  /** The pipeline's function has ended: there is nothing to pause any more. */
  end(): void {
    this.ending = true;
  }

  private refusePause(input: SteerInput): void {
    checkSteer(input);
    if (this.pause) {
      const { by, since } = this.pause;
      throw new TerminalError('RUN_NOT_PAUSABLE', `The run is paused already, by ${by} since ${since}.`);
    }
    if (this.scope.consideredCancelled) throw new TerminalError('RUN_NOT_PAUSABLE', 'The run is being cancelled.');
    if (this.ending) throw new TerminalError('RUN_NOT_PAUSABLE', 'The run is about to end: no step is left that would start.');
  }

  private refuseResume(input: SteerInput): void {
    checkSteer(input);
    if (this.pause) return;
    const [waiting] = this.waiting.keys();
    const hint = waiting === undefined ? '' : ` It waits for a decision about ${waiting}.`;
    throw new TerminalError('RUN_NOT_PAUSED', `The run is not paused.${hint}`);
  }

  private refuseDecision(input: DecideInput): void {
    checkDecide(input);
    const { step, decision } = input;
    if (!this.waiting.has(step)) {
      const steps = [...this.waiting.keys()].slice(0, MAX_NAMED).join(', ') || 'none';
      throw new TerminalError('STEP_NOT_WAITING', `Step ${step} waits for no decision. Steps that do: ${steps}.`);
    }
    if (decision === 'skip' && NEEDED.some((kind) => step.startsWith(kind))) {
      throw new TerminalError(
        'STEP_NOT_SKIPPABLE',
        `Step ${step} cannot be skipped: what it finds decides what the run does. Mend the cause and decide retry, or abort.`,
      );
    }
  }

  private takePause(input: SteerInput): Steered {
    const { by, reason, at } = this.take('pause', input);
    this.pause = { since: at, by, ...(reason !== undefined && { reason }) };
    return this.answer();
  }

  private takeResume(input: SteerInput): Steered {
    this.take('resume', input);
    this.pause = undefined;
    return this.answer();
  }

  private takeDecision({ step, decision, ...who }: DecideInput): Steered {
    this.take(decision, who, step);
    this.waiting.delete(step);
    this.decided.set(step, decision);
    return this.answer();
  }

  private take(action: RunDecision['action'], { by, reason }: SteerInput, step?: StepId): RunDecision {
    const number = this.taken.length + 1;
    const said = reason === undefined || reason.trim() === '' ? undefined : reason.trim();
    const who = { by: by.trim(), ...(said !== undefined && { reason: said }) };
    const decision = { number, action, ...(step !== undefined && { step }), ...who, at: new Date().toISOString() };
    this.taken.push(decision);
    steering.decided(decision);
    return decision;
  }

  private answer(): Steered {
    this.tellHolds();
    return { ...(this.pause && { paused: this.pause }), waiting: [...this.waiting.keys()].slice(0, MAX_NAMED) };
  }

  private tellHolds(): void {
    steering.holds(++this.words, this.holds);
    this.changed();
  }
}

/** A validator whose refusal is a failure that clients can read. */
export function refusing<I>(refuse: (input: I) => void): (input: I) => void {
  return (input) => {
    try {
      refuse(input);
    } catch (error) {
      throw asRunFailure(error);
    }
  };
}
