import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { Checkpoint } from '../../src/connectors/contract.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { describeRun } from '../../src/temporal/describe-run.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { createWorker, type RunningWorker } from '../../src/worker/worker.js';
import { spawnCrashingWorker } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/regions');
const lake = lastingFolder();
const catalog = path.join(lastingFolder(), 'catalog.db');
const taskQueue = `regions-${randomBytes(5).toString('hex')}`;
// It goes from one step to the next by what it sees of the server.
vi.setConfig({ testTimeout: 120_000 });

const held: (() => void)[] = [];
let project: LoadedProject;
let bundlePath: string;
let temporal: TemporalClient;
let first: RunningWorker;

beforeAll(async () => {
  process.env['REGIONS_LAKE'] = lake;
  mkdirSync(path.join(lake, 'in'));
  writeFileSync(path.join(lake, 'in', 'orders.csv'), 'id,amount\n1,1\n2,2\n');
  writeFileSync(path.join(lake, 'in', 'others.csv'), 'id,amount\n1,1\n');
  project = await loadProject(PROJECT);
  bundlePath = path.join(lastingFolder(), 'workflows.js');
  writeFileSync(bundlePath, (await bundleProject(project)).code);
  const address = await temporalAddress();
  const connection = await Connection.connect({ address });
  temporal = { client: new Client({ connection }), address, namespace: 'default', close: () => connection.close() };
  // One step at a time, and each extract waits until it may go on.
  first = await worker(lastingFolder(), async (name) => {
    const isExtract = Context.current().info.activityId.startsWith('extract:');
    if (isExtract && name === 'staging.before-rename') await new Promise<void>((resolve) => held.push(resolve));
  });
});

afterAll(async () => {
  for (const go of held) go();
  await first?.stop();
  await temporal?.close();
});

/** A worker of the same queue and catalog, with its staging in a folder. It is of this process, whose workers may differ. */
function worker(folder: string, checkpoint: Checkpoint = async () => undefined): Promise<RunningWorker> {
  const staging = { root: path.join(folder, 'staging') };
  const engine = { ...project.engine, spillDirectory: path.join(folder, 'spill') };
  return createWorker({
    project: { ...project, taskQueue, staging, engine, catalog: { path: catalog } },
    address: temporal.address,
    workflowBundle: { codePath: bundlePath },
    checkpoint,
    limits: { maxConcurrentActivityTaskExecutions: 1 },
  });
}

function run(source: string) {
  const workflowId = `carry-${randomBytes(5).toString('hex')}`;
  return temporal.client.workflow.start('carry', { taskQueue, workflowId, args: [{ source }] });
}

async function pendingOf(workflowId: string) {
  return (await describeRun(temporal, { workflowId })).pending[0];
}

test('a worker with another staging than that of its queue’s workers is refused, and told what to do', async () => {
  const other = spawnCrashingWorker(PROJECT, { REGIONS_LAKE: lake }, () => false);
  const begun = other.begin({ address: temporal.address, taskQueue, bundlePath, folder: lastingFolder(), steps: 1 });
  await expect(begun).rejects.toThrow(`Worker ${process.pid}@`);
  await expect(begun).rejects.toThrow('Set staging.root to one folder that all of them mount');
  await expect(begun).rejects.toThrow('if that worker is of another project, give this one a task queue of its own');
  await other.gone;
});

test('a step that meets a dataset of another staging says whose it is, and is done by a worker that has it', async () => {
  const handle = await run('orders.csv');
  await until(
    () => held.length === 1,
    () => 'the first extract is not at work',
  );
  // It takes the first worker's only place while that run's next step waits.
  const blocker = await run('others.csv');
  await until(
    async () => (await pendingOf(blocker.workflowId))?.state === 'scheduled',
    () => 'the second extract does not wait',
  );
  held[0]!();
  await until(
    () => held.length === 2,
    () => 'the second extract is not at work',
  );
  await until(
    async () => (await pendingOf(handle.workflowId))?.step === 'validate:orders',
    () => 'the judgement does not wait',
  );
  const stranger = await worker(lastingFolder());
  let failure: string | null | undefined;
  await until(
    async () => (failure = (await pendingOf(handle.workflowId))?.lastFailure) != null,
    () => 'the stranger has not tried',
  );
  expect(failure).toMatch(
    /^The dataset "orders" \(datasets\/.*\) is not in the staging of this worker \(.*staging on \d+@.*\), and was made by worker \d+@.*\. Worker .* polls the same task queue with another staging\. .* staging\.root .*\[STAGING_NOT_SHARED\]$/,
  );
  await stranger.stop();
  held[1]!();
  expect(await handle.result()).toMatchObject({ rows: 2 });
  expect(await blocker.result()).toMatchObject({ rows: 1 });
  expect(
    readFileSync(path.join(lake, 'out', 'orders.csv'), 'utf8')
      .trim()
      .split('\n'),
  ).toHaveLength(3);
});
