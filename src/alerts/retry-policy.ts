/** The first pause between two attempts. Each is twice the one before, with some chance in it, up to the longest. */
const FIRST_MS = 10_000;
const LONGEST_MS = 30 * 60_000;

/** For how long an alert is tried: whoever has a channel that is down for longer finds it among the dead ones. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/**
 * When the next attempt is made, in milliseconds since 1970; `undefined` when that would be too late.
 *
 * @param attempts that were made
 * @param askedMs how long the receiver asks to wait: it is not asked before
 */
export function nextAttemptAt(attempts: number, askedMs: number | undefined, now: number, giveUpAt: number): number | undefined {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
  const at = now + Math.max(askedMs ?? 0, whole / 2 + (Math.random() * whole) / 2);
  return at > giveUpAt ? undefined : at;
}
