import { TerminalError } from '../src/core/errors.js';
import { DEFAULT_PRIORITY, type PoolClaim } from '../src/core/pools.js';
import type { StepPolicy, TaskOrder } from '../src/core/step-policy.js';

/** What a step's options say of what it shares with others. */
type Sharing = Pick<StepPolicy, 'pool' | 'priority' | 'fairness'>;

const MOST_KEY_BYTES = 64;

/** @throws TerminalError OPTION_INVALID naming what is wrong */
export function checkSharing({ pool, priority, fairness }: Sharing): void {
  if (priority !== undefined && ![1, 2, 3, 4, 5].includes(priority)) {
    throw invalid(`priority is ${JSON.stringify(priority)}; it is a number from 1, which goes first, to 5`);
  }
  if (pool !== undefined) checkPool(pool);
  if (fairness !== undefined) checkFairness(fairness);
}

function checkPool(pool: NonNullable<Sharing['pool']>): void {
  const { name, weight = 1 } = typeof pool === 'object' && pool !== null ? pool : { name: pool };
  if (typeof name !== 'string' || name === '') {
    throw invalid(`pool is ${JSON.stringify(pool)}; it is a pool's name, or { name, weight }`);
  }
  if (!Number.isInteger(weight) || weight < 1) {
    throw invalid(`the weight in pool "${name}" is ${JSON.stringify(weight)}; it is a whole number from 1 on`);
  }
}

function checkFairness({ key, weight }: NonNullable<Sharing['fairness']>): void {
  if (typeof key !== 'string' || key === '' || new TextEncoder().encode(key).length > MOST_KEY_BYTES) {
    throw invalid(`the key of fairness is ${JSON.stringify(key)}; it is a text of 1 to ${MOST_KEY_BYTES} bytes`);
  }
  if (weight !== undefined && !(weight >= 0.001 && weight <= 1000)) {
    throw invalid(`the weight of fairness is ${JSON.stringify(weight)}; it is a number from 0.001 to 1000`);
  }
}

function invalid(what: string): TerminalError {
  return new TerminalError('OPTION_INVALID', `The option ${what}.`);
}

/** The slots that a step needs, and its place among those that wait for them; nothing for one without a pool. */
export function claimOf({ pool, priority }: Sharing, order: TaskOrder): (PoolClaim & { readonly priority: number }) | undefined {
  if (pool === undefined) return undefined;
  const place = { priority: priority ?? order.priority ?? DEFAULT_PRIORITY };
  return typeof pool === 'string' ? { pool, weight: 1, ...place } : { pool: pool.name, weight: pool.weight ?? 1, ...place };
}
