import { CancellationScope, defineSignal, setHandler } from '@temporalio/workflow';
import type { BackfillRetry, BackfillSteered, BackfillSteering } from '../src/core/backfill.js';
import { TerminalError } from '../src/core/errors.js';
import { backfillQuery, pauseUpdate, resumeUpdate, retryUpdate, type BackfillState } from './backfill-state.js';
import { asRunFailure } from './failures.js';

/** Sent before a cancellation: the runs that are at work are to go on. */
export const leaveRunsSignal = defineSignal('leaveRuns');

/** What a backfill has been told from outside, from its first moment on. */
export class BackfillOrders {
  paused = false;
  /** Somebody wants it to end. */
  cancelled = false;
  /** Its runs are to go on when it is cancelled. */
  leavesRuns = false;
  private state: BackfillState | undefined;
  private changed: () => void = () => undefined;

  /** Hears orders; to be called before the first await, since a reset delivers earlier ones with the first task. */
  listen(): void {
    CancellationScope.current().cancelRequested.catch(() => void (this.cancelled = true));
    const validator = refusing<BackfillSteering>(() => this.checkOpen());
    setHandler(backfillQuery, () => this.state?.view(this.paused));
    setHandler(leaveRunsSignal, () => void (this.leavesRuns = true));
    setHandler(pauseUpdate, () => this.pause(true), { validator });
    setHandler(resumeUpdate, () => this.pause(false), { validator });
    setHandler(retryUpdate, (request) => this.retry(request), {
      validator: refusing<BackfillRetry>((request) => this.checkRetry(request)),
    });
  }

  /** From now on orders are about these partitions. @param changed is called when the backfill is paused or resumed */
  attach(state: BackfillState, changed: () => void): void {
    this.state = state;
    this.changed = changed;
  }

  private pause(paused: boolean): BackfillSteered {
    const isNew = this.paused !== paused;
    this.paused = paused;
    if (isNew) this.changed();
    return this.answer();
  }

  private retry(request: BackfillRetry): BackfillSteered {
    this.state?.retry(request);
    return this.answer();
  }

  private answer(): BackfillSteered {
    const nothing = { waiting: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
    return { status: this.paused ? 'paused' : 'running', counts: this.state?.counts ?? nothing };
  }

  private checkOpen(): void {
    if (this.cancelled) throw new TerminalError('BACKFILL_CLOSED', 'The backfill is being cancelled.');
  }

  private checkRetry(request: BackfillRetry): void {
    this.checkOpen();
    if (!this.state) throw new TerminalError('BACKFILL_INVALID', 'The backfill has not begun, so nothing has failed yet.');
    this.state.checkRetry(request);
  }
}

/** A validator whose refusals are in words that whoever asked gets to see. */
function refusing<T>(check: (request: T) => void): (request: T) => void {
  return (request) => {
    try {
      check(request);
    } catch (error) {
      throw asRunFailure(error);
    }
  };
}
