import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import { localOperations } from '../../src/operations/perform.js';
import { askRelay, describeTrigger, setRelay } from '../../src/temporal/triggers.js';
import { openScene, patience, type TriggerScene } from './scene.js';

vi.setConfig({ testTimeout: 180_000 });
let scene: TriggerScene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);

afterAll(async () => {
  await scene?.stop();
});

/** The loads that the relay's last look has found. */
async function found(): Promise<readonly string[]> {
  const mark = await scene.catalog.readTriggerMark(`relay/${scene.worker.taskQueue}/warehouse`);
  return mark === undefined ? [] : (JSON.parse(mark) as { readonly loads: readonly string[] }).loads;
}
const works = async () =>
  (await describeTrigger(scene.temporal, { taskQueue: scene.worker.taskQueue, pipeline: 'both' })) !== undefined;

/** Loads something, and waits until the relay has looked who waits for it. */
async function loadAndLook(month: string): Promise<void> {
  const before = await found();
  await scene.fill('orders', month);
  await vi.waitUntil(async () => {
    await askRelay(scene.temporal, scene.worker.taskQueue);
    return (await found()).some((load) => !before.includes(load));
  }, patience);
}

test('the relay lets no trigger begin that nobody has applied, as one that is new in the worker’s config', async () => {
  await setRelay(scene.temporal, scene.worker.taskQueue, ['warehouse']);
  await scene.begin('held');
  await loadAndLook('2001-01');
  expect(await works()).toBe(false);
});

test('nor one that was taken out of the config, while a worker has the earlier one', async () => {
  await scene.operations.applyTriggers({});
  await loadAndLook('2001-02');
  await scene.cameTo('both', 'waiting', 1, '2001-02');
  const { project } = scene.services;
  const { triggers: _none, ...both } = project.pipelines['both']!;
  const later = { ...project, pipelines: { ...project.pipelines, both } };
  await localOperations({ ...scene.services, project: later }, localCaller()).applyTriggers({});
  expect(await works()).toBe(false);
  await loadAndLook('2001-03');
  expect(await works()).toBe(false);
});
