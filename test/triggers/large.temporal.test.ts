import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { triggerId } from '../../src/core/trigger.js';
import { tellTrigger } from '../../src/temporal/triggers.js';
import { openScene, patience, type TriggerScene } from './scene.js';

vi.setConfig({ testTimeout: 180_000 });
/** As much as a webhook takes. Temporal ends a workflow that hands on more than 2 MiB at once: 36 of these. */
const note = 'ö'.repeat(30_000);
let scene: TriggerScene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);

afterAll(async () => {
  await scene?.stop();
});

const place = () => ({ taskQueue: scene.worker.taskQueue, pipeline: 'hooked' });
const deliver = (order: number) =>
  tellTrigger(scene.temporal, place(), 'delivery', { id: `delivery-${order}`, params: { order, note } });
const workflow = () => scene.temporal.client.workflow.getHandle(triggerId(scene.worker.taskQueue, 'hooked')).describe();

test('deliveries that are too large for one activity together start their runs by several', async () => {
  await scene.begin('hooked');
  await tellTrigger(scene.temporal, place(), 'pause', { by: 'a test' });
  for (let order = 1; order <= 40; order += 1) await deliver(order);
  await tellTrigger(scene.temporal, place(), 'resume', { by: 'a test' });
  const started = await scene.cameTo('hooked', 'started', 40);
  expect(new Set(started.map((each) => each.workflowId)).size).toBe(40);
  expect((await workflow()).status.name).toBe('RUNNING');
});

test('deliveries beyond what a paused trigger can take along are told of, and can be sent again', async () => {
  const before = await workflow();
  await tellTrigger(scene.temporal, place(), 'pause', { by: 'a test' });
  for (let order = 101; order <= 170; order += 1) await deliver(order);
  const [full] = await scene.cameTo('hooked', 'failed');
  expect(full).toMatchObject({ kind: 'webhook', code: 'TRIGGER_FULL' });
  expect(full?.reason).toMatch(/^\d+ runs that were to be started are given up.*sent again\.$/);
  const after = await workflow();
  expect(after.status.name).toBe('RUNNING');
  expect(after.runId).not.toBe(before.runId);

  await tellTrigger(scene.temporal, place(), 'resume', { by: 'a test' });
  const lost = Number(/^\d+/.exec(String(full?.reason))?.[0]);
  expect(lost).toBeLessThan(50);
  await scene.cameTo('hooked', 'started', 110 - lost);
  const again = Number(full?.inputs[0]?.replace('delivery delivery-', ''));
  await deliver(again);
  await vi.waitUntil(
    async () =>
      (await scene.evaluations('hooked')).some(
        ({ outcome, inputs }) => outcome === 'started' && inputs[0] === `delivery delivery-${again}`,
      ),
    patience,
  );
});
