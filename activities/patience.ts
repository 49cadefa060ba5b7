import { MillraceError } from '../src/core/errors.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Writes into the catalog, or asks it, waiting for as long as it is down: the step's work is done, and its facts are not to
 * be lost. Gives up only when the step is aborted.
 */
export async function patiently<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      const down = error instanceof MillraceError && error.code === 'CATALOG_UNAVAILABLE';
      if (!down || signal.aborted) throw error;
      await sleep(pause, signal);
    }
  }
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
