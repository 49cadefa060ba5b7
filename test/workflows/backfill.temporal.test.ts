import { afterAll, beforeAll, expect, test } from 'vitest';
import { byStatus, isClosed, openBackfillScene, type BackfillScene } from './backfill-scene.js';

// The server is shared, and runs are called after their partitions: no other test has those of 2024 to 2026.
let scene: BackfillScene;

beforeAll(async () => {
  scene = await openBackfillScene();
});
afterAll(() => scene?.close());

test('a backfill runs what is missing, each as the partition’s own run, and leaves out what has completed', async () => {
  const { operations, worker, give, reach } = scene;
  give('2024-01', '2024-02', '2024-03');
  await (await worker.start('copyMonth', [{ month: '2024-02' }], 'somebody-did-february')).result();
  const range = { pipeline: 'copyMonth', from: '2024-01', to: '2024-03' };
  expect(await operations.previewBackfill(range)).toMatchObject({
    todo: [
      { partition: '2024-01', latest: null },
      { partition: '2024-03', latest: null },
    ],
    leftOut: [{ partition: '2024-02', reason: 'run somebody-did-february has completed' }],
    rows: 4,
    measuredRuns: 1,
  });
  const { id, started, worker: polled } = await operations.startBackfill(range);
  expect({ started, polled }).toEqual({ started: true, polled: true });
  const backfill = await reach(id, isClosed);
  expect(backfill).toMatchObject({
    status: 'completed',
    counts: { waiting: 0, running: 0, completed: 2, failed: 0, cancelled: 0 },
    leftOut: 1,
    error: null,
  });
  expect(backfill.partitions.map(({ partition, status, workflowId }) => [partition, status, workflowId])).toEqual([
    ['2024-01', 'completed', 'copyMonth/2024-01'],
    ['2024-02', 'left out', 'copyMonth/2024-02'],
    ['2024-03', 'completed', 'copyMonth/2024-03'],
  ]);
  const run = await operations.getRun({ run: 'copyMonth/2024-03' });
  expect(run).toMatchObject({ status: 'completed', runId: backfill.partitions[2]?.runId });
  expect((await operations.listBackfills({ pipeline: 'copyMonth' })).items.map((item) => item.id)).toEqual([id]);
});

test('a partition that fails stops no other, and a retry of the closed backfill does that one alone', async () => {
  const { operations, give, reach } = scene;
  give('2024-04', '2024-06');
  const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2024-04', to: '2024-06' });
  const failed = await reach(id, isClosed);
  expect(byStatus(failed)).toEqual({ completed: ['2024-04', '2024-06'], failed: ['2024-05'] });
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'BACKFILL_INCOMPLETE' } });
  expect(failed.error?.message).toMatch(
    /^1 of 3 partitions of "copyMonth" have not completed\.\n {2}- 2024-05 failed: Step extract:sales failed: .*2024-05\.csv.*\[FILE_MISSING\]\nMend/,
  );
  expect(failed.partitions[1]).toMatchObject({ attempts: 1, error: { code: 'FILE_MISSING' } });
  give('2024-05');
  expect(await operations.retryBackfill({ backfill: id })).toMatchObject({
    status: 'running',
    counts: { waiting: 1, completed: 2 },
    worker: true,
  });
  const mended = await reach(id, (backfill) => backfill.status === 'completed');
  expect(mended.error).toBeNull();
  expect(mended.partitions.map(({ attempts }) => attempts)).toEqual([1, 2, 1]);
  expect(mended.partitions.map(({ runId }) => runId === null)).toEqual([false, false, false]);
  expect(mended.partitions[0]?.runId).toBe(failed.partitions[0]?.runId);
  expect(mended.partitions[1]?.runId).not.toBe(failed.partitions[1]?.runId);
  await expect(operations.retryBackfill({ backfill: id })).rejects.toMatchObject({ code: 'BACKFILL_INVALID' });
});

test('with stopOnFailure no partition is begun after one that failed, and a retry does the rest too', async () => {
  const { operations, give, reach } = scene;
  give('2024-08', '2024-09');
  const range = { pipeline: 'copyMonth', from: '2024-07', to: '2024-09', concurrency: 1, stopOnFailure: true };
  const { id } = await operations.startBackfill(range);
  const stopped = await reach(id, isClosed);
  expect(byStatus(stopped)).toEqual({ failed: ['2024-07'], waiting: ['2024-08', '2024-09'] });
  expect(stopped.error?.message).toContain('3 of 3 partitions of "copyMonth" have not completed, of which 2 were not begun.');
  give('2024-07');
  await operations.retryBackfill({ backfill: id });
  expect(byStatus(await reach(id, (backfill) => backfill.status === 'completed')).completed).toHaveLength(3);
});

test('a paused backfill lets its runs finish and begins none; a failed one is retried while others are at work', async () => {
  const { operations, worker, give, hold, letGo, reach, arrived } = scene;
  const ofThis = (): string[] => arrived.filter((run) => /copyMonth\/2025-0[1-4]$/.test(run));
  give('2025-01', '2025-03', '2025-04');
  hold('2025-01', '2025-03');
  const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2025-01', to: '2025-04' });
  await reach(id, ({ counts }) => counts.failed === 1 && counts.running === 2);
  expect(await operations.pauseBackfill({ backfill: id })).toMatchObject({ status: 'paused', counts: { waiting: 1 } });
  expect(await operations.pauseBackfill({ backfill: id })).toMatchObject({ status: 'paused' });
  letGo('2025-01', '2025-03');
  const paused = await reach(id, ({ counts }) => counts.completed === 2);
  expect(paused).toMatchObject({ status: 'paused', counts: { waiting: 1, running: 0 }, worker: true });
  expect(ofThis()).toEqual(['copyMonth/2025-01', 'copyMonth/2025-03']);
  await expect(operations.retryBackfill({ backfill: id, partitions: ['2025-01'] })).rejects.toMatchObject({
    code: 'BACKFILL_INVALID',
    message: 'Partition 2025-01 is completed. Only failed and cancelled ones can be retried.',
  });
  give('2025-02');
  expect(await operations.retryBackfill({ backfill: id, partitions: ['2025-02'] })).toMatchObject({
    counts: { waiting: 2, failed: 0 },
  });
  expect(await operations.resumeBackfill({ backfill: id })).toMatchObject({ status: 'running' });
  const done = await reach(id, isClosed);
  expect(done).toMatchObject({ status: 'completed', counts: { completed: 4 } });
  const view = await worker.client.workflow.getHandle(id).query<{ partitions: { attempts: number }[] }>('state');
  expect(view.partitions.map(({ attempts }) => attempts)).toEqual([1, 2, 1, 1]);
  await expect(operations.pauseBackfill({ backfill: id })).rejects.toMatchObject({ code: 'BACKFILL_CLOSED' });
});

test('a run of a partition that is under way is waited for and counted, and never begun a second time', async () => {
  const { operations, worker, give, hold, letGo, reach, arrived } = scene;
  give('2025-05', '2025-06');
  hold('2025-05');
  const live = await worker.start('copyMonth', [{ month: '2025-05' }], 'copyMonth/2025-05');
  await scene.arrival('copyMonth/2025-05');
  const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2025-05', to: '2025-06', only: 'all' });
  await reach(id, ({ counts }) => counts.completed === 1);
  letGo('2025-05');
  const done = await reach(id, isClosed);
  expect(done).toMatchObject({ status: 'completed', counts: { completed: 2 } });
  expect(done.partitions[0]?.runId).toBe(live.firstExecutionRunId);
  expect(arrived.filter((run) => run === 'copyMonth/2025-05')).toHaveLength(1);
});

test('a backfill that is cancelled asks its runs to stop, and tells what was not done', async () => {
  const { operations, give, hold, letGo, reach } = scene;
  give('2025-07', '2025-08', '2025-09');
  hold('2025-07');
  const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2025-07', to: '2025-09', concurrency: 1 });
  await scene.arrival('copyMonth/2025-07');
  expect(await operations.cancelBackfill({ backfill: id })).toMatchObject({ requested: true });
  const ended = await reach(id, isClosed);
  expect(byStatus(ended)).toEqual({ cancelled: ['2025-07'], waiting: ['2025-08', '2025-09'] });
  expect(ended.status).toBe('cancelled');
  expect((await operations.getRun({ run: 'copyMonth/2025-07' })).status).toBe('cancelled');
  expect(await operations.cancelBackfill({ backfill: id })).toMatchObject({ requested: false, status: 'cancelled' });
  letGo('2025-07');
});

test('runs can be left at work: by a cancellation, and by a backfill that is terminated', async () => {
  const { operations, worker, give, hold, letGo, reach } = scene;
  give('2025-10', '2025-11', '2025-12');
  hold('2025-10', '2025-11');
  const range = { pipeline: 'copyMonth', from: '2025-10', to: '2025-12', concurrency: 1 };
  const first = await operations.startBackfill({ ...range, to: '2025-10' });
  await scene.arrival('copyMonth/2025-10');
  await operations.cancelBackfill({ backfill: first.id, leaveRuns: true });
  expect(await reach(first.id, isClosed)).toMatchObject({ status: 'cancelled', counts: { running: 1 } });
  letGo('2025-10');
  const seen = await reach(first.id, ({ partitions }) => partitions[0]?.status === 'completed');
  expect(seen.status).toBe('cancelled');

  const before = await worker.start('copyMonth', [{ month: '2025-12' }], 'copyMonth/2025-12');
  await before.result();
  const { id } = await operations.startBackfill({ ...range, from: '2025-11', only: 'all' });
  await scene.arrival('copyMonth/2025-11');
  await worker.client.workflow.getHandle(id).terminate('out of patience');
  const terminated = await reach(id, isClosed);
  expect(terminated).toMatchObject({ status: 'terminated', error: { code: 'RUN_TERMINATED' } });
  letGo('2025-11');
  await operations.retryBackfill({ backfill: id });
  const done = await reach(id, ({ status }) => status === 'completed');
  expect(byStatus(done)).toEqual({ completed: ['2025-11', '2025-12'] });
  expect(scene.arrived.filter((run) => run === 'copyMonth/2025-11')).toHaveLength(1);
  // What had completed before the backfill was its to do anew.
  expect(done.partitions[1]?.runId).not.toBe(before.firstExecutionRunId);
});

test('no more runs are at work than were asked for', async () => {
  const { operations, give, hold, letGo, reach, arrived } = scene;
  const months = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, '0')}`);
  give(...months);
  hold(...months);
  const { id } = await operations.startBackfill({ pipeline: 'copyMonth', from: '2026-01', to: '2026-12', concurrency: 2 });
  await scene.arrival('copyMonth/2026-02');
  const atWork = await reach(id, ({ counts }) => counts.running === 2);
  expect(atWork.counts).toMatchObject({ running: 2, waiting: 10 });
  expect(arrived.filter((run) => run.startsWith('copyMonth/2026'))).toHaveLength(2);
  letGo(...months);
  let most = 0;
  await reach(id, (backfill) => {
    most = Math.max(most, backfill.counts.running);
    return isClosed(backfill);
  });
  expect(most).toBeLessThanOrEqual(2);
});
