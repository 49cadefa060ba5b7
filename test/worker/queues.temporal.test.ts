import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import type { CheckpointName } from '../../src/connectors/contract.js';
import { unpolledQueues } from '../../src/operations/unpolled-queues.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { describeRun } from '../../src/temporal/describe-run.js';
import { describeQueue } from '../../src/temporal/queue-state.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { createWorker, type RunningWorker, type WorkerSettings } from '../../src/worker/worker.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/regions');
const lake = lastingFolder();
let project: LoadedProject;
let bundle: { readonly code: string };
let temporal: TemporalClient;
const workers: RunningWorker[] = [];

beforeAll(async () => {
  process.env['REGIONS_LAKE'] = lake;
  mkdirSync(path.join(lake, 'in'));
  project = await loadProject(PROJECT);
  bundle = await bundleProject(project);
  const address = await temporalAddress();
  const connection = await Connection.connect({ address });
  temporal = { client: new Client({ connection }), address, namespace: 'default', close: () => connection.close() };
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await temporal?.close();
});

/** A project on queues of its own, with a staging and a catalog. */
function own(folder = lastingFolder()): LoadedProject {
  const taskQueue = `regions-${randomBytes(5).toString('hex')}`;
  const pipelines = { ...project.pipelines, ship: { ...project.pipelines['ship']!, stepQueue: `${taskQueue}-far` } };
  const at = (name: string): string => path.join(folder, name);
  return {
    ...project,
    pipelines,
    taskQueue,
    staging: { root: at('staging') },
    engine: { ...project.engine, spillDirectory: at('spill') },
    catalog: { path: at('catalog.db') },
  };
}

async function start(settings: WorkerSettings): Promise<RunningWorker> {
  const worker = await createWorker({ address: temporal.address, workflowBundle: bundle, ...settings });
  workers.push(worker);
  return worker;
}

function run(pipeline: string, taskQueue: string, params: Readonly<Record<string, unknown>>) {
  const workflowId = `${pipeline}-${randomBytes(5).toString('hex')}`;
  return temporal.client.workflow.start(pipeline, { taskQueue, workflowId, args: [params] });
}

function source(rows: number): string {
  const name = `${randomBytes(5).toString('hex')}.csv`;
  writeFileSync(path.join(lake, 'in', name), `id,amount\n${Array.from({ length: rows }, (_, id) => `${id},${id}\n`).join('')}`);
  return name;
}

function rowsOut(name: string): number {
  return (
    readFileSync(path.join(lake, 'out', name), 'utf8')
      .trim()
      .split('\n').length - 1
  );
}

test('a step waits for the workers of the queue that it names, which is told, and they do it', async () => {
  const near = own();
  const far = `${near.taskQueue}-far`;
  await start({ project: near });
  const orders = source(3);
  const handle = await run('carry', near.taskQueue, { source: orders, queue: far });
  const states = openTemporalStates(temporal, near.taskQueue);
  let unpolled: unknown;
  await until(
    async () => {
      unpolled = await unpolledQueues(states, await describeRun(temporal, { workflowId: handle.workflowId }));
      return JSON.stringify(unpolled) !== '[]';
    },
    () => 'no step waits',
  );
  expect(unpolled).toEqual([{ taskQueue: far, steps: ['validate:orders'] }]);
  let queue: unknown;
  await until(
    async () => {
      const found = await describeQueue(temporal, far);
      queue = found;
      return found.waiting === 1;
    },
    () => 'nothing is counted',
  );
  expect(queue).toEqual({ taskQueue: far, workers: [], waiting: 1 });

  const done: string[] = [];
  const note = (name: CheckpointName): Promise<void> => Promise.resolve(void done.push(name));
  await start({ project: near, queues: [far], checkpoint: note });
  expect(await handle.result()).toMatchObject({ rows: 3 });
  expect(rowsOut(orders)).toBe(3);
  // What was read near was not read there.
  expect(done).not.toContain('extract.reading');
  expect(done).toContain('load.before-commit');
  const polled = await describeQueue(temporal, far);
  expect(polled.workers).toEqual([
    { identity: expect.stringContaining(`${process.pid}@`) as string, runs: false, lastSeenAt: expect.any(String) as string },
  ]);
  expect((await describeQueue(temporal, near.taskQueue)).workers).toMatchObject([{ runs: true }]);
});

test('a pipeline whose steps have a queue runs all of them there, a judgement with its load too', async () => {
  const near = own();
  const done: string[] = [];
  const note = (name: CheckpointName): Promise<void> => Promise.resolve(void done.push(name));
  await start({ project: near, checkpoint: note });
  await start({ project: near, queues: [`${near.taskQueue}-far`] });
  const orders = source(4);
  const handle = await run('ship', near.taskQueue, { source: orders });
  expect(await handle.result()).toMatchObject({ rows: 4 });
  expect(rowsOut(orders)).toBe(4);
  expect(done).toEqual([]);
});

test('the queues of one process share the steps that it does at once, and none is starved', async () => {
  const near = own();
  const queues = [near.taskQueue, `${near.taskQueue}-far`];
  let atWork = 0;
  let most = 0;
  const count = async (): Promise<void> => {
    most = Math.max(most, ++atWork);
    await new Promise((resolve) => setTimeout(resolve, 20));
    atWork -= 1;
  };
  const worker = await start({ project: near, queues, checkpoint: count, limits: { maxConcurrentActivityTaskExecutions: 1 } });
  expect(worker.queues).toEqual(queues);
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => run('carry', near.taskQueue, { source: source(2), queue: queues[1] })),
  );
  const results = await Promise.all(runs.map((handle) => handle.result()));
  expect(results).toHaveLength(4);
  expect(most).toBe(1);
});
