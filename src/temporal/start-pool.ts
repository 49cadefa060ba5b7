import { POOL_WORKFLOW, poolId, type FreeSignal, type PoolSize } from '../core/pools.js';
import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** A pool of a project, and how large it begins. */
export interface StartedPool {
  readonly pool: string;
  readonly taskQueue: string;
  readonly size: PoolSize;
}

/**
 * Starts a pool; one that is there goes on as it was.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE
 */
export async function startPool(temporal: TemporalClient, pool: StartedPool): Promise<void> {
  const options = optionsOf(pool);
  await answered(temporal, options.workflowId, () =>
    temporal.client.workflow.start(POOL_WORKFLOW, { ...options, workflowIdConflictPolicy: 'USE_EXISTING' }),
  );
}

/**
 * Has a pool free a slot. It needs no worker to be asked; one that was terminated is started again.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE
 */
export async function signalFree(temporal: TemporalClient, pool: StartedPool, freed: FreeSignal): Promise<void> {
  const options = optionsOf(pool);
  await answered(temporal, options.workflowId, () =>
    temporal.client.workflow.signalWithStart(POOL_WORKFLOW, { ...options, signal: 'free', signalArgs: [freed] }),
  );
}

function optionsOf({ pool, taskQueue, size }: StartedPool) {
  return { workflowId: poolId(taskQueue, pool), taskQueue, args: [{ pool, ...size }] };
}
