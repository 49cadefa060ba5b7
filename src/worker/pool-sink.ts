import type { InjectedSinks, Logger } from '@temporalio/worker';
import { patiently } from '../../activities/patience.js';
import type { Catalog, PoolRow } from '../catalog/index.js';
import { messageOf } from '../core/errors.js';
import type { PoolSinks } from '../core/pools.js';

/** A catalog that is down is waited for so long; by then the pool has told again. */
const PATIENCE_MS = 10 * 60_000;

interface PoolServices {
  readonly catalog: Catalog;
  readonly logger: Logger;
}

/**
 * Where a pool tells how it stands. Of words that come faster than the catalog takes them, the latest counts: each is about the
 * whole pool. No pool waits for it.
 */
export function poolSink({ catalog, logger }: PoolServices): InjectedSinks<PoolSinks> {
  const latest = new Map<string, PoolRow>();
  const writing = new Set<string>();

  async function write(poolId: string): Promise<void> {
    if (writing.has(poolId)) return;
    writing.add(poolId);
    try {
      for (let row = latest.get(poolId); row; row = latest.get(poolId)) {
        latest.delete(poolId);
        const written = row;
        await patiently(() => catalog.recordPool(latest.get(poolId) ?? written), AbortSignal.timeout(PATIENCE_MS));
      }
    } catch (error) {
      logger.warn(`The catalog did not take how pool ${poolId} stands: ${messageOf(error)}`);
    } finally {
      writing.delete(poolId);
    }
  }

  return {
    pool: {
      tell: {
        fn: ({ workflowId, runId }, told) => {
          latest.set(workflowId, { ...told, poolId: workflowId, runId });
          void write(workflowId);
        },
        callDuringReplay: false,
      },
    },
  };
}
