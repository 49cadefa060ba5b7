import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { lastingFolder } from '../support/folder.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { FUNCTIONS } from './function-scene.js';

let worker: ProjectWorker;
let catalog: Catalog;

beforeAll(async () => {
  const folder = lastingFolder();
  const lake = path.join(folder, 'lake');
  await mkdir(lake);
  await mkdir(path.join(folder, 'out'));
  const flights = Array.from({ length: 3000 }, (_, id) => `${id},SFO,LAX,${id % 7 === 0 ? '' : id % 120},2024-01-01`);
  await writeFile(path.join(lake, 'flights.csv'), `id,origin,destination,delay,date\n${flights.join('\n')}\n`);
  await writeFile(path.join(lake, 'airports.csv'), 'iata,state\nSFO,CA\n');
  worker = await startProjectWorker(FUNCTIONS, folder, {
    FUNCTIONS_LAKE: lake,
    FUNCTIONS_OUT: path.join(folder, 'out'),
  });
  catalog = await openCatalog(worker.project.catalog);
});

afterAll(async () => {
  await catalog?.close();
  await worker?.stop();
});

async function pendingActivity(handle: Awaited<ReturnType<ProjectWorker['start']>>) {
  const { raw } = await handle.describe();
  const [activity] = raw.pendingActivities ?? [];
  return activity?.activityType?.name === 'transform' ? activity : undefined;
}

test('a function that computes for longer than the heartbeat timeout keeps its first attempt, whose heartbeats go on', async () => {
  const handle = await worker.start('burnFlights', [{ path: 'flights.csv', seconds: 5 }]);
  await expect.poll(() => pendingActivity(handle), { timeout: 20_000 }).toBeDefined();
  const beats = new Set<string>();
  const attempts = new Set<number>();
  for (let waited = 0; waited < 4000; waited += 250) {
    const activity = await pendingActivity(handle);
    if (activity?.lastHeartbeatTime) beats.add(String(activity.lastHeartbeatTime.seconds));
    if (activity?.attempt) attempts.add(activity.attempt);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(await handle.result()).toMatchObject({ rows: 3000 });
  expect([...attempts]).toEqual([1]);
  // The fixture's heartbeat timeout is 2 s.
  expect(beats.size).toBeGreaterThanOrEqual(3);
});

test('a run that is cancelled while its function computes without a pause ends within two seconds', async () => {
  const handle = await worker.start('burnFlights', [{ path: 'flights.csv', seconds: 60 }]);
  await expect.poll(() => pendingActivity(handle), { timeout: 20_000 }).toBeDefined();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const cancelled = Date.now();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  // A second until the worker hears of it, a second of grace.
  expect(Date.now() - cancelled).toBeLessThan(3500);
});

test('a deterministic function’s dataset is taken over by later runs of the same code and parameters', async () => {
  const transformOf = async (minutes: number) => {
    const handle = await worker.start('findLate', [{ flights: 'flights.csv', airports: 'airports.csv', minutes }]);
    expect(await handle.result()).toMatchObject({ rows: expect.any(Number) });
    const steps = await catalog.listSteps(handle.workflowId, handle.firstExecutionRunId);
    return steps.find(({ step }) => step === 'transform:lateFlights')?.result;
  };
  const first = await transformOf(100);
  expect(first).toMatchObject({ reused: false });
  expect(await transformOf(100)).toEqual({ ...first, reused: true });
  expect(await transformOf(101)).toMatchObject({ reused: false });
});

test('a function that throws fails its run at once, with its file and line', async () => {
  const handle = await worker.start('failFlights', [{ path: 'flights.csv', how: 'throws' }]);
  const error = (await handle.result().catch((thrown: unknown) => thrown)) as WorkflowFailedError;
  expect(error.cause).toMatchObject({
    type: 'TRANSFORM_FAILED',
    message: expect.stringMatching(
      /transform "mishap" threw \(transforms\/mishap\.ts:\d+:\d+\): no such flight\. \[TRANSFORM_FAILED\]/,
    ),
  });
});
