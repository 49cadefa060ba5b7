import { MillraceError, TransientError } from '../core/errors.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import type { Caller } from '../access/caller.js';
import type { OperationServices } from './context.js';
import type { RunEvent } from './run-event-list.js';
import { followRun, type RunFollower } from './run-follower.js';
import { observeRun } from './run-picture.js';

/** Who listens at a time, to all runs together. */
const MOST_LISTENERS = 1_000;
/** How long a run is still followed when nobody listens, so that who lost the connection can go on where they were. */
const LINGER_MS = 10_000;

/** The events of runs: each run is looked at once, however many listen. */
export interface RunEvents {
  /**
   * What happens to a run, from the event after `lastId` on.
   * @throws TransientError SERVICE_BUSY when too many listen
   */
  listen(run: Required<RunAddress>, lastId: string | undefined, signal: AbortSignal): AsyncGenerator<RunEvent>;
  stop(): void;
}

interface Followed {
  readonly follower: RunFollower;
  listeners: number;
  timer?: NodeJS.Timeout;
}

/** For whom a run is looked at: each listener was asked who they are before. */
const OBSERVER: Caller = { name: 'events', kind: 'local', role: 'viewer' };

export function openRunEvents(services: OperationServices): RunEvents {
  const runs = new Map<string, Followed>();
  let listeners = 0;

  function enter(run: Required<RunAddress>): Followed {
    const name = formatRunAddress(run);
    const known = runs.get(name) ?? { follower: follow(services, run), listeners: 0 };
    runs.set(name, known);
    clearTimeout(known.timer);
    known.listeners += 1;
    listeners += 1;
    return known;
  }
  function leave(run: Required<RunAddress>, followed: Followed): void {
    followed.listeners -= 1;
    listeners -= 1;
    if (followed.listeners > 0) return;
    followed.timer = setTimeout(() => {
      followed.follower.stop();
      runs.delete(formatRunAddress(run));
    }, LINGER_MS).unref();
  }
  return {
    async *listen(run, lastId, signal) {
      if (listeners >= MOST_LISTENERS) {
        const message = `${MOST_LISTENERS} listen to runs already, which is as many as can. Ask for the run itself, or try again.`;
        throw new TransientError('SERVICE_BUSY', message, {}, { retryAfterMs: 10_000 });
      }
      const followed = enter(run);
      try {
        yield* followed.follower.listen(lastId, signal);
      } finally {
        leave(run, followed);
      }
    },
    stop() {
      for (const { follower, timer } of runs.values()) {
        clearTimeout(timer);
        follower.stop();
      }
      runs.clear();
    },
  };
}

function follow(services: OperationServices, run: Required<RunAddress>): RunFollower {
  const mayPass = (error: unknown): boolean => error instanceof MillraceError && error.retryable;
  return followRun(observeRun({ ...services, caller: OBSERVER }, run), mayPass);
}
