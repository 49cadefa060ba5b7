import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import { loadProject } from '../../src/config/load.js';
import { triggerSettings } from '../../src/config/trigger-settings.js';
import { triggerId } from '../../src/core/trigger.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { endTrigger, startTrigger } from '../../src/temporal/triggers.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type Arrival } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { patience } from './scene.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/relay');
const taskQueue = `killed-${randomBytes(5).toString('hex')}`;
let database: TestDatabase;
let temporal: TemporalClient;

beforeAll(async () => {
  database = await createTestDatabase();
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
});

afterAll(async () => {
  await endTrigger(temporal, { taskQueue, pipeline: 'held' });
  await temporal?.close();
  await database?.drop();
});

test('a load whose worker is killed between its commit and its word starts what waits for it, once', async () => {
  const folder = lastingFolder();
  const lake = path.join(folder, 'lake');
  mkdirSync(lake);
  writeFileSync(path.join(lake, 'rows.csv'), 'id\n1\n2\n');
  const environment = { RELAY_LAKE: lake, RELAY_PG: database.url };
  Object.assign(process.env, environment);
  const project = await loadProject(PROJECT);
  const bundlePath = path.join(folder, 'workflows.js');
  writeFileSync(bundlePath, (await bundleProject(project)).code);
  const setup = { address: await temporalAddress(), taskQueue, bundlePath, folder, steps: 2 };
  const arrivals: Arrival[] = [];
  const first = spawnCrashingWorker(
    PROJECT,
    environment,
    (arrival) => arrival.checkpoint === 'load.committed' && arrivals.push(arrival) > 0,
  );
  const second = spawnCrashingWorker(PROJECT, environment, () => false);
  try {
    await first.begin(setup);
    const settings = triggerSettings(project.pipelines['held'] as never);
    if (!settings) throw new Error('The pipeline has no triggers');
    // Without a relay: only the attempt that finds the load done can tell.
    await startTrigger(temporal, { taskQueue, pipeline: 'held' }, { settings });
    const workflowId = `fill-${randomBytes(4).toString('hex')}`;
    const run = await temporal.client.workflow.start('fill', {
      taskQueue,
      workflowId,
      args: [{ month: '2002-01', table: 'slow' }],
    });
    await until(
      () => arrivals.length === 1,
      () => 'the load does not commit',
    );
    await first.kill();
    expect(await database.query('SELECT count(*)::int AS rows FROM slow')).toEqual([{ rows: 2 }]);
    await second.begin(setup);
    await run.result();
    const catalog = await openCatalog({ path: path.join(folder, 'catalog.db') });
    const trigger = triggerId(taskQueue, 'held');
    await vi.waitUntil(async () => (await catalog.listTriggerEvaluations({ trigger, limit: 10 })).length > 0, patience);
    expect(await catalog.listTriggerEvaluations({ trigger, limit: 10 })).toMatchObject([
      { outcome: 'started', partition: '2002-01', workflowId: 'held/2002-01', times: 1 },
    ]);
    await catalog.close();
    expect(await database.query('SELECT count(*)::int AS rows FROM slow')).toEqual([{ rows: 2 }]);
    await temporal.client.workflow.getHandle('held/2002-01').terminate('the test is over');
  } finally {
    await Promise.all([first.kill(), second.kill()]);
  }
}, 180_000);
