import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { TerminalError, TransientError } from '../src/core/errors.js';
import type { SlotProof } from '../src/core/pools.js';
import { asksPool } from '../src/temporal/ask-pool.js';
import { toFailure } from './failure.js';

/** A pool that does not answer is asked again for so long. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 1_000;
/** The server is to hear of the activity meanwhile. */
const HEARTBEAT_MS = 500;

/**
 * Lets an activity begin only while its step holds its slot: the run may have been reset, or somebody may have freed the slot.
 * A step without a pool is not asked anything.
 */
export function holdingSlot<I extends object, R>(work: (input: I) => Promise<R>): (input: I) => Promise<R> {
  return async (input) => {
    const { slot } = input as { readonly slot?: SlotProof };
    if (slot) await requireSlot(slot);
    return work(input);
  };
}

async function requireSlot(slot: SlotProof): Promise<void> {
  const context = Context.current();
  const heartbeat = setInterval(() => context.heartbeat({ phase: `asking pool ${slot.pool}`, rows: 0 }), HEARTBEAT_MS);
  try {
    if (await holds(context, slot)) return;
    throw new TerminalError(
      'SLOT_LOST',
      `The step no longer holds its slot of pool "${slot.pool}", so it does not begin.`,
      // Earlier attempts had it.
      { pool: slot.pool, attempts: context.info.attempt - 1 },
    );
  } catch (error) {
    throw toFailure(error);
  } finally {
    clearInterval(heartbeat);
  }
}

async function holds({ client, info, cancellationSignal }: Context, slot: SlotProof): Promise<boolean> {
  const { runId = '' } = info.workflowExecution ?? {};
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const answer = await asksPool<boolean | null>(client, slot.poolId, 'holds', [{ token: slot.token, runId }]);
    if (typeof answer.value === 'boolean') return answer.value;
    if (Date.now() > end) {
      const why = answer.error ?? 'it still takes over from the pool before it';
      throw new TransientError('POOL_NOT_ANSWERING', `Pool "${slot.pool}" does not say whether the step may begin: ${why}.`);
    }
    // A cancellation ends the wait, as the activity.
    await sleep(PAUSE_MS, undefined, { signal: cancellationSignal });
  }
}
