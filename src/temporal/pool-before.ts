import { WorkflowNotFoundError } from '@temporalio/client';
import { TransientError } from '../core/errors.js';
import type { PoolState } from '../core/pools.js';
import { asksPool } from './ask-pool.js';
import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** One execution of a pool. */
export interface PoolExecution {
  readonly poolId: string;
  readonly runId: string;
}

/** It has to be replayed first. */
const DEADLINE_MS = 20_000;

/**
 * What the pool knew that was there before an execution, as it says itself: one that was terminated can still be asked. Nothing
 * where Temporal knows of none.
 *
 * @param known its run id, where somebody has heard of it: Temporal's own list may lag behind
 * @throws TransientError POOL_NOT_ANSWERING
 */
export async function poolBefore(
  temporal: TemporalClient,
  own: PoolExecution,
  known: string | undefined,
): Promise<PoolState | undefined> {
  const runId = await latestBefore(temporal, own, known);
  if (runId === undefined) return undefined;
  const options = { runId, deadlineMs: DEADLINE_MS };
  const { value, error } = await asksPool<PoolState>(temporal.client, own.poolId, 'state', [], options);
  if (value) return value;
  const message = `The pool ${own.poolId} that was terminated (${runId}) does not say who held its slots: ${error ?? 'no answer'}.`;
  throw new TransientError('POOL_NOT_ANSWERING', message);
}

async function latestBefore(
  temporal: TemporalClient,
  { poolId, runId: own }: PoolExecution,
  known: string | undefined,
): Promise<string | undefined> {
  const found: { readonly runId: string; readonly startedAt: number }[] = [];
  const consider = (runId: string, startedAt: Date): void => void found.push({ runId, startedAt: startedAt.getTime() });
  await answered(temporal, poolId, async () => {
    const query = `WorkflowId = ${JSON.stringify(poolId)}`;
    for await (const each of temporal.client.workflow.list({ query })) consider(each.runId, each.startTime);
    if (known === undefined) return;
    try {
      const described = await temporal.client.workflow.getHandle(poolId, known).describe();
      consider(described.runId, described.startTime);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  });
  const others = found.filter(({ runId }) => runId !== own).toSorted((a, b) => b.startedAt - a.startedAt);
  return others[0]?.runId;
}
