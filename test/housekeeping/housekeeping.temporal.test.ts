import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import type { HousekeepingResult } from '../../workflows/housekeeping.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { staged } from './scenario.js';

const SHOP = path.resolve(import.meta.dirname, '../fixtures/shop');

let db: TestDatabase;
let worker: ProjectWorker;
let temporal: TemporalClient;
let catalog: Catalog;

beforeAll(async () => {
  db = await createTestDatabase();
  const lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 5);
  await writeOrders(lake, 'others.csv', 6);
  // Whatever has ended is old.
  const retention = { staging: 1, logs: 1, catalog: 1 };
  const environment = { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url };
  worker = await startProjectWorker(SHOP, lastingFolder(), environment, { retention, maxBytes: 1 << 20 });
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  catalog = await openCatalog(worker.project.catalog);
}, 150_000);

afterAll(async () => {
  await catalog?.close();
  await temporal?.close();
  await worker?.stop();
  await db?.drop();
});

function operations(): Operations {
  const states = openTemporalStates(temporal, worker.taskQueue);
  return localOperations({ project: worker.project, catalog, temporal, states }, localCaller());
}

async function housekeep(dryRun: boolean): Promise<HousekeepingResult> {
  const { workflowId, runId } = await operations().startRun({ pipeline: 'housekeeping', params: { dryRun } });
  return temporal.client.workflow.getHandle(workflowId, runId).result() as Promise<HousekeepingResult>;
}

test('housekeeping is a run like any other: it tells what it removes, in its result, its steps and the audit', async () => {
  const load = (file: string, table: string) => worker.start('loadOrders', [{ path: file, table, mode: 'append', copy: true }]);
  const first = await load('orders.csv', 'first');
  await first.result();
  const second = await load('others.csv', 'second');
  await second.result();
  const held = staged(worker.project.staging.root);
  expect(held.length).toBeGreaterThan(1);

  const told = await housekeep(true);
  expect(told).toMatchObject({ dryRun: true, removed: { datasets: held.length, runs: 1 } });
  expect(staged(worker.project.staging.root)).toEqual(held);
  expect((await operations().listAudit({ operation: 'sweep staging' })).items).toEqual([]);

  const done = await housekeep(false);
  expect(done.removed).toMatchObject({ datasets: held.length });
  expect(done.bytes).toBeGreaterThan(0);
  expect(staged(worker.project.staging.root)).toEqual([]);
  expect(await catalog.findRun(first.workflowId)).toBeUndefined();
  expect(await catalog.findRun(second.workflowId)).toMatchObject({ status: 'completed' });
  const audit = (await operations().listAudit({ operation: 'sweep catalog' })).items;
  expect(audit).toMatchObject([
    { actor: 'housekeeping', outcome: 'done', result: { removed: { step_runs: expect.any(Number) as number } } },
  ]);
  const [run] = (await operations().listRuns({ pipeline: 'housekeeping' })).items;
  const { steps } = await operations().getRun({ run: `${run?.workflowId}@${run?.runId}` });
  expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
    'sweep:staging done',
    'sweep:logs done',
    'sweep:archive done',
    'sweep:catalog done',
    'sweep:audit done',
  ]);
  // What it removed is made anew by whoever needs it.
  const again = await load('orders.csv', 'third');
  expect(await again.result()).toMatchObject({ rows: 5 });
});
