import { expect, test } from 'vitest';
import type { PoolRow } from '../../src/catalog/index.js';
import { poolId } from '../../src/core/pools.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at } from './sample-facts.js';

const REQUEST = { workflowId: 'loads/2024-01', runId: 'run-1', pipeline: 'loads', step: 'load:warehouse.orders', weight: 1 };

function told(change: number, time: string, more: Partial<PoolRow> = {}): PoolRow {
  return {
    poolId: poolId('millrace', 'warehouse'),
    pool: 'warehouse',
    runId: 'execution-1',
    slots: 4,
    held: [{ ...REQUEST, token: `token-${change}`, priority: 3, askedAt: at(0), since: at(1) }],
    queued: [],
    queuedInAll: 0,
    change,
    at: time,
    ...more,
  };
}

onBothDatabases((fresh) => {
  test('a pool is as it last told of itself, whatever word of it comes late', async () => {
    const { catalog } = await fresh();
    const last = told(7, at(3), { slots: 2, queuedInAll: 300 });
    await catalog.recordPool(told(5, at(2)));
    await catalog.recordPool(last);
    await catalog.recordPool(told(6, at(3)));
    await catalog.recordPool(told(9, at(2)));
    expect(await catalog.findPool(last.poolId)).toEqual(last);
  });

  test('a pool that begins to count anew is heard all the same', async () => {
    const { catalog } = await fresh();
    const anew = told(1, at(4), { runId: 'execution-2' });
    await catalog.recordPool(told(70, at(3)));
    await catalog.recordPool(anew);
    expect(await catalog.findPool(anew.poolId)).toEqual(anew);
  });

  test('the pools of a task queue are listed by name, and those of no other', async () => {
    const { catalog } = await fresh();
    for (const [queue, pool] of [
      ['millrace', 'warehouse'],
      ['millrace', 'api'],
      ['millrace2', 'other'],
    ] as const)
      await catalog.recordPool(told(1, at(1), { poolId: poolId(queue, pool), pool }));
    expect((await catalog.listPools(poolId('millrace', ''))).map(({ pool }) => pool)).toEqual(['api', 'warehouse']);
    expect(await catalog.findPool(poolId('millrace', 'none'))).toBeUndefined();
  });
});
