import { setTimeout as sleep } from 'node:timers/promises';

/** Work that is done again and again beside everything else. */
export interface Repeated {
  /** Ends after the work under way. Never rejects, and may be called again. */
  stop(): Promise<void>;
}

export interface RepeatSettings {
  /** Pause between two turns. */
  readonly intervalMs: number;
  /** Aborted by `stop`: for work that is to hurry then. @default one that nobody else knows */
  readonly stopped?: AbortController;
  /** What is left to do after the last turn. It never rejects. @default nothing */
  readonly atEnd?: () => Promise<void>;
}

/**
 * Does some work at once, and again after each pause, until it is stopped.
 *
 * @param work never rejects
 */
export function repeat(work: () => Promise<void>, settings: RepeatSettings): Repeated {
  const { intervalMs, stopped = new AbortController(), atEnd } = settings;
  const done = (async () => {
    while (!stopped.signal.aborted) {
      await work();
      await pause(intervalMs, stopped.signal);
    }
    await atEnd?.();
  })();
  return {
    stop() {
      stopped.abort();
      return done;
    },
  };
}

/** A pause that keeps no process alive, and is over when nothing more is to be done. */
export async function pause(durationMs: number, stopped: AbortSignal): Promise<void> {
  if (durationMs > 0) await sleep(durationMs, undefined, { signal: stopped, ref: false }).catch(() => undefined);
}
