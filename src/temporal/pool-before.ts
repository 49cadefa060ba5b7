import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { TransientError } from '../core/errors.js';
import type { PoolBefore, PoolState } from '../core/pools.js';
import { asksPool } from './ask-pool.js';
import type { TemporalClient } from './connect.js';
import type { HistoryEvent } from './run-end.js';
import { answered } from './service-errors.js';
import { hasHeard, pastInput, unheardSignals, type Unheard } from './unheard-signals.js';

/** One execution of a pool. */
export interface PoolExecution {
  readonly poolId: string;
  readonly runId: string;
}

/** It has to be replayed first. */
const DEADLINE_MS = 20_000;
/** So long after an execution has closed, Temporal's list has it. */
const LAG_MS = 3_000;

interface Found {
  readonly runId: string;
  readonly startedAt: number;
}

/**
 * What the pool knew that was there before an execution, as it says itself: one that was terminated can still be asked. One that
 * was terminated before it had taken over itself is followed by the one before it, and so on: the latest
 * comes first. What it was told at the last moment is there too. Nothing
 * where Temporal knows of none.
 *
 * @param known a run id that somebody has heard of: Temporal's own list may lag behind
 * @throws TransientError POOL_NOT_ANSWERING
 */
export async function poolBefore(
  temporal: TemporalClient,
  own: PoolExecution,
  known: string | undefined,
): Promise<readonly PoolBefore[]> {
  const before: PoolBefore[] = [];
  for (const { runId } of await executionsBefore(temporal, own, known)) {
    const { events } = await answered(temporal, own.poolId, () =>
      temporal.client.workflow.getHandle(own.poolId, runId).fetchHistory(),
    );
    const state = await lastState(temporal, { poolId: own.poolId, runId }, events ?? []);
    before.push(withUnheard(state, unheardSignals(events ?? [])));
    // It had everything from the one before it.
    if (state.recovering === undefined) break;
  }
  return before;
}

async function lastState(
  temporal: TemporalClient,
  { poolId, runId }: PoolExecution,
  events: readonly HistoryEvent[],
): Promise<PoolBefore> {
  if (!hasHeard(events)) {
    return pastInput(events)?.carried ?? { held: [], queued: [], change: 0, recovering: { released: [], freed: [] } };
  }
  const options = { runId, deadlineMs: DEADLINE_MS };
  const { value, error } = await asksPool<PoolState>(temporal.client, poolId, 'state', [], options);
  if (value) return value;
  const message = `The pool ${poolId} that was terminated (${runId}) does not say who held its slots: ${error ?? 'no answer'}.`;
  throw new TransientError('POOL_NOT_ANSWERING', message);
}

function withUnheard({ held, queued, ended, change, recovering }: PoolBefore, unheard: Unheard): PoolBefore {
  const released = [...(recovering?.released ?? []), ...unheard.released];
  const freed = [...(recovering?.freed ?? []), ...unheard.freed];
  return { held, queued: [...queued, ...unheard.queued], ended, change, recovering: { released, freed } };
}

/** The latest first. */
async function executionsBefore(temporal: TemporalClient, own: PoolExecution, known: string | undefined): Promise<Found[]> {
  return answered(temporal, own.poolId, async () => {
    const [first] = await listed(temporal, own);
    // A pool that is used for the first time has not to wait.
    if (!first && known === undefined) return [];
    await sleep(LAG_MS);
    const all = await listed(temporal, own);
    const told = known === undefined ? undefined : await described(temporal, own.poolId, known);
    if (told && !all.some(({ runId }) => runId === told.runId)) all.push(told);
    return all.toSorted((a, b) => b.startedAt - a.startedAt);
  });
}

async function listed({ client }: TemporalClient, own: PoolExecution): Promise<Found[]> {
  const found: Found[] = [];
  const query = `WorkflowId = ${JSON.stringify(own.poolId)}`;
  for await (const { runId, startTime } of client.workflow.list({ query })) {
    if (runId !== own.runId) found.push({ runId, startedAt: startTime.getTime() });
  }
  return found;
}

async function described({ client }: TemporalClient, poolId: string, runId: string): Promise<Found | undefined> {
  try {
    const { startTime } = await client.workflow.getHandle(poolId, runId).describe();
    return { runId, startedAt: startTime.getTime() };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
