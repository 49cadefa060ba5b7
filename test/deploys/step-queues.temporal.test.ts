import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { setCurrentVersion } from '../../src/temporal/deployments.js';
import { findPollers } from '../../src/temporal/task-queue.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { bundleOf } from '../../src/worker/bundle.js';
import { standingOf } from '../../src/worker/standing.js';
import { createWorker, type RunningWorker } from '../../src/worker/worker.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

const taskQueue = `step-queues-${randomBytes(5).toString('hex')}`;
const far = `${taskQueue}-far`;
const patience = { timeout: 60_000, interval: 250 };
let address: string;
let project: LoadedProject;
let bundle: WorkflowBundleOption;
let temporal: TemporalClient;
let catalog: Catalog;
const workers: RunningWorker[] = [];

beforeAll(async () => {
  const folder = lastingFolder();
  const lake = path.join(folder, 'lake');
  mkdirSync(path.join(lake, 'in'), { recursive: true });
  writeFileSync(path.join(lake, 'in', 'orders.csv'), 'id,amount\n1,1\n');
  process.env['REGIONS_LAKE'] = lake;
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/regions'));
  project = {
    ...loaded,
    taskQueue,
    pipelines: { ...loaded.pipelines, ship: { ...loaded.pipelines['ship']!, stepQueue: far } },
    staging: { root: path.join(folder, 'staging') },
    engine: { ...loaded.engine, spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
  address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  catalog = await openCatalog(project.catalog);
  bundle = await bundleOf(project);
}, 120_000);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await catalog?.close();
  await temporal?.close();
});

function ask(): Operations {
  return localOperations({ project, catalog, temporal, states: openTemporalStates(temporal, taskQueue) }, localCaller());
}

async function work(queues: readonly string[], buildId?: string): Promise<RunningWorker> {
  const deployment = buildId === undefined ? {} : { deployment: { name: taskQueue, buildId } };
  const worker = await createWorker({ project, address, workflowBundle: bundle, queues, ...deployment });
  workers.push(worker);
  return worker;
}

const ship = (name: string) =>
  temporal.client.workflow.start('ship', { taskQueue, workflowId: `${taskQueue}/${name}`, args: [{ source: 'orders.csv' }] });

/** Waits until Temporal knows who polls, and asks once more. */
async function refusal(change: () => Promise<unknown>): Promise<unknown> {
  return vi.waitUntil(async () => {
    const error: unknown = await change().then(
      () => new Error('it was done'),
      (thrown: unknown) => thrown,
    );
    return String(error).includes(far) ? error : undefined;
  }, patience);
}

test('a worker whose version is not current takes no new run, and that is told', async () => {
  const waiting = await ship('waiting');
  const isTold = async () => (await ask().getRun({ run: waiting.workflowId })).worker;
  const worker = await work([taskQueue, far], 'a');
  await vi.waitUntil(async () => (await findPollers(temporal, taskQueue)).length > 0, patience);
  expect(await isTold()).toBe(false);
  expect(await ask().getHealth({})).toMatchObject({ ok: false, worker: { ok: false } });
  expect(await standingOf(taskQueue, worker, temporalTarget({ address }))).toMatchObject({ first: true });
  expect(await isTold()).toBe(true);
  expect(await waiting.result()).toMatchObject({ rows: 1 });
});

test('a version gets new runs only once it has workers on every queue where the current one does steps', async () => {
  await work([taskQueue], 'b');
  const refused = await refusal(() => ask().promoteVersion({ version: 'b', dryRun: true }));
  expect(refused).toMatchObject({ code: 'VERSION_WITHOUT_WORKER' });
  expect(String(refused)).toContain(`millrace worker --deployment ${taskQueue} --queues ${far}.`);
  await expect(ask().promoteVersion({ version: 'b' })).rejects.toMatchObject({ code: 'VERSION_WITHOUT_WORKER' });
  await expect(ask().rampVersion({ version: 'b', percent: 10 })).rejects.toMatchObject({ code: 'VERSION_WITHOUT_WORKER' });
  await work([taskQueue]);
  await refusal(() => ask().unversionDeployment({ dryRun: true }));
});

test('a run whose version has nobody for a step says so, also while another version has', async () => {
  await setCurrentVersion(temporal, taskQueue, 'b', { by: 'a test' });
  const run = await ship('stranded');
  const told = await vi.waitUntil(async () => {
    const found = await ask().getRun({ run: run.workflowId });
    return found.unpolled.length > 0 ? found : undefined;
  }, patience);
  expect(told.unpolled).toEqual([{ taskQueue: far, steps: ['extract:orders'] }]);
  expect(told.steps[0]?.note).toBe(`no worker polls task queue "${far}"`);

  await work([far], 'b');
  expect(await run.result()).toMatchObject({ rows: 1 });
  expect(await (await ship('second')).result()).toMatchObject({ rows: 1 });
});

test('a version that has them all is rolled back to', async () => {
  await ask().promoteVersion({ version: 'a' });
  expect((await ask().promoteVersion({ version: 'b' })).after.current).toBe('b');
  expect((await ask().rollbackDeployment({})).after.current).toBe('a');
});
