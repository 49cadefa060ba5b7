import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  TimeoutFailure,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { TerminalError, TransientError, type MillraceError } from '../src/core/errors.js';
import {
  GRANT_SIGNAL,
  poolId,
  type GrantSignal,
  type PoolClaim,
  type ReleaseSignal,
  type SlotProof,
  type SlotRequest,
} from '../src/core/pools.js';
import type { RunContext, StepId } from '../src/core/steps.js';
import { unwrap } from './failures.js';
import type { RunState } from './run-state.js';
import type { Steering } from './steering.js';

export const grantSignal = defineSignal<[GrantSignal]>(GRANT_SIGNAL);

/** How often a step asks for another slot, having lost the one it had, before it fails with that. */
const MOST_LOST = 10;

// As a run's admission: one event where Temporal answers at once, and a wait without events where it does not.
type Asking = Pick<Activities, 'acquireSlot' | 'releaseSlot'>;
const quick = proxyLocalActivities<Asking>({
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '250ms', maximumAttempts: 3 },
});
const patient = proxyActivities<Asking>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

/** Work that needs a slot: of one step, or of two that share an activity. */
export interface SlottedWork extends PoolClaim {
  /** As in {@link SlotRequest}. */
  readonly step: string;
  readonly steps: readonly StepId[];
  readonly priority: number;
  /** Waits while the run is paused: then no slot is taken. */
  readonly hold: () => Promise<void>;
}

/** What the run knows of its steps, and how it shows that. */
interface Shown {
  readonly state: RunState;
  readonly steering: Steering;
  readonly show: () => void;
}

/** The slots of one run's steps. A run without pooled steps never makes one, and pays nothing. */
export class PoolSlots {
  private readonly answers = new Map<string, GrantSignal>();

  constructor(
    private readonly run: RunContext,
    private readonly shown: Shown,
  ) {
    setHandler(grantSignal, (grant) => void this.answers.set(grant.token, grant));
  }

  /**
   * Does a step's work while it has a slot, which is free again once the work has surely stopped. Work that finds its slot lost
   * before it begins is given another.
   *
   * @param work is told how many attempts were made before the slot was lost
   * @throws POOL_UNKNOWN, POOL_TOO_SMALL, POOL_QUEUE_FULL, SLOT_LOST after many; what the work throws
   */
  async within<R>(step: SlottedWork, work: (slot: SlotProof, attemptsBefore: number) => Promise<R>): Promise<R> {
    let attemptsBefore = 0;
    for (let lost = 0; ; lost += 1) {
      const slot = await this.take(step);
      let released: Omit<ReleaseSignal, 'token' | 'runId'> | undefined = {};
      try {
        return await work(slot, attemptsBefore);
      } catch (error) {
        const cause = unwrap(error);
        if (cause instanceof TimeoutFailure) released = { unsettled: true };
        if (!isLost(cause)) throw error;
        // It is another's, or nobody's.
        released = undefined;
        if (lost >= MOST_LOST) throw error;
        attemptsBefore += attemptsOf(cause);
      } finally {
        if (released) await this.giveBack(slot, released);
      }
    }
  }

  /** Waits for a slot. Ends with the run's cancellation, which takes the request back. */
  private async take(step: SlottedWork): Promise<SlotProof> {
    for (;;) {
      if (this.shown.steering.isPaused) await step.hold();
      this.each(step, (id) => this.shown.state.queue(id, step.pool));
      // A run that is cancelled asks for nothing more.
      await condition(() => true);
      const slot = this.slotOf(step.pool);
      await this.ask(slot, step);
      try {
        await condition(() => this.answers.has(slot.token) || this.shown.steering.isPaused);
      } catch (cancellation) {
        await this.giveBack(slot, {});
        throw cancellation;
      }
      const refused = this.answers.get(slot.token)?.refused;
      this.answers.delete(slot.token);
      if (refused) throw refusal(refused, step.pool);
      if (!this.shown.steering.isPaused) {
        this.each(step, (id) => this.shown.state.goOn(id));
        return slot;
      }
      await this.giveBack(slot, {});
    }
  }

  private each({ steps }: SlottedWork, change: (step: StepId) => void): void {
    steps.forEach(change);
    this.shown.show();
  }

  private slotOf(pool: string): SlotProof {
    return { pool, poolId: poolId(workflowInfo().taskQueue, pool), token: uuid4() };
  }

  private async ask({ pool, poolId: id, token }: SlotProof, { step, weight, priority }: SlottedWork): Promise<void> {
    const { workflowId, runId, pipeline } = this.run;
    const request: SlotRequest = { token, workflowId, runId, pipeline, step, weight, priority };
    await tell('acquireSlot', { pool, poolId: id, taskQueue: workflowInfo().taskQueue, request });
  }

  private async giveBack({ pool, poolId: id, token }: SlotProof, how: Omit<ReleaseSignal, 'token' | 'runId'>): Promise<void> {
    const released = { token, runId: this.run.runId, ...how };
    await tell('releaseSlot', { pool, poolId: id, taskQueue: workflowInfo().taskQueue, released });
  }
}

/** Tells the pool, whatever becomes of the run meanwhile: of what was told by half, nobody would know. */
function tell<Name extends keyof Asking>(name: Name, input: Parameters<Asking[Name]>[0]): Promise<void> {
  const send = (activities: Asking): Promise<void> => (activities[name] as (told: typeof input) => Promise<void>)(input);
  return CancellationScope.nonCancellable(async () => {
    try {
      await send(quick);
    } catch (error) {
      const cause = unwrap(error);
      if (isCancellation(error) || (cause instanceof ApplicationFailure && cause.nonRetryable === true)) throw error;
      await send(patient);
    }
  });
}

function refusal({ code, message }: NonNullable<GrantSignal['refused']>, pool: string): MillraceError {
  return code === 'POOL_QUEUE_FULL' ? new TransientError(code, message, { pool }) : new TerminalError(code, message, { pool });
}

function isLost(cause: unknown): cause is ApplicationFailure {
  return cause instanceof ApplicationFailure && cause.type === 'SLOT_LOST';
}

/** The attempts that were made while the slot was still there. */
function attemptsOf(lost: ApplicationFailure): number {
  const [details] = (lost.details ?? []) as readonly ({ readonly attempts?: number } | undefined)[];
  return details?.attempts ?? 0;
}
