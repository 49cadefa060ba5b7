import { POOL_WORKFLOW, poolId, type FreeSignal, type PoolSize } from '../core/pools.js';
import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/**
 * Has a pool free a slot. It needs no worker to be asked; one that was terminated is started again.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE
 */
export async function signalFree(
  temporal: TemporalClient,
  { pool, taskQueue, size }: { readonly pool: string; readonly taskQueue: string; readonly size: PoolSize },
  freed: FreeSignal,
): Promise<void> {
  const workflowId = poolId(taskQueue, pool);
  await answered(temporal, workflowId, () =>
    temporal.client.workflow.signalWithStart(POOL_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [{ pool, ...size }],
      signal: 'free',
      signalArgs: [freed],
    }),
  );
}
