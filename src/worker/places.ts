import { CancelledFailure, type Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { toFailure } from '../../activities/failure.js';
import { TransientError } from '../core/errors.js';

const HEARTBEAT_MS = 500;

/**
 * The steps that a process may have at work, where it polls several task queues: a queue's worker holds places of its own while it
 * waits for tasks, so that all of them together can be given more than that. What is too much waits here, and is alive for the server.
 */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** For the activities of a worker; the local ones are quick, and hold up a run. */
  interceptor(context: Context): ActivityInboundCallsInterceptor {
    return {
      execute: (input, next) => (context.info.isLocal ? next(input) : this.within(context, () => next(input))),
    };
  }

  private async within<T>(context: Context, work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await this.wait(context);
    try {
      return await work();
    } finally {
      this.passOn();
    }
  }

  /** Ends with a place that is the caller's. */
  private async wait(context: Context): Promise<void> {
    const beat = setInterval(() => context.heartbeat({ phase: 'waiting for a place on the worker', rows: 0 }), HEARTBEAT_MS);
    let take: () => void = () => undefined;
    const given = new Promise<void>((resolve) => this.waiting.push((take = resolve)));
    try {
      await Promise.race([given, context.cancelled]);
    } catch (error) {
      const at = this.waiting.indexOf(take);
      if (at !== -1) this.waiting.splice(at, 1);
      // The place came at the same moment.
      else this.passOn();
      throw reasonOf(context, error);
    } finally {
      clearInterval(beat);
    }
  }

  private passOn(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}

/** A person's cancellation ends the step; a worker that stops lets it begin elsewhere. */
function reasonOf(context: Context, error: unknown): Error {
  if (context.cancellationDetails?.cancelRequested === true)
    return new CancelledFailure('The step was cancelled before it began.');
  return toFailure(new TransientError('INTERRUPTED', 'The worker stopped before the step had begun.', {}, { cause: error }));
}
