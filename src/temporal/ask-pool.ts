import type { Client } from '@temporalio/client';
import { messageOf } from '../core/errors.js';

/** A pool answers in a moment, or not at all. */
const DEADLINE_MS = 5_000;

/** What a pool says, or why it does not. */
export interface PoolAnswer<T> {
  readonly value?: T;
  readonly error?: string;
}

/**
 * Asks a pool, which needs a worker of its queue to answer: the latest execution, also one that was terminated. Never rejects.
 *
 * @param deadlineMs @default 5000
 */
export async function asksPool<T>(
  client: Client,
  poolId: string,
  query: 'holds' | 'state',
  args: readonly unknown[] = [],
  { runId, deadlineMs = DEADLINE_MS }: { readonly runId?: string; readonly deadlineMs?: number } = {},
): Promise<PoolAnswer<T>> {
  try {
    const handle = client.workflow.getHandle(poolId, runId);
    const ask = (): Promise<T> => handle.query<T, unknown[]>(query, ...args);
    return { value: await client.withDeadline(Date.now() + deadlineMs, ask) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
