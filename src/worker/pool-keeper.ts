import type { Catalog, PoolRow } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { sizeOfPool } from '../config/pools.js';
import { poolId } from '../core/pools.js';
import { repeat, type Repeated } from '../recurring/repeat.js';
import { tellTroublesOnce, type RecurringLog } from '../recurring/troubles.js';
import type { TemporalClient } from '../temporal/connect.js';
import { startPool } from '../temporal/start-pool.js';

/** Pause between two looks. */
const INTERVAL_MS = 10_000;

interface KeeperSettings {
  readonly project: LoadedProject;
  readonly catalog: Pick<Catalog, 'listPools'>;
  readonly temporal: TemporalClient;
  readonly log: RecurringLog;
  /** @default 10000 */
  readonly intervalMs?: number;
}

/**
 * Sees that a pool is there for as long as steps hold its slots or wait for them. A pool that somebody terminates is started
 * again by the next request; when none comes, since all that are open wait, this starts it. Any number of workers may do so at
 * once: a pool that is there takes no notice. Of idle pools nothing is asked.
 */
export function keepPools({ project, catalog, temporal, log, intervalMs = INTERVAL_MS }: KeeperSettings): Repeated {
  const troubled = tellTroublesOnce(log);

  async function look(): Promise<void> {
    const rows = await catalog.listPools(poolId(project.taskQueue, ''));
    const busy = rows.filter(({ held, queuedInAll }) => held.length + queuedInAll > 0);
    for (const row of busy) await startPool(temporal, { pool: row.pool, taskQueue: project.taskQueue, size: sizeFor(row) });
  }

  function sizeFor({ pool, slots }: PoolRow) {
    return sizeOfPool(project, pool) ?? { slots, graceMs: 30_000 };
  }

  return repeat(() => troubled('Nobody can see for now whether the pools are there', look), { intervalMs });
}
