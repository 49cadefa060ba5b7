import { TransientError } from '../core/errors.js';

/** Callers that are remembered. Whoever is forgotten begins anew, with all they may do at once. */
const MOST_CALLERS = 10_000;

export interface Rate {
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

export interface RateLimit {
  /** Counts one request. @throws TransientError RATE_LIMITED, with when there is room for the next one */
  take(caller: string): void;
  /** The same, without counting. */
  check(caller: string): void;
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** Lets each caller do so much a second, and more at once after a pause. */
export function rateLimit({ perSecond, burst }: Rate, now: () => number = () => performance.now()): RateLimit {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (caller: string): Bucket => {
    const { left, at } = buckets.get(caller) ?? { left: burst, at: now() };
    return { left: Math.min(burst, left + ((now() - at) / 1000) * perSecond), at: now() };
  };
  const check = (caller: string): Bucket => {
    const bucket = bucketOf(caller);
    if (bucket.left >= 1) return bucket;
    const retryAfterMs = Math.ceil(((1 - bucket.left) / perSecond) * 1000);
    const message = `Too many requests: ${perSecond} a second are answered, and ${burst} at once. Wait as long as Retry-After says.`;
    throw new TransientError('RATE_LIMITED', message, {}, { retryAfterMs });
  };
  return {
    check,
    take(caller) {
      const { left, at } = check(caller);
      // Set anew, so that the map is in order of use.
      buckets.delete(caller);
      buckets.set(caller, { left: left - 1, at });
      for (const oldest of buckets.keys()) {
        if (buckets.size <= MOST_CALLERS) break;
        buckets.delete(oldest);
      }
    },
  };
}
