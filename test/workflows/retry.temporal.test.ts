import path from 'node:path';
import type { WorkflowFailedError, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { RunStateView } from '../../workflows/run-state-view.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

const SHOP = path.resolve(import.meta.dirname, '../fixtures/shop');
let db: TestDatabase;
let worker: ProjectWorker;
let lake: string;

beforeAll(async () => {
  db = await createTestDatabase();
  lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 50);
  worker = await startProjectWorker(SHOP, lastingFolder(), { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url });
});

afterAll(async () => {
  await worker?.stop();
  await db?.drop();
});

async function messageOfFailure(handle: WorkflowHandleWithFirstExecutionRunId): Promise<string> {
  return handle.result().then(
    () => 'it did not fail',
    (error: WorkflowFailedError) => error.cause?.message ?? '',
  );
}

function retry(earlier: WorkflowHandleWithFirstExecutionRunId, params: unknown, from?: string, pipeline = 'loadOrders') {
  const retryOf = { workflowId: earlier.workflowId, runId: earlier.firstExecutionRunId };
  return worker.start(pipeline, [params, { retryOf, ...(from !== undefined && { from }) }], earlier.workflowId);
}

async function stepsOf(handle: WorkflowHandleWithFirstExecutionRunId): Promise<string[]> {
  const { steps } = await handle.query<RunStateView>('state');
  return steps.map((step) => `${step.step} ${step.status}`);
}

test('a run that failed at its load is retried from there, once the target is mended, without reading again', async () => {
  await db.query('CREATE TABLE public.mended (id bigint, customer date, amount double precision, month text)');
  const params = { path: 'orders.csv', table: 'mended', mode: 'append' };
  const failed = await worker.start('loadOrders', [params]);
  expect(await messageOfFailure(failed)).toMatch(/Step load:warehouse\.mended failed: .*customer.*COLUMN_TYPE/s);
  await db.query('ALTER TABLE public.mended ALTER customer TYPE text USING customer::text');
  const again = await retry(failed, params);
  expect(await again.result()).toMatchObject({ rows: 50, alreadyDone: false });
  expect(await stepsOf(again)).toEqual(['extract:orders reused', 'validate:orders reused', 'load:warehouse.mended done']);
  const history = await again.fetchHistory();
  expect(history.events?.filter((event) => event.activityTaskScheduledEventAttributes)).toHaveLength(1);
  const catalog = await openCatalog(worker.project.catalog);
  expect(await catalog.findRun(again.workflowId)).toMatchObject({
    status: 'completed',
    retryOf: { workflowId: failed.workflowId, runId: failed.firstExecutionRunId },
  });
  await catalog.close();
});

test('a finished append that is retried from an earlier step adds nothing twice', async () => {
  const params = { path: 'orders.csv', table: 'appended', mode: 'append' };
  const first = await worker.start('loadOrders', [params]);
  await first.result();
  const second = await retry(first, params, 'extract:orders');
  expect(await second.result()).toMatchObject({ rows: 50, alreadyDone: true });
  expect(await stepsOf(second)).toEqual(['extract:orders done', 'validate:orders done', 'load:warehouse.appended done']);
  expect(await db.query('SELECT count(*)::int AS n FROM appended')).toEqual([{ n: 50 }]);
});

test('a finished append whose source has changed since takes the place of what it had added', async () => {
  await writeOrders(lake, 'changing.csv', 10);
  const params = { path: 'changing.csv', table: 'changed', mode: 'append' };
  const first = await worker.start('loadOrders', [params]);
  await first.result();
  await writeOrders(lake, 'changing.csv', 14);
  const second = await retry(first, params, 'extract:orders');
  expect(await second.result()).toMatchObject({ rows: 14, replaced: 10, alreadyDone: false });
  expect(await db.query('SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM changed')).toEqual([{ n: 14, ids: 14 }]);
});

// A table that Millrace makes has the contract's key, and would refuse the same rows again.
async function keylessTable(name: string): Promise<void> {
  await db.query(`CREATE TABLE public.${name} (id bigint, customer text, amount double precision, month text)`);
}

test('a new run of an append adds its rows: it is another load', async () => {
  await keylessTable('added');
  const params = { path: 'orders.csv', table: 'added', mode: 'append' };
  await (await worker.start('loadOrders', [params])).result();
  await (await worker.start('loadOrders', [params])).result();
  expect(await db.query('SELECT count(*)::int AS n FROM public.added')).toEqual([{ n: 100 }]);
});

test('a new run of an append’s partition takes the place of that partition’s rows', async () => {
  await keylessTable('by_month');
  const params = { path: 'orders.csv', table: 'by_month', mode: 'append', month: '2024-01' };
  await (await worker.start('loadMonth', [params])).result();
  await (await worker.start('loadMonth', [{ ...params, month: '2024-02' }])).result();
  await (await worker.start('loadMonth', [params])).result();
  expect(await db.query('SELECT count(*)::int AS n FROM public.by_month')).toEqual([{ n: 100 }]);
});

test('a retry names what is wrong with it: the step, the pipeline, a run that still runs', async () => {
  const params = { path: 'orders.csv', table: 'refused', mode: 'append' };
  const first = await worker.start('loadOrders', [params]);
  await first.result();
  const unknownStep = await retry(first, params, 'validate:order');
  expect(await messageOfFailure(unknownStep)).toMatch(
    /no step "validate:order". It has: extract:orders, validate:orders.*RETRY_INVALID/,
  );
  const otherPipeline = await worker.start('throwsPlainly', [
    {},
    { retryOf: { workflowId: first.workflowId, runId: first.firstExecutionRunId } },
  ]);
  expect(await messageOfFailure(otherPipeline)).toMatch(/is of pipeline "loadOrders", not "throwsPlainly"/);
});
