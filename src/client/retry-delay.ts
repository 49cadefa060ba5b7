import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 250;
const LONGEST_MS = 10_000;
/** A service that asks for more patience than this is not waited for: its caller is told. */
const MOST_PATIENCE_MS = 60_000;

/**
 * How long to wait before the next attempt: longer each time, each of many callers by another chance, and never shorter than the
 * service asked for. `undefined` when it asked for too long.
 *
 * @param attempt from 0
 */
export function retryDelayMs(attempt: number, askedMs: number | undefined): number | undefined {
  if (askedMs !== undefined && askedMs > MOST_PATIENCE_MS) return undefined;
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.max(askedMs ?? 0, whole / 2 + (Math.random() * whole) / 2);
}

/** Waits. @throws the reason of the signal, when it is aborted */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}
