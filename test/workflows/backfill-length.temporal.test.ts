import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TemporalServer } from '../../src/dev/temporal-server.js';
import { startOwnTemporal } from '../support/own-temporal.js';
import { until } from '../support/until.js';
import { byStatus, isClosed, openBackfillScene, type BackfillScene } from './backfill-scene.js';

/** Events after which Temporal suggests to continue as new, instead of 4,096. */
const FEW_EVENTS = 60;

let server: TemporalServer;
let scene: BackfillScene;

beforeAll(async () => {
  server = await startOwnTemporal({
    'limit.historyCount.suggestContinueAsNew': FEW_EVENTS,
    // Of several parts of a queue, each by itself is in the order of priorities.
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
  });
  scene = await openBackfillScene({ address: server.address });
});
afterAll(async () => {
  await scene?.close();
  await server?.stop();
});

/** How often a backfill has continued as new, as its executions tell, from the first one on. */
async function continuations(workflowId: string, first: string): Promise<number> {
  const { workflow } = scene.worker.client;
  for (let runId = first, count = 0; ; count += 1) {
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    const next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (!next) return count;
    expect(events?.length).toBeLessThan(FEW_EVENTS * 3);
    runId = next;
  }
}

test('a long backfill continues as new, with a run at work all the while, and does every partition once', async () => {
  const { operations, give, hold, letGo, arrival, arrived, reach } = scene;
  const months = ['2024', '2025'].flatMap((year) =>
    Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`),
  );
  give(...months.filter((month) => month !== '2024-02'));
  hold('2024-01');
  const range = { pipeline: 'copyMonth', from: '2024-01', to: '2025-12', concurrency: 3 };
  const { id, runId } = await operations.startBackfill(range);
  await arrival('copyMonth/2024-01');
  const almost = await reach(id, ({ counts }) => counts.completed === 22);
  expect(byStatus(almost)).toMatchObject({ failed: ['2024-02'], running: ['2024-01'] });
  expect(await operations.pauseBackfill({ backfill: id })).toMatchObject({ status: 'paused', counts: { failed: 1, running: 1 } });
  give('2024-02');
  await operations.retryBackfill({ backfill: id });
  letGo('2024-01');
  await reach(id, ({ counts }) => counts.completed === 23);
  await operations.resumeBackfill({ backfill: id });
  const done = await reach(id, isClosed);
  expect(done).toMatchObject({ status: 'completed', counts: { completed: 24 } });
  expect(done.partitions.map(({ attempts }) => attempts)).toEqual(months.map((month) => (month === '2024-02' ? 2 : 1)));
  expect(arrived.toSorted()).toEqual(months.map((month) => `copyMonth/${month}`));
  expect(await continuations(id, runId)).toBeGreaterThanOrEqual(3);
});

test('a backfill that has continued as new still stops a run that it began before', async () => {
  const { operations, give, hold, arrival, reach } = scene;
  const months = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, '0')}`);
  give(...months);
  hold('2026-01', '2026-12');
  const { id, runId } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2026-01', to: '2026-12' });
  await arrival('copyMonth/2026-12');
  expect(await continuations(id, runId)).toBeGreaterThan(0);
  await operations.cancelBackfill({ backfill: id });
  const ended = await reach(id, isClosed);
  expect(byStatus(ended)).toMatchObject({ cancelled: ['2026-01', '2026-12'] });
  expect(ended.status).toBe('cancelled');
});

test('a live run passes the steps of a backfill that wait for a worker', async () => {
  const busy = await openBackfillScene({ address: server.address, limits: { maxConcurrentActivityTaskExecutions: 1 } });
  const { operations, worker, give, hold, letGo, arrival, arrived, reach } = busy;
  const isQueued = async (workflowId: string): Promise<boolean> => {
    const run = await worker.client.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => undefined);
    return (run?.raw.pendingActivities ?? []).length > 0;
  };
  try {
    const months = Array.from({ length: 12 }, (_, index) => `2027-${String(index + 1).padStart(2, '0')}`);
    give(...months, '2028-01');
    hold(...months);
    const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2027-01', to: '2027-12', concurrency: 12 });
    await until(
      async () =>
        arrived.length === 1 && (await Promise.all(months.map((month) => isQueued(`copyMonth/${month}`)))).every(Boolean),
      () => `these have come: ${arrived.join(', ')}`,
    );
    await worker.start('copyMonth', [{ month: '2028-01' }], 'copyMonth/2028-01');
    await until(
      () => isQueued('copyMonth/2028-01'),
      () => 'the live run has no step yet',
    );
    letGo(...months);
    await arrival('copyMonth/2028-01');
    await reach(id, isClosed);
    // The first one had the worker already; eleven others had waited for it longer.
    expect(arrived.indexOf('copyMonth/2028-01')).toBe(1);
    expect(arrived).toHaveLength(13);
  } finally {
    await busy.close();
  }
});
