import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poolId } from '../../src/core/pools.js';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { decideStep, pauseRun, resumeRun } from '../../src/temporal/steer-run.js';
import { until } from '../support/until.js';
import { holders, openPoolScene, queue, ROWS, type PoolScene } from './pool-scene.js';
import { stateOf, stepIs, stepsOf } from './steered-project.js';

const ADA = { by: 'ada', timeoutMs: 30_000 };
/** What a run gives whose extract was let go. */
const DONE = 'orders';
let scene: PoolScene;

beforeAll(async () => {
  scene = await openPoolScene();
});
afterAll(() => scene?.close());

/** Starts runs one after the other, so that they come to the pool in this order. */
async function inOrder(pool: string, ...params: readonly Readonly<Record<string, unknown>>[]): Promise<WorkflowHandle[]> {
  const runs: WorkflowHandle[] = [];
  for (const each of params) {
    const run = await scene.start('one', { pool, ...each });
    await scene.poolIs(pool, (state) => [...holders(state), ...queue(state)].includes(run.workflowId));
    runs.push(run);
  }
  return runs;
}

async function failureOf(run: WorkflowHandle): Promise<{ readonly type?: string; readonly message: string }> {
  try {
    await run.result();
  } catch (error) {
    return (error as { readonly cause: { readonly type?: string; readonly message: string } }).cause;
  }
  throw new Error('The run did not fail.');
}

async function eventsOf(run: WorkflowHandle) {
  return (await run.fetchHistory()).events ?? [];
}

test('so many steps are at work as the pool has slots; the others wait, and cost six events of history more', async () => {
  const [first, second, third] = (await inOrder('pair', {}, {}, {})) as [WorkflowHandle, WorkflowHandle, WorkflowHandle];
  await scene.works(first);
  await scene.works(second);
  await stepIs(third, 'extract:orders', 'queued');
  expect(scene.atWork()).not.toContain(third.workflowId);
  expect(await stateOf(third)).toMatchObject({ steps: [{ step: 'extract:orders', waitsFor: 'waiting for pool pair' }] });
  const { currentDetails } = await third.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('| extract | orders | waiting for pool pair |');
  const id = poolId(scene.worker.taskQueue, 'pair');
  await until(
    async () => (await scene.catalog.findPool(id))?.queuedInAll === 1,
    () => 'the catalog was not told of the pool',
  );
  expect(await scene.catalog.findPool(id)).toMatchObject({ pool: 'pair', slots: 2, queued: [{ workflowId: third.workflowId }] });

  scene.letGo(first);
  await scene.works(third);
  scene.letGo(second, third);
  for (const run of [first, second, third]) expect(await run.result()).toBe(DONE);
  await scene.poolIs('pair', ({ held, queued }) => held.length + queued.length === 0);
  const plain = await scene.start('plain');
  scene.letGo(plain);
  await plain.result();
  expect((await eventsOf(third)).length).toBeLessThanOrEqual((await eventsOf(plain)).length + 6);
});

test('a light step does not pass a heavy one before it, and one of a higher priority passes both', async () => {
  const [first, heavy, light] = (await inOrder('line', {}, { weight: 2 }, {})) as [
    WorkflowHandle,
    WorkflowHandle,
    WorkflowHandle,
  ];
  const [urgent] = (await inOrder('line', { weight: 2, priority: 1 })) as [WorkflowHandle];
  await scene.works(first);
  const state = await scene.poolState('line');
  expect(holders(state)).toEqual([first.workflowId]);
  expect(queue(state)).toEqual([urgent, heavy, light].map(({ workflowId }) => workflowId));
  scene.letGo(first);
  for (const run of [urgent, heavy]) {
    await scene.works(run);
    expect(scene.atWork()).not.toContain(light.workflowId);
    scene.letGo(run);
  }
  scene.letGo(light);
  for (const run of [first, urgent, heavy, light]) expect(await run.result()).toBe(DONE);
});

test('a step that asks for more than the pool has, or for a pool that there is not, fails and says so', async () => {
  expect(await failureOf(await scene.start('one', { weight: 3 }))).toMatchObject({
    type: 'POOL_TOO_SMALL',
    message: expect.stringMatching(/asks for 3 slots of pool "pair", which has 2/) as string,
  });
  expect(await failureOf(await scene.start('one', { pool: 'pairs' }))).toMatchObject({
    type: 'POOL_UNKNOWN',
    message: expect.stringMatching(/no pool "pairs".*Did you mean "pair"\?/) as string,
  });
  for (const [wrong, message] of [
    [{ weight: 0 }, /weight in pool "pair" is 0/],
    [{ priority: 9 }, /priority is 9/],
    [{ pool: '' }, /pool is .*it is a pool's name/],
  ] as const) {
    expect(await failureOf(await scene.start('one', wrong))).toMatchObject({
      type: 'OPTION_INVALID',
      message: expect.stringMatching(message) as string,
    });
  }
});

test('a run that is cancelled leaves the queue, and frees its slot once its step has stopped', async () => {
  const [working, waiting, next] = (await inOrder('left', {}, {}, {})) as [WorkflowHandle, WorkflowHandle, WorkflowHandle];
  await scene.works(working);
  await cancelRun(scene.temporal, waiting);
  await expect(waiting.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(await stepsOf(waiting)).toEqual(['extract:orders cancelled']);
  await scene.poolIs('left', (state) => queue(state).join() === next.workflowId);
  await cancelRun(scene.temporal, working);
  await expect(working.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await scene.works(next);
  expect(scene.atWork()).not.toContain(working.workflowId);
  scene.letGo(next);
  expect(await next.result()).toBe(DONE);
});

test('a run that is paused while it waits gives its place up, and asks again when it is resumed', async () => {
  const [working, waiting] = (await inOrder('paused', {}, {})) as [WorkflowHandle, WorkflowHandle];
  await pauseRun(scene.temporal, waiting, ADA);
  await stepIs(waiting, 'extract:orders', 'held');
  await scene.poolIs('paused', ({ queued }) => queued.length === 0);
  scene.letGo(working);
  await working.result();
  await scene.poolIs('paused', ({ held }) => held.length === 0);
  expect(scene.atWork()).not.toContain(waiting.workflowId);
  await resumeRun(scene.temporal, waiting, ADA);
  scene.letGo(waiting);
  expect(await waiting.result()).toBe(DONE);
});

test('a step that waits for a decision has no slot meanwhile', async () => {
  const run = await scene.start('careful', { file: 'nothing.csv' });
  await stepIs(run, 'extract:orders', 'waiting');
  const [other] = (await inOrder('decided', {})) as [WorkflowHandle];
  await scene.works(other);
  await decideStep(scene.temporal, run, { ...ADA, step: 'extract:orders', decision: 'retry' });
  await stepIs(run, 'extract:orders', 'queued');
  scene.letGo(other);
  await stepIs(run, 'extract:orders', 'waiting');
  await decideStep(scene.temporal, run, { ...ADA, step: 'extract:orders', decision: 'skip', reason: 'test' });
  expect(await run.result()).toBe(DONE);
  await scene.poolIs('decided', ({ held, queued }) => held.length + queued.length === 0);
});

test('a judgement and its load that are one activity take one slot', async () => {
  const run = await scene.start('both');
  scene.letGo(run);
  expect(await run.result()).toBe(ROWS);
  const scheduled = (await eventsOf(run)).flatMap(({ activityTaskScheduledEventAttributes: each }) => each?.activityId ?? []);
  expect(scheduled).toEqual(['extract:orders', expect.stringMatching(/^validate:orders\+load:lake\.both-/)]);
  const state = await scene.poolIs('joint', ({ held }) => held.length === 0);
  expect(state.queued).toEqual([]);
});

test('the slot of a run that was terminated is free once its activity has surely stopped, also when the pool was terminated with it', async () => {
  const [working, waiting] = (await inOrder('gone', {}, {})) as [WorkflowHandle, WorkflowHandle];
  await scene.works(working);
  await working.terminate('test');
  // Nobody is left who would ask it for anything: a worker sees that it is gone.
  await scene.worker.client.workflow.getHandle(poolId(scene.worker.taskQueue, 'gone')).terminate('test');
  await scene.works(waiting);
  expect(scene.atWork()).not.toContain(working.workflowId);
  const { since } = (await scene.poolState('gone')).held[0] ?? { since: '' };
  const { closeTime } = await working.describe();
  expect(Date.parse(since) - (closeTime?.getTime() ?? 0)).toBeGreaterThanOrEqual(8_000);
  scene.letGo(waiting);
  expect(await waiting.result()).toBe(DONE);
});

test('a run that is reset does not begin with the slot of the run before it, and asks for another', async () => {
  const [run] = (await inOrder('reset', {})) as [WorkflowHandle];
  await scene.works(run);
  const before = (await run.describe()).runId;
  const runId = await scene.reset(run);
  const latest = scene.worker.client.workflow.getHandle(run.workflowId);
  await scene.poolIs('reset', ({ queued }) => queued.some((slot) => slot.runId === runId));
  expect((await scene.poolState('reset')).held).toMatchObject([{ runId: before }]);
  scene.letGo(run);
  expect(await latest.result()).toBe(DONE);
  const failures = (await eventsOf(latest)).flatMap((event) => event.activityTaskFailedEventAttributes?.failure?.message ?? []);
  expect(failures).toEqual([expect.stringContaining('[SLOT_LOST]')]);
  await scene.poolIs('reset', ({ held, queued }) => held.length + queued.length === 0);
});

test('a slot that somebody frees is given on, and what its step gives back later is nobody’s', async () => {
  const [working, waiting] = (await inOrder('freed', {}, {})) as [WorkflowHandle, WorkflowHandle];
  const [slot] = (await scene.poolState('freed')).held;
  const pool = scene.worker.client.workflow.getHandle(poolId(scene.worker.taskQueue, 'freed'));
  await pool.signal('free', { token: slot?.token, by: 'ada', reason: 'test' });
  await scene.works(waiting);
  scene.letGo(working, waiting);
  for (const run of [working, waiting]) expect(await run.result()).toBe(DONE);
  await scene.poolIs('freed', ({ held, queued }) => held.length + queued.length === 0);
});

test('a pool that is terminated is followed by one that knows who holds its slots and who waits', async () => {
  const [first, heavy, third] = (await inOrder('again', {}, { weight: 2 }, {})) as [
    WorkflowHandle,
    WorkflowHandle,
    WorkflowHandle,
  ];
  await scene.works(first);
  const pool = scene.worker.client.workflow.getHandle(poolId(scene.worker.taskQueue, 'again'));
  await pool.cancel();
  await pool.terminate('test');
  const [last] = (await inOrder('again', {})) as [WorkflowHandle];
  const state = await scene.poolIs('again', ({ held }) => held.length > 0);
  expect(holders(state)).toEqual([first.workflowId]);
  expect(queue(state)).toEqual([heavy, third, last].map(({ workflowId }) => workflowId));
  scene.letGo(first);
  await scene.works(heavy);
  expect(scene.atWork()).not.toContain(third.workflowId);
  scene.letGo(heavy, third, last);
  for (const run of [first, heavy, third, last]) expect(await run.result()).toBe(DONE);
});

test('priority and fairness of pipelines and steps go with their tasks', async () => {
  const run = await scene.start('plain');
  scene.letGo(run);
  await run.result();
  const scheduled = (await eventsOf(run)).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
  expect(scheduled).toMatchObject([{ priority: { priorityKey: 2, fairnessKey: 'step' } }]);
});
