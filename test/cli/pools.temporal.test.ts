import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { holders, openPoolScene, queue, type PoolScene } from '../workflows/pool-scene.js';
import { jsonLines, millrace, type CommandResult } from './millrace.js';

let scene: PoolScene;
let service: ProjectService;
let working: WorkflowHandle;
let waiting: WorkflowHandle;
let command: (...args: string[]) => Promise<CommandResult>;

// One run holds the only slot of a pool, another waits for it.
beforeAll(async () => {
  scene = await openPoolScene();
  service = await startProjectService(scene.worker.project);
  const { taskQueue, project } = scene.worker;
  const env = {
    TEMPORAL_ADDRESS: await temporalAddress(),
    POOLED_QUEUE: taskQueue,
    POOLED_CATALOG: 'path' in project.catalog ? project.catalog.path : '',
  };
  const directory = path.resolve(import.meta.dirname, '../fixtures/pooled');
  command = (...args) => millrace([...args, '--project', directory], env);
  working = await scene.start('one', { pool: 'left' });
  await scene.poolIs('left', (state) => holders(state).includes(working.workflowId));
  waiting = await scene.start('one', { pool: 'left' });
  await scene.poolIs('left', (state) => queue(state).includes(waiting.workflowId));
  await until(
    async () => (await service.operations.listPools({})).items.some(({ name, waiting: many }) => name === 'left' && many === 1),
    () => 'the catalog was not told of the pool',
  );
});
afterAll(async () => {
  await service?.stop();
  await scene?.close();
});

test('pools are listed with their sizes, and one is shown with who holds its slots and who waits', async () => {
  const { items } = await service.operations.listPools({});
  expect(items).toContainEqual(expect.objectContaining({ name: 'left', slots: 1, configured: 1, used: 1, waiting: 1 }));
  expect(items).toContainEqual(
    expect.objectContaining({ name: 'line', description: 'for what has an order', slots: 2, used: 0, asOf: null }),
  );
  expect(await service.operations.getPool({ pool: 'left' })).toMatchObject({
    used: 1,
    held: [{ workflowId: working.workflowId, step: 'extract:orders', weight: 1, freeAt: null }],
    queued: [{ workflowId: waiting.workflowId, position: 1, priority: 3 }],
  });

  const listed = await command('pools', 'list');
  expect(listed.stdout).toMatch(/^ *left +1 of 1 +1 /m);
  expect(listed.stdout).toMatch(/^ *line +0 of 2 +0 +never used +for what has an order/m);
  const shown = await command('pools', 'show', 'left');
  expect(shown.stdout).toContain('left  1 of 1 slots taken, 1 waiting');
  expect(shown.stdout).toMatch(new RegExp(`${working.workflowId} +extract:orders +1 `));
  expect(shown.stdout).toMatch(new RegExp(`1 +${waiting.workflowId} +extract:orders +1 +3 `));
});

test('a run shows which of its steps wait for a pool, and at which place', async () => {
  const { steps } = await service.operations.getRun({ run: waiting.workflowId });
  expect(steps).toMatchObject([{ step: 'extract:orders', status: 'queued', note: 'waiting for pool left (position 1)' }]);
  const shown = await command('show', waiting.workflowId);
  expect(shown.stdout).toMatch(/extract:orders +queued .*waiting for pool left \(position 1\)/);
});

test('a pool or a slot that there is not is refused, and so is one whose run is open', async () => {
  const { freeSlot, getPool } = service.operations;
  await expect(getPool({ pool: 'lefty' })).rejects.toMatchObject({ code: 'POOL_UNKNOWN' });
  const asked = { pool: 'left', reason: 'test' };
  await expect(freeSlot({ ...asked, slot: 'none' })).rejects.toMatchObject({
    code: 'SLOT_UNKNOWN',
    message: expect.stringContaining(working.workflowId) as string,
  });
  await expect(freeSlot({ ...asked, slot: working.workflowId })).rejects.toMatchObject({ code: 'SLOT_IN_USE' });
  await expect(freeSlot({ ...asked, slot: working.workflowId, reason: ' ' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(await command('pools', 'show', 'lefty')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Did you mean "left"?') as string,
  });
});

test('a slot that is freed by force is given on, and the audit has why', async () => {
  const freed = await command('pools', 'free', 'left', working.workflowId, '--reason', 'it hangs', '--force', '--json');
  expect(freed.code).toBe(0);
  expect(jsonLines(freed.stdout)).toMatchObject([{ pool: 'left', workflowId: working.workflowId, forced: true }]);
  await scene.poolIs('left', (state) => holders(state).includes(waiting.workflowId));
  const { items } = await service.operations.listAudit({ operation: 'freeSlot' });
  expect(items).toContainEqual(expect.objectContaining({ outcome: 'done', target: expect.any(String) as string }));
  expect(JSON.stringify(items)).toContain('it hangs');
  scene.letGo(working, waiting);
  expect(await working.result()).toBe('orders');
  expect(await waiting.result()).toBe('orders');
});

test('a pool that nobody works for is shown as it last told the catalog', async () => {
  await scene.poolIs('left', ({ held }) => held.length === 0);
  await until(
    async () => (await service.operations.listPools({})).items.some(({ name, used }) => name === 'left' && used === 0),
    () => 'the catalog was not told of the end',
  );
  await scene.worker.stop();
  await until(
    async () => (await service.operations.getPool({ pool: 'left' })).from === 'catalog',
    () => 'a pool without a worker answers',
  );
  expect(await service.operations.getPool({ pool: 'left' })).toMatchObject({ slots: 1, used: 0, held: [], queued: [] });
});
