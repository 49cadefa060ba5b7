import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import Database from 'libsql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMessage, failedRun, untilDone } from './bad-input-failure.js';
import { attemptsLeft, ledgerRows, openScene, stagingTablesLeft, type Scene } from './bad-input-scene.js';

/** The password of the connection `unreachable`. */
const PASSWORD = 'hush-hush';
const OUTAGE_MS = 8_000;
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await writeFile(path.join(scene.lake, 'orders.csv'), 'id,customer,amount\n1,Ann,1.5\n2,Bob,2.5\n');
  await scene.db.query(`CREATE TABLE orders AS SELECT 0::bigint AS id, 'there before' AS customer, 0::float8 AS amount`);
});

afterAll(() => scene?.close());

/** Waits until something is so. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await isSo()) return;
    await sleep(50);
  }
  throw new Error(`In 10 s it did not come to this: ${what}`);
}

/** Holds an exclusive lock on the table `orders`, as another session. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  const other = new pg.Client({ connectionString: scene.db.url });
  await other.connect();
  try {
    await other.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    await work();
  } finally {
    await other.end();
  }
}

async function waitingForLocks(): Promise<number> {
  const [row] = await scene.db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return row?.n ?? 0;
}

describe('an unreachable database', () => {
  test('is tried as often as the step allows, then ends the run with the number of attempts', async () => {
    const failure = await failedRun(scene, { path: 'orders.csv', to: 'unreachable', table: 'orders', attempts: 2 });
    expectMessage(failure.message, {
      code: 'CONNECTION_REFUSED',
      step: 'load:unreachable.orders',
      says: [
        'failed after 2 attempts',
        'The server 127.0.0.1:1/none of connection "unreachable" cannot be reached',
        'Check host, port',
      ],
    });
    expect(failure.code).toBe('CONNECTION_REFUSED');
    expect(failure.attempts).toEqual({ 'extract:orders': 1, 'validate:orders': 1, 'load:unreachable.orders': 2 });
    expect(failure.tookMs).toBeLessThan(10_000);
    const run = await scene.catalog.findRun(failure.workflowId);
    const steps = await scene.catalog.listSteps(failure.workflowId, run?.runId ?? '');
    expect(steps.at(-1)).toMatchObject({
      status: 'failed',
      attempts: 2,
      error: { code: 'CONNECTION_REFUSED', willRetry: false },
    });
    for (const place of [failure.history, JSON.stringify([run, steps]), scene.log.join('\n')])
      expect(place).not.toContain(PASSWORD);
  });

  test('is tried again and again by default, while the run says why and can be cancelled', async () => {
    const run = await scene.worker.start('carry', [{ from: 'unreachable', fromTable: 'orders', table: 'orders' }]);
    const pending = async () => (await run.describe()).raw.pendingActivities?.[0];
    await until('a third attempt', async () => ((await pending())?.attempt ?? 0) >= 3);
    expect((await pending())?.lastFailure?.message).toMatch(
      /^The server 127\.0\.0\.1:1\/none .* cannot be reached: .*\[CONNECTION_REFUSED\]$/,
    );
    await expectCancelled(run);
  });
});

async function expectCancelled(run: WorkflowHandle): Promise<void> {
  const asked = Date.now();
  await run.cancel();
  const error: unknown = await run.result().catch((failure: unknown) => failure);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  expect(Date.now() - asked).toBeLessThan(2_000);
}

describe('a table that another session has locked', () => {
  test('ends the run by its policy, naming table and remedy', async () => {
    await whileLocked(async () => {
      const failure = await failedRun(scene, { path: 'orders.csv', to: 'impatient', table: 'orders', attempts: 2 });
      expectMessage(failure.message, {
        code: 'LOCK_TIMEOUT',
        step: 'load:impatient.orders',
        says: [
          'failed after 2 attempts',
          'table "public"."orders" in connection "impatient" is locked by another session',
          'pg_stat_activity',
        ],
      });
      expect(failure.attempts['load:impatient.orders']).toBe(2);
      expect(await ledgerRows(scene, failure.workflowId)).toBe(0);
    });
  });

  test('holds up a run that, once cancelled, ends within two seconds and waits no more in the database', async () => {
    await whileLocked(async () => {
      const run = await scene.worker.start('carry', [{ path: 'orders.csv', table: 'orders' }]);
      await until('the load waits for the lock', async () => (await waitingForLocks()) > 0);
      await expectCancelled(run);
      expect(await waitingForLocks()).toBe(0);
      expect(await ledgerRows(scene, run.workflowId)).toBe(0);
    });
  });
});

test('nothing is left of the runs that failed', async () => {
  expect(await scene.db.query('SELECT id::int FROM orders')).toEqual([{ id: 0 }]);
  expect(await stagingTablesLeft(scene)).toEqual([]);
  expect(await attemptsLeft(scene)).toEqual([]);
});

describe('a catalog that is locked for eight seconds', () => {
  test('makes runs wait, before their first step and between two, and then has all their facts', async () => {
    const { catalog } = scene.worker.project;
    const other = new Database('path' in catalog ? catalog.path : '');
    const underWay = await scene.worker.start('carry', [{ path: 'orders.csv', table: 'under_way', pauseBefore: 'load' }]);
    await untilDone(underWay, 'validate:orders');
    other.exec('begin immediate');
    const outage = sleep(OUTAGE_MS).then(() => {
      other.exec('rollback');
      return Date.now();
    });
    const beginning = await scene.worker.start('carry', [{ path: 'orders.csv', table: 'beginning' }]);
    await underWay.signal('goOn');
    const ends = [underWay, beginning].map((run) => run.result().then(() => Date.now()));
    const [over, ...ended] = await Promise.all([outage, ...ends]);
    other.close();
    for (const end of ended) expect(end).toBeGreaterThan(over);
    await expectAllFacts(underWay, 'under_way');
    await expectAllFacts(beginning, 'beginning');
  });
});

async function expectAllFacts(handle: WorkflowHandle, table: string): Promise<void> {
  const run = await scene.catalog.findRun(handle.workflowId);
  expect(run).toMatchObject({ pipeline: 'carry', status: 'completed', error: null, result: { rows: 2 } });
  const steps = await scene.catalog.listSteps(handle.workflowId, run?.runId ?? '');
  expect(steps.map(({ step, status, attempts }) => [step, status, attempts])).toEqual([
    ['extract:orders', 'done', 1],
    ['validate:orders', 'done', 1],
    [`load:warehouse.${table}`, 'done', 1],
  ]);
  expect(await ledgerRows(scene, handle.workflowId)).toBe(1);
}
