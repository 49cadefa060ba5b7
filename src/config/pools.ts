import type { PoolSize } from '../core/pools.js';

/** A named limit across runs: so many slots, or these with more to say. */
export type PoolConfig = number | PoolOptions;

export interface PoolOptions {
  /** How much may be at work at once: the weights of the steps that hold a slot never sum up to more. */
  readonly slots: number;
  /** What it protects, in a sentence. */
  readonly description?: string;
}

/** How long an activity may still be at work after its heartbeats have failed, in ms: it is interrupted within two seconds. */
const INTERRUPTION_MS = 5_000;

/** The size of a pool, `undefined` where the config has none of that name. */
export function sizeOfPool(
  project: { readonly config: { readonly pools?: Readonly<Record<string, PoolConfig>> }; readonly heartbeatTimeout: string },
  name: string,
): PoolSize | undefined {
  const pools = project.config.pools ?? {};
  const config = Object.hasOwn(pools, name) ? pools[name] : undefined;
  if (config === undefined) return undefined;
  const slots = typeof config === 'number' ? config : config.slots;
  return { slots, graceMs: heartbeatMs(project.heartbeatTimeout) + INTERRUPTION_MS };
}

/** As the config's schema takes it: `15s`, `500 ms`, `1 minute`. */
function heartbeatMs(timeout: string): number {
  const [, amount, unit] = /^(\d+)\s?(ms|s|m)?/.exec(timeout) ?? [];
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
  return Number(amount) * (units[unit ?? 'ms'] as number);
}
