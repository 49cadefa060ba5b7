import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

const AUDITS = path.resolve(import.meta.dirname, '../fixtures/audits');
let db: TestDatabase;
let worker: ProjectWorker;
let catalog: Catalog;
let lake: string;

/** Orders as id, customer, amount, month. */
async function write(file: string, rows: readonly string[]): Promise<void> {
  await writeFile(path.join(lake, file), `id,customer,amount,month\n${rows.join('\n')}\n`);
}

const many = (rows: number): string[] => Array.from({ length: rows }, (_, at) => `${at},1,1,2024-01`);

beforeAll(async () => {
  db = await createTestDatabase();
  lake = lastingFolder();
  await write('sound.csv', ['1,1,10,2024-01', '2,2,20,2024-01', '3,,30,2024-01']);
  await write('broken.csv', ['1,1,10,2024-01', '1,9,20,2024-01', '3,8,0,2024-02', '4,1,1,2024-01']);
  for (const rows of [1, 4, 6, 10]) await write(`${rows}.csv`, many(rows));
  await writeFile(path.join(lake, 'customers.csv'), 'id,since\n1,2020-01-01\n2,2024-01-01\n');
  worker = await startProjectWorker(AUDITS, lastingFolder(), { AUDITS_LAKE: lake, AUDITS_WAREHOUSE: db.url });
  if (!('path' in worker.project.catalog)) throw new Error('The catalog is no file');
  catalog = await openCatalog(worker.project.catalog);
});

afterAll(async () => {
  await catalog?.close();
  await worker?.stop();
  await db?.drop();
});

async function failure(pipeline: string, args: readonly unknown[]) {
  const handle = await worker.start(pipeline, args);
  const error = await handle.result().then(
    () => undefined,
    (failed: WorkflowFailedError) => failed.cause as { message: string; type?: string },
  );
  if (!error) throw new Error(`${pipeline} did not fail`);
  return { run: handle.workflowId, code: error.type, message: error.message };
}

async function resultsOf(workflowId: string) {
  const run = await catalog.findRun(workflowId);
  return catalog.listCheckResults(workflowId, run?.runId ?? '');
}

describe('a check step', () => {
  test('passes sound datasets, and gives the warnings; the catalog has all that was found', async () => {
    const handle = await worker.start('checkOrders', [{ path: 'sound.csv' }]);
    const result = await handle.result();
    const warning = { name: 'all with a customer', passed: false, severity: 'warn', value: 1 / 3 };
    expect(result).toMatchObject({ passed: 3, warnings: [warning] });
    expect(await resultsOf(handle.workflowId)).toMatchObject([
      { step: 'check:ordersFit', set: 'ordersFit', name: 'customers exist', kind: 'references', input: 'orders', passed: true },
      { name: 'only of the month', passed: true, value: 0 },
      { ...warning, observed: '33.3333 % of customer without a value (1 of 3 rows)', bound: 'at most 0 %' },
      { name: 'customers came lately', input: 'customers', passed: true },
    ]);
    const run = await catalog.findRun(handle.workflowId);
    await vi.waitFor(
      async () =>
        expect(await catalog.listLog(handle.workflowId, run?.runId ?? '')).toMatchObject([
          { level: 'warn', step: 'check:ordersFit', message: expect.stringContaining('"all with a customer" found in "orders"') },
        ]),
      { timeout: 30_000 },
    );
  });

  test('costs at most six events of history', async () => {
    const events = async (pipeline: string, args: readonly unknown[]): Promise<number> => {
      const handle = await worker.start(pipeline, args);
      await handle.result();
      return (await handle.fetchHistory()).events?.length ?? 0;
    };
    const [without, with_] = [
      await events('judgeOrders', [{ path: 'sound.csv' }]),
      await events('watchVolume', [{ path: '10.csv' }]),
    ];
    expect(with_ - without).toBeLessThanOrEqual(6);
  });

  test('that finds what it must not fails the run with what, where, and examples', async () => {
    const failed = await failure('checkOrders', [{ path: 'broken.csv' }]);
    expect(failed.code).toBe('CHECK_FAILED');
    expect(failed.message).toBe(
      `Step check:ordersFit failed: 2 of 4 checks of "ordersFit" failed. "customers exist" found in "orders": 2 rows without a match; wanted: each (customer) among the (id) of customers; such as {"customer":8}, {"customer":9}. "only of the month" found in "orders": 1 row; wanted: no rows; such as {"id":3,"month":"2024-02"}. See all with: millrace show ${failed.run} [CHECK_FAILED]`,
    );
    const results = await resultsOf(failed.run);
    expect(results.map(({ name, passed }) => [name, passed])).toEqual([
      ['customers exist', false],
      ['only of the month', false],
      ['all with a customer', true],
      ['customers came lately', true],
    ]);
    expect(results[0]?.examples).toEqual(['{"customer":8}', '{"customer":9}']);
  });
});

describe('a contract with checks', () => {
  test('is broken by rows that it accepts one by one, and its rows are there to be looked at', async () => {
    const failed = await failure('judgeOrders', [{ path: 'broken.csv' }]);
    expect(failed.code).toBe('CHECK_FAILED');
    expect(failed.message).toContain(
      '2 of 4 checks of contract "CheckedOrder" failed over the accepted rows of "orders". "ids are unique" found in "dataset": 1 key more than once (2 rows)',
    );
    expect(failed.message).toContain('"no free orders" found in "dataset": 1 row; wanted: no rows; such as {"id":3}');
    expect((await resultsOf(failed.run)).map(({ step, name, passed }) => [step, name, passed])).toEqual([
      ['validate:orders', 'ids are unique', false],
      ['validate:orders', 'enough rows', true],
      ['validate:orders', 'mostly with a customer', true],
      ['validate:orders', 'no free orders', false],
    ]);
  });

  test('judges again what is staged already', async () => {
    const first = await worker.start('judgeOrders', [{ path: 'sound.csv' }]);
    const second = await worker.start('judgeOrders', [{ path: 'sound.csv' }]);
    expect([await first.result(), await second.result()]).toEqual([3, 3]);
    for (const { workflowId } of [first, second]) expect(await resultsOf(workflowId)).toHaveLength(4);
  });

  test('that is broken keeps a load that was joined to it from loading anything', async () => {
    const failed = await failure('loadJudged', [{ path: 'broken.csv', contract: 'CheckedOrder', table: 'joined' }]);
    expect(failed.message).toContain('Step validate:orders failed: 2 of 4 checks');
    expect(await db.query(`SELECT to_regclass('public.joined') AS found`)).toEqual([{ found: null }]);
  });
});

describe('a check against the last runs', () => {
  const volume = async (workflowId: string) => (await resultsOf(workflowId)).find(({ set }) => set === 'volume');

  test('compares with runs that passed before it, and a failed one counts for nothing', async () => {
    const begin = await volume((await finished('watchVolume', '10.csv')).workflowId);
    expect(begin?.bound).toMatch(/^nothing yet|median 10 of the last run/);
    const failed = await failure('watchVolume', [{ path: '1.csv' }]);
    expect(failed.code).toBe('CHECK_FAILED');
    expect(failed.message).toContain('1 row; wanted: no more than 50 % below the median');
    const next = await volume((await finished('watchVolume', '6.csv')).workflowId);
    expect(next).toMatchObject({ passed: true, value: 6 });
    expect(next?.bound).not.toContain('median 1 ');
  });

  test('of a partition compares with other partitions, each as it was last', async () => {
    const of = async (month: string, file: string) => (await finished('watchMonths', file, month)).workflowId;
    await of('2024-01', '10.csv');
    await of('2024-01', '6.csv');
    const february = await volume(await of('2024-02', '4.csv'));
    expect(february?.bound).toContain('the median 6 of the last run,');
    const again = await volume(await of('2024-02', '6.csv'));
    expect(again?.bound).toContain('the median 6 of the last run,');
  });

  async function finished(pipeline: string, file: string, month?: string) {
    const handle = await worker.start(pipeline, [{ path: file, ...(month !== undefined && { month }) }]);
    await handle.result();
    return handle;
  }
});
