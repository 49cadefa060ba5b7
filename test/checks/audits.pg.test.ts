import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { databaseEngine } from '../../src/checks/database-engine.js';
import { runChecks } from '../../src/checks/run-checks.js';
import { noRows, rowCount, sql, unique, type DatasetCheck } from '../../src/config/index.js';
import type { AuditInput, LoadAudit } from '../../src/connectors/contract.js';
import type { CheckResult } from '../../src/core/checks.js';
import { TerminalError } from '../../src/core/errors.js';
import type { LoadMode } from '../../src/core/load.js';
import { loadQuery, type QueryLoad } from '../connectors/postgres/load.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { FIVE, KIND_CASES, orders, STARTED_AT } from './kind-cases.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query('CREATE TABLE customers (id bigint, _millrace_load bigint)');
  await db.query('INSERT INTO customers VALUES (1), (2)');
  await db.query('CREATE TABLE secrets AS SELECT 1 AS id');
});
afterAll(() => db.drop());

const CUSTOMERS: AuditInput = { table: 'customers', settle: (columns) => columns };

interface Asked {
  readonly checks: Readonly<Record<string, DatasetCheck>>;
  readonly inputs?: Readonly<Record<string, AuditInput>>;
  readonly earlier?: readonly number[];
}

/** An audit that lets a load be published unless a check is broken. */
function audit({ checks, inputs = { orders: 'loaded', customers: CUSTOMERS }, earlier = [] }: Asked) {
  const results: CheckResult[] = [];
  const input = Object.keys(inputs)[0] ?? '';
  const asked: LoadAudit = {
    questions: [
      {
        inputs,
        async judge(answers) {
          const engine = databaseEngine(answers, 'fit', { wanted: 3 });
          const request = { set: 'fit', input, checks, startedAt: STARTED_AT, earlier: () => earlier };
          results.push(...(await runChecks(engine, request)));
        },
      },
    ],
    settle() {
      if (results.every(({ passed }) => passed)) return results;
      throw new TerminalError('AUDIT_FAILED', 'refused');
    },
  };
  return { asked, results };
}

async function load(asked: Asked, change: Partial<QueryLoad> = {}) {
  const { asked: question, results } = audit(asked);
  const request = { target: 'orders', select: FIVE, mode: 'replace', audit: question, ...change } as const;
  const outcome = await loadQuery({ url: db.url }, request).catch((error: unknown) => error);
  return { outcome, results };
}

describe('over the rows of a load, in Postgres', () => {
  beforeEach(() => db.query('DROP TABLE IF EXISTS orders'));

  test.each(KIND_CASES)('$title', async ({ check, finds, orders: select = FIVE, earlier = [] }) => {
    const { results, outcome } = await load({ checks: { it: check }, earlier }, { select });
    expect(results, String(outcome)).toMatchObject([{ set: 'fit', name: 'it', kind: check.check, ...finds }]);
  });
});

describe('an audit that is broken leaves the target as it was', () => {
  const rows = () =>
    db.query<{ id: string }>('SELECT id::text FROM orders ORDER BY 1').then((found) => found.map(({ id }) => id));
  const ledger = () => db.query('SELECT load_id FROM _millrace.ledger');
  const more = orders([3, 1, 1, null], [9, 1, 1, null]);

  beforeEach(async () => {
    await db.query('DROP TABLE IF EXISTS orders');
    await loadQuery(
      { url: db.url },
      { target: 'orders', select: orders([1, 1, 1, null], [3, 1, 1, null]), mode: 'merge', key: ['id'] },
    );
  });

  test.each<{ mode: LoadMode; what: string; asked: Asked }>([
    { mode: 'append', what: 'about what it brings', asked: { checks: { it: rowCount({ min: 3 }) } } },
    { mode: 'merge', what: 'about what it brings', asked: { checks: { it: rowCount({ min: 3 }) } } },
    { mode: 'replace', what: 'about what it brings', asked: { checks: { it: rowCount({ min: 3 }) } } },
    { mode: 'append', what: 'about the target', asked: { checks: { it: unique(['id']) }, inputs: { target: 'target' } } },
    { mode: 'merge', what: 'about the target', asked: { checks: { it: rowCount({ max: 2 }) }, inputs: { target: 'target' } } },
    { mode: 'replace', what: 'about the target', asked: { checks: { it: rowCount({ min: 3 }) }, inputs: { target: 'target' } } },
  ])('by $mode, $what', async ({ mode, asked }) => {
    const before = await ledger();
    if (mode === 'append') await db.query('ALTER TABLE orders DROP CONSTRAINT orders_pkey');
    const { outcome, results } = await load(asked, { select: more, mode, key: ['id'] });
    expect(outcome).toMatchObject({ code: 'AUDIT_FAILED' });
    expect(results).toMatchObject([{ passed: false }]);
    expect(await rows()).toEqual(['1', '3']);
    expect(await ledger()).toEqual(before);
    expect(await db.query("SELECT relname FROM pg_class WHERE relname LIKE 'staging%'")).toEqual([]);
  });

  test('which a table that is not there yet stays', async () => {
    const { outcome } = await load({ checks: { it: rowCount({ min: 3 }) } }, { target: 'fresh', select: more });
    expect(outcome).toMatchObject({ code: 'AUDIT_FAILED' });
    expect(await db.query("SELECT to_regclass('fresh') AS found")).toEqual([{ found: null }]);
  });

  test('and one that passes publishes, once; its results come back when the load is found done', async () => {
    const identity = { loadId: 'once', content: 'c', pipeline: 'p', step: 'load:t', workflowId: 'w', runId: 'r' };
    const asked = { checks: { it: rowCount({ min: 4 }) }, inputs: { target: 'target' } } as const;
    const change = { select: orders([4, 1, 1, null], [5, 1, 1, null]), mode: 'merge', key: ['id'], identity } as const;
    const first = await load(asked, change);
    const found = [{ name: 'it', passed: true, value: 4 }];
    expect(first.outcome).toMatchObject({ rows: 2, alreadyDone: false, audited: found });
    const again = await load(asked, change);
    expect(again.outcome).toMatchObject({ rows: 2, alreadyDone: true, audited: found });
    expect(again.results).toEqual([]);
    expect(await rows()).toEqual(['1', '3', '4', '5']);
  });

  test('rows that stand for deletions are not among those that it brings', async () => {
    const select = `SELECT *, id = 3 AS gone FROM (${more})`;
    const asked = { checks: { it: rowCount({ min: 1, max: 1 }) } };
    const { outcome } = await load(asked, { select, mode: 'merge', key: ['id'], deleteFlag: 'gone' });
    expect(outcome).toMatchObject({ deleted: 1, audited: [{ value: 1 }] });
  });

  test('versions are audited like other rows', async () => {
    await db.query('DROP TABLE IF EXISTS history');
    const change = { target: 'history', select: more, mode: 'scd2', key: ['id'] } as const;
    const current = noRows(sql`SELECT id FROM target WHERE NOT is_current`);
    expect((await load({ checks: { it: current }, inputs: { target: 'target' } }, change)).outcome).toMatchObject({ rows: 2 });
    const fewer = await load({ checks: { it: rowCount({ min: 3 }) } }, { ...change, select: orders([3, 7, 7, null]) });
    expect(fewer.outcome).toMatchObject({ code: 'AUDIT_FAILED' });
    expect(await db.query('SELECT id::text FROM history')).toHaveLength(2);
  });

  test('readers see the old rows while it is asked', async () => {
    const seen: unknown[] = [];
    const { asked } = audit({ checks: { it: rowCount({ min: 1 }) }, inputs: { target: 'target' } });
    const [questions] = asked.questions;
    const judge: LoadAudit['questions'][number]['judge'] = async (answers) => {
      await questions?.judge(answers);
      seen.push(await rows());
    };
    const watched = { ...asked, questions: [{ inputs: { target: 'target' as const }, judge }] };
    await loadQuery({ url: db.url }, { target: 'orders', select: more, mode: 'replace', audit: watched });
    expect(seen).toEqual([['1', '3']]);
    expect(await rows()).toEqual(['3', '9']);
  });
});

describe('SQL of an audit', () => {
  const ask = (written: ReturnType<typeof sql>) => load({ checks: { it: noRows(written) } });

  test('is in the database’s own words, and is given the run’s parameters', async () => {
    const { results } = await ask(sql`SELECT id, to_char(at, 'YYYY') AS "year of $wanted" FROM orders WHERE id = $wanted`);
    expect(results[0]?.examples).toEqual(['{"id":3,"year of $wanted":"2024"}']);
  });

  test.each([
    { title: 'names no column', written: sql`SELECT amuont FROM orders`, says: /"amuont" does not exist \(line 1, column 8\)/ },
    {
      title: 'reads another table',
      written: sql`SELECT * FROM secrets`,
      says: /reads public\.secrets in connection "warehouse"/,
    },
    { title: 'writes', written: sql`DELETE FROM orders RETURNING id`, says: /does not run in connection "warehouse"/ },
    {
      title: 'ends ours and begins another statement',
      written: sql`SELECT 1) AS x; DROP TABLE customers; SELECT * FROM (SELECT 2`,
      says: /does not run in connection "warehouse"/,
    },
    {
      title: 'calls what writes',
      written: sql`SELECT lo_create(0)`,
      says: /read-only transaction/,
    },
    { title: 'has a value that is none', written: sql`SELECT 1 / (id - id) FROM orders`, says: /division by zero/ },
  ])('that $title undoes the load, and says so', async ({ written, says }) => {
    await db.query('DROP TABLE IF EXISTS orders');
    const { outcome } = await ask(written);
    expect(outcome).toMatchObject({ code: 'CHECK_INVALID', message: expect.stringMatching(says) });
    expect(String(outcome)).toContain('Check "it" of "fit"');
    expect(await db.query("SELECT to_regclass('orders') AS found, to_regclass('customers') IS NOT NULL AS kept")).toEqual([
      { found: null, kept: true },
    ]);
  });
});
