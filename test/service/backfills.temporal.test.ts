import { afterAll, beforeAll, expect, test } from 'vitest';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { openCatalog } from '../../src/catalog/index.js';
import type { Caller } from '../../src/access/caller.js';
import type { Operations } from '../../src/api/index.js';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { startProjectService } from '../support/project-service.js';
import { temporalAddress } from '../support/temporal.js';
import { isClosed, openBackfillScene, type BackfillScene } from '../workflows/backfill-scene.js';

let scene: BackfillScene;
let operations: Operations;

beforeAll(async () => {
  scene = await openBackfillScene();
  operations = scene.operations;
});
afterAll(() => scene?.close());

// Years that no other test has: runs are called after their partitions, and the server is shared.
const range = { pipeline: 'copyMonth', from: '2034-01', to: '2034-02' };

test.each([
  ['an unknown pipeline', { ...range, pipeline: 'copyMonths' }, 'PIPELINE_UNKNOWN', 'Did you mean "copyMonth"?'],
  [
    'a pipeline without partitions',
    { ...range, pipeline: 'copyAll' },
    'BACKFILL_INVALID',
    'Those that have: copyMonth, copyDay.',
  ],
  ['the later partition first', { ...range, from: '2034-03' }, 'PARAMETERS_INVALID', 'the earlier one first'],
  ['a day where there are months', { ...range, from: '2024-01-01' }, 'PARAMETERS_INVALID', 'one of the pipeline'],
  ['a month that is none', { ...range, to: '2024-13' }, 'PARAMETERS_INVALID', '"2024-13" is not a partition'],
  ['a month before the first', { ...range, from: '2023-12' }, 'PARAMETERS_INVALID', 'begin with 2024-01'],
  ['millennia', { pipeline: 'copyDay', from: '2024-01-01', to: '9999-12-31' }, 'BACKFILL_INVALID', 'more than 10000 partitions'],
] as const)('%s is refused, by a preview as by a start', async (_, input, code, message) => {
  const asked = [operations.previewBackfill(input), operations.startBackfill(input)];
  const refusal = { code, message: expect.stringContaining(message) as string };
  await Promise.all(asked.map((each) => expect(each).rejects.toMatchObject(refusal)));
});

test.each([
  ['no run at once', { ...range, concurrency: 0 }, 'REQUEST_INVALID', 'concurrency'],
  ['too many at once', { ...range, concurrency: 101 }, 'REQUEST_INVALID', 'concurrency'],
  ['other words', { ...range, only: 'some' as 'all' }, 'REQUEST_INVALID', 'only'],
  ['parameters that runs refuse', { ...range, params: { least: 'much' } }, 'PARAMETERS_INVALID', 'least'],
  ['the partition as a parameter', { ...range, params: { month: '2034-01' } }, 'BACKFILL_INVALID', '"month" names the partition'],
] as const)('a start with %s is refused', async (_, input, code, message) => {
  await expect(operations.startBackfill(input)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test('what is done to a backfill that nobody knows is refused', async () => {
  const backfill = 'backfill/copyMonth/never';
  for (const id of ['getBackfill', 'pauseBackfill', 'resumeBackfill', 'cancelBackfill', 'retryBackfill'] as const) {
    await expect(operations[id]({ backfill })).rejects.toMatchObject({ code: 'BACKFILL_UNKNOWN' });
  }
});

test('a start with the same key again is the same backfill, and another one with it is refused', async () => {
  scene.give('2034-01', '2034-02');
  const [first, second] = await Promise.all([1, 2].map(() => operations.startBackfill({ ...range, idempotencyKey: 'once' })));
  expect(second?.id).toBe(first?.id);
  expect([first?.started, second?.started].filter(Boolean)).toHaveLength(1);
  const id = first?.id ?? '';
  const done = await scene.reach(id, isClosed);
  expect(done).toMatchObject({ status: 'completed', counts: { completed: 2 } });
  expect(await operations.startBackfill({ ...range, idempotencyKey: 'once' })).toMatchObject({ id, started: false });
  await expect(operations.startBackfill({ ...range, to: '2034-03', idempotencyKey: 'once' })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_CONFLICT',
    message: expect.stringContaining('asked to do something else'),
  });
  await expect(operations.retryBackfill({ backfill: id, partitions: ['2034-01'] })).rejects.toMatchObject({
    message: 'Partition 2034-01 is completed. Only what has not completed can be retried.',
  });
  await expect(operations.retryBackfill({ backfill: id, partitions: ['2034-07'] })).rejects.toMatchObject({
    code: 'BACKFILL_INVALID',
  });
});

test('lists go on where they ended, and show what a filter asks for', async () => {
  scene.give('2034-03');
  const { id } = await operations.startBackfill({ ...range, from: '2034-03', to: '2034-03' });
  await scene.reach(id, isClosed);
  const { id: failing } = await operations.startBackfill({ ...range, from: '2034-04', to: '2034-04' });
  await scene.reach(failing, isClosed);
  const page = await operations.listBackfills({ limit: 1 });
  expect(page.items.map((item) => [item.id, item.status])).toEqual([[failing, 'failed']]);
  const next = await operations.listBackfills({ limit: 1, cursor: page.next ?? '' });
  expect(next.items[0]?.id).toBe(id);
  expect((await operations.listBackfills({ status: 'failed' })).items.map((item) => item.id)).toEqual([failing]);
  expect(await operations.listBackfills({ pipeline: 'copyDay' })).toEqual({ items: [], next: null });
  await expect(operations.listBackfills({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

test('without a worker a backfill waits and says so, is not paused, and can be cancelled', async () => {
  const project = { ...scene.worker.project, taskQueue: `${scene.worker.taskQueue}-nobody` };
  const alone = await startProjectService(project);
  try {
    const { id, worker } = await alone.operations.startBackfill({ ...range, only: 'all' });
    expect(worker).toBe(false);
    expect(await alone.operations.getBackfill({ backfill: id })).toMatchObject({
      status: 'running',
      worker: false,
      partitions: [],
    });
    for (const action of ['pauseBackfill', 'resumeBackfill', 'retryBackfill'] as const) {
      await expect(alone.operations[action]({ backfill: id })).rejects.toMatchObject({
        code: 'BACKFILL_NO_WORKER',
        message: expect.stringContaining('-nobody'),
      });
    }
    expect(await alone.operations.cancelBackfill({ backfill: id })).toMatchObject({ requested: true });
    await scene.worker.client.workflow.getHandle(id).terminate('nobody takes it up');
    expect(await scene.reach(id, isClosed)).toMatchObject({ status: 'terminated' });
  } finally {
    await alone.stop();
  }
});

test('who may only look starts nothing, and who has to do with other pipelines sees nothing', async () => {
  const { project } = scene.worker;
  const catalog = await openCatalog(project.catalog);
  const temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  const services = { project, catalog, temporal, states: openTemporalStates(temporal, project.taskQueue) };
  const as = (caller: Omit<Caller, 'name' | 'kind'>): Operations =>
    localOperations(services, { name: 'ann', kind: 'token', ...caller });
  try {
    const viewer = as({ role: 'viewer' });
    await expect(viewer.startBackfill(range)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const [known] = (await viewer.listBackfills({})).items;
    const backfill = known?.id ?? '';
    expect(known?.pipeline).toBe('copyMonth');
    for (const action of ['pauseBackfill', 'resumeBackfill', 'cancelBackfill', 'retryBackfill'] as const) {
      await expect(viewer[action]({ backfill })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const stranger = as({ role: 'operator', scope: { pipelines: ['copyDay'] } });
    expect((await stranger.listBackfills({})).items).toEqual([]);
    expect((await stranger.listBackfills({ pipeline: 'copyMonth' })).items).toEqual([]);
    await expect(stranger.getBackfill({ backfill })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(stranger.retryBackfill({ backfill })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(stranger.startBackfill(range)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(stranger.previewBackfill(range)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { items } = await as({ role: 'viewer', scope: { tags: ['sales'] } }).listBackfills({});
    expect(items.map(({ id }) => id)).toContain(backfill);
  } finally {
    await catalog.close();
    await temporal.close();
  }
});

test('a backfill started by the bare Temporal client is one like any other, and refuses what is wrong', async () => {
  const { client, taskQueue } = scene.worker;
  const start = (workflowId: string, input: object) =>
    client.workflow.start('millrace.backfill', { taskQueue, workflowId, args: [input] });
  const wrong = await start('bare-wrong', { ...range, only: 'most' });
  await expect(wrong.result()).rejects.toMatchObject({
    cause: { type: 'BACKFILL_INVALID', message: expect.stringContaining('only: ') },
  });
  scene.give('2034-06');
  const bare = await start('bare', { pipeline: 'copyMonth', from: '2034-06', to: '2034-06' });
  expect(await bare.result()).toEqual({ completed: 1, leftOut: 0 });
  expect(await operations.getBackfill({ backfill: 'bare' })).toMatchObject({
    status: 'completed',
    by: 'unknown',
    only: 'missing',
    concurrency: 2,
  });
});
