import { afterAll, beforeAll, expect, test } from 'vitest';
import { byStatus, isClosed, openBackfillScene, type BackfillScene } from './backfill-scene.js';

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
