import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { RunStateView } from '../../workflows/run-state-view.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { lastingFolder } from '../support/folder.js';

const SHOP = path.resolve(import.meta.dirname, '../fixtures/shop');
let db: TestDatabase;
let worker: ProjectWorker;
let lake: string;

beforeAll(async () => {
  db = await createTestDatabase();
  lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 100);
  worker = await startProjectWorker(SHOP, lastingFolder(), { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url });
});

afterAll(async () => {
  await worker?.stop();
  await db?.drop();
});

async function failure(pipeline: string, args: readonly unknown[]): Promise<{ message: string; code: string; tookMs: number }> {
  const started = Date.now();
  const handle = await worker.start(pipeline, args);
  try {
    await handle.result();
  } catch (error) {
    const cause = (error as WorkflowFailedError).cause as { message: string; type?: string };
    return { message: cause.message, code: cause.type ?? cause.constructor.name, tookMs: Date.now() - started };
  }
  throw new Error(`${pipeline} did not fail`);
}

describe('a run that cannot begin', () => {
  test('of an unknown pipeline fails at once with the names there are', async () => {
    const failed = await failure('loadOrder', []);
    expect(failed).toMatchObject({
      code: 'PIPELINE_UNKNOWN',
      message: expect.stringMatching(/no pipeline "loadOrder".*loadOrders/),
    });
    expect(failed.tookMs).toBeLessThan(5000);
  });

  test('names every wrong parameter', async () => {
    const failed = await failure('loadOrders', [{ path: 7, mode: 'upsert', unknown: 1 }]);
    expect(failed.code).toBe('PARAMETERS_INVALID');
    for (const field of ['path:', 'table:', 'mode:', 'unknown']) expect(failed.message).toContain(field);
    expect(failed.tookMs).toBeLessThan(5000);
  });

  test('without any parameters says so too', async () => {
    expect((await failure('loadOrders', [])).code).toBe('PARAMETERS_INVALID');
  });

  test('refuses a partition that is none, or before the first', async () => {
    const params = { path: 'orders.csv', table: 't', month: 'March' };
    expect((await failure('loadMonth', [params])).message).toContain('"March" is not a partition');
    expect((await failure('loadMonth', [{ ...params, month: '1999-01' }])).message).toContain('begin with 2024-01');
  });

  test('refuses --cron, naming schedules', async () => {
    const handle = await worker.client.workflow.start('throwsPlainly', {
      taskQueue: worker.taskQueue,
      workflowId: `cron-${Date.now()}`,
      cronSchedule: '@every 1s',
      args: [{}],
    });
    const history = await waitForClose(handle.workflowId, handle.firstExecutionRunId);
    expect(JSON.stringify(history)).toContain('CRON_REFUSED');
    await handle.terminate().catch(() => undefined);
  });

  test('refuses a second argument that is not a retry', async () => {
    expect(await failure('throwsPlainly', [{}, { again: true }])).toMatchObject({
      code: 'RETRY_INVALID',
      message: expect.stringContaining('again'),
    });
    expect((await failure('throwsPlainly', [{}, { retryOf: { workflowId: 'nobody' } }])).message).toContain(
      'No run nobody is in the catalog',
    );
  });
});

async function waitForClose(workflowId: string, runId: string): Promise<unknown> {
  const handle = worker.client.workflow.getHandle(workflowId, runId);
  for (let waited = 0; waited < 10_000; waited += 100) {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') return handle.fetchHistory();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${workflowId} does not close`);
}

describe('a pipeline’s function', () => {
  test('that throws an error of its own ends the run with it', async () => {
    expect(await failure('throwsPlainly', [{}])).toMatchObject({ code: 'STEP_FAILED', message: 'the pipeline’s own mistake' });
  });

  test('that gives two steps one name is told to rename one', async () => {
    expect(await failure('twiceTheSame', [{ path: 'orders.csv' }])).toMatchObject({
      code: 'STEP_DUPLICATE',
      message: expect.stringContaining('already has a step extract:orders'),
    });
  });

  test('can catch a step’s failure by its code and go on', async () => {
    const handle = await worker.start('goesOn', [{ path: 'nothing.csv' }]);
    expect(await handle.result()).toBe('went on: FILE_MISSING');
  });

  test('that returns while a step is at work waits until the step has stopped', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS slow AS SELECT 1 AS id');
    await whileLocked('slow', async () => {
      const handle = await worker.start('leavesBehind', [{ table: 'slow', path: 'orders.csv' }]);
      expect(await handle.result()).toBe('orders');
      expect(await waiting('slow')).toBe(0);
    });
  });

  test('whose step takes longer than its timeout fails with that, and the step stops', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS slow AS SELECT 1 AS id');
    await whileLocked('slow', async () => {
      const failed = await failure('takesTooLong', [{ table: 'slow' }]);
      expect(failed).toMatchObject({ code: 'STEP_TIMEOUT', message: expect.stringContaining('longer than its timeout') });
      await expect.poll(() => waiting('slow'), { timeout: 5000 }).toBe(0);
    });
  });

  test('whose one step fails cancels the others and waits for them before the run fails', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS slow AS SELECT 1 AS id');
    await whileLocked('slow', async () => {
      const failed = await failure('failsBeside', [{ table: 'nowhere', locked: 'slow' }]);
      expect(failed).toMatchObject({ code: 'TABLE_MISSING', message: expect.stringContaining('Step extract:missing failed') });
      expect(await waiting('slow')).toBe(0);
    });
  });
});

/** Holds an exclusive lock on a table while `work` goes on. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  await db.query('BEGIN');
  await db.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  try {
    await work();
  } finally {
    await db.query('ROLLBACK');
  }
}

async function waiting(table: string): Promise<number> {
  const [row] = await db.query<{ n: string }>(
    `SELECT count(*) AS n FROM pg_locks WHERE relation = '${table}'::regclass AND NOT granted`,
  );
  return Number(row?.n);
}

describe('a run', () => {
  test('tells what a step is doing in its heartbeats, and ends within two seconds when it is cancelled', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS slow AS SELECT 1 AS id');
    await whileLocked('slow', async () => {
      const handle = await worker.start('copyTable', [{ from: 'slow', table: 'copied' }]);
      const heartbeat = async (): Promise<unknown> => {
        const { raw } = await handle.describe();
        const data = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data;
        return data && (JSON.parse(Buffer.from(data).toString()) as unknown);
      };
      await expect.poll(heartbeat, { timeout: 10_000 }).toMatchObject({ phase: 'reading', rows: 0 });
      const cancelled = Date.now();
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(Date.now() - cancelled).toBeLessThan(2500);
      expect(await waiting('slow')).toBe(0);
    });
  });

  test('reads the very file it was told, even where its name is a pattern that fits another', async () => {
    await writeOrders(lake, 'orders1.csv', 3);
    await writeOrders(lake, 'orders[1].csv', 5);
    const handle = await worker.start('loadOrders', [{ path: 'orders[1].csv', table: 'bracketed' }]);
    expect(await handle.result()).toMatchObject({ rows: 5 });
  });

  test('ignores folder names that look like partitions', async () => {
    await mkdir(path.join(lake, 'month=2001-01'));
    await writeOrders(path.join(lake, 'month=2001-01'), 'orders.csv', 4);
    const handle = await worker.start('loadOrders', [{ path: 'month=2001-01/orders.csv', table: 'hive' }]);
    expect(await handle.result()).toMatchObject({ rows: 4 });
    expect(await db.query(`SELECT DISTINCT month FROM hive WHERE month = '2001-01'`)).toEqual([]);
  });

  test('costs at most six events a step and twelve besides, and keeps rows out of its history', async () => {
    const handle = await worker.start('loadTotals', [{ path: 'orders.csv', table: 'totals', mode: 'merge' }]);
    expect(await handle.result()).toMatchObject({
      target: 'warehouse.public.totals',
      rows: 7,
      mode: 'merge',
      alreadyDone: false,
    });
    const history = await handle.fetchHistory();
    expect(history.events?.length).toBeLessThanOrEqual(4 * 6 + 12);
    const decoded = JSON.stringify(history, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
    expect(decoded).not.toMatch(/customer-\d/);
    const largest = Math.max(...[...decoded.matchAll(/"data":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]?.length ?? 0));
    expect(largest).toBeLessThan(6 * 2048);
  });

  test('answers the query `state` with its steps, and shows them as a table in its details', async () => {
    const handle = await worker.start('loadTotals', [{ path: 'orders.csv', table: 'totals_state' }]);
    await handle.result();
    const state = await handle.query<RunStateView>('state');
    expect(state).toMatchObject({ pipeline: 'loadTotals', status: 'completed' });
    expect(state.steps.map((step) => [step.step, step.status, step.rows])).toEqual([
      ['extract:orders', 'done', null],
      ['validate:orders', 'done', 100],
      ['transform:totals', 'done', 7],
      ['load:warehouse.totals_state', 'done', 7],
    ]);
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('| transform | totals | done | 7 |');
  });

  test('carries its pipeline and owner as search attributes', async () => {
    const handle = await worker.start('loadOrders', [{ path: 'orders.csv', table: 'tagged' }]);
    await handle.result();
    const { typedSearchAttributes } = await handle.describe();
    expect(JSON.stringify([...typedSearchAttributes.getAll()])).toContain('shop@example.com');
  });

  test('is in the catalog with its steps, datasets and verdict', async () => {
    await writeOrders(lake, 'dirty.csv', 20, ['x,customer-1,1.5,2024-01', '22,,1.5,2024-01', '23,customer-1']);
    const handle = await worker.start('loadOrders', [{ path: 'dirty.csv', table: 'dirty' }]);
    expect(await handle.result()).toMatchObject({ rows: 20 });
    const catalog = await openCatalog(worker.project.catalog);
    try {
      const run = await catalog.findRun(handle.workflowId);
      expect(run).toMatchObject({ pipeline: 'loadOrders', status: 'completed', owner: 'shop@example.com' });
      const steps = await catalog.listSteps(handle.workflowId, handle.firstExecutionRunId);
      expect(steps.map((step) => [step.step, step.status])).toEqual([
        ['extract:orders', 'done'],
        ['validate:orders', 'done'],
        ['load:warehouse.dirty', 'done'],
      ]);
      const [quarantine] = await catalog.listQuarantine(handle.workflowId, handle.firstExecutionRunId);
      expect(quarantine).toMatchObject({ contract: 'Order', rows: 3, rowsRead: 23, accepted: 20 });
    } finally {
      await catalog.close();
    }
  });
});
