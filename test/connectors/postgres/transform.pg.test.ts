import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { until } from '../../support/until.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';
import { transformIn, type Transformation } from './transform.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const Order = contract(z.object({ id: z.int(), customer: z.string(), amount: z.number(), day: z.iso.date() }), { key: ['id'] });
const Daily = contract(z.object({ day: z.iso.date(), orders: z.int(), amount: z.number() }), { key: ['day'] });

beforeEach(async () => {
  await db.query(`DROP SCHEMA IF EXISTS w CASCADE; DROP SCHEMA IF EXISTS _millrace CASCADE; CREATE SCHEMA w;
    CREATE TABLE w.orders (id int PRIMARY KEY, customer text NOT NULL, amount numeric(10,2), day date, _millrace_load bigint);
    INSERT INTO w.orders VALUES (1, 'ada', 10.10, '2024-01-01', 1), (2, 'bob', 20.20, '2024-01-01', 1), (3, 'ada', 5, '2024-01-02', 1);
    CREATE TABLE w.customers (name text PRIMARY KEY, country text);
    INSERT INTO w.customers VALUES ('ada', 'UK'), ('bob', 'NZ')`);
});

const SQL = 'SELECT day, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY day';
const daily = (change: Partial<Transformation> = {}) =>
  transformIn(
    { url: db.url },
    { sql: SQL, inputs: { orders: ['w.orders', Order] }, output: Daily, into: 'w.daily', key: ['day'], ...change },
  );
const rowsOf = (table: string, order = '1') =>
  db
    .query(`SELECT to_jsonb(t) - '_millrace_load' AS row FROM ${table} t ORDER BY ${order}`)
    .then((rows) => rows.map(({ row }) => row as unknown));
const ledger = () => db.query('SELECT target, mode, rows::int AS rows, step, content FROM _millrace.ledger ORDER BY id');

test('a replace makes the table with the types the SELECT has, its key, and a row in the ledger', async () => {
  const { load, content, inputs } = await daily();
  expect(load).toMatchObject({
    target: 'warehouse.w.daily',
    mode: 'replace',
    rows: 2,
    replaced: 0,
    alreadyDone: false,
    created: true,
  });
  expect(await db.query('SELECT day::text, orders, amount FROM w.daily ORDER BY day')).toEqual([
    { day: '2024-01-01', orders: '2', amount: '30.30' },
    { day: '2024-01-02', orders: '1', amount: '5.00' },
  ]);
  expect(
    await db.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute WHERE attrelid = 'w.daily'::regclass AND attnum > 0 ORDER BY attnum`,
    ),
  ).toEqual([
    { attname: 'day', type: 'date', attnotnull: true },
    { attname: 'orders', type: 'bigint', attnotnull: true },
    { attname: 'amount', type: 'numeric', attnotnull: true },
  ]);
  expect(await ledger()).toEqual([{ target: 'w.daily', mode: 'replace', rows: 2, step: 'transform:daily', content }]);
  expect(inputs).toEqual({ orders: { target: 'warehouse.w.orders', loadId: null, content: '' } });
});

test('the same load again is already done, whatever the inputs hold by now that Millrace has not loaded', async () => {
  const first = await daily({ loadId: 'l', mode: 'append' });
  await db.query("INSERT INTO w.orders VALUES (4, 'bob', 1, '2024-01-03')");
  expect(await daily({ loadId: 'l', mode: 'append' })).toEqual({
    ...first,
    load: { ...first.load, alreadyDone: true, created: false },
  });
  expect(await rowsOf('w.daily')).toHaveLength(2);
});

test.each(['append', 'merge', 'replace'] as const)(
  'a %s of the same load is done anew once an input has been loaded or the SQL has changed',
  async (mode) => {
    const before = await daily({ loadId: 'l', mode });
    await loadInto('w.orders', "SELECT 4 AS id, 'bob' AS customer, 1::DECIMAL(10,2) AS amount, DATE '2024-01-03' AS day");
    const again = await daily({ loadId: 'l', mode });
    expect(again.load).toMatchObject({ alreadyDone: false, rows: 3 });
    expect(again.inputs['orders']).toMatchObject({ target: 'warehouse.w.orders', loadId: 'orders-load' });
    expect(again.content).not.toBe(before.content);
    await daily({ loadId: 'l', mode, facts: 'other' });
    expect(await rowsOf('w.daily')).toHaveLength(3);
    expect((await ledger()).filter(({ target }) => target === 'w.daily')).toHaveLength(1);
  },
);

test('an append adds rows that carry the ledger’s id, and another run of its partition takes their place', async () => {
  await daily({ mode: 'append', key: undefined, runPartition: 'a' });
  const second = await daily({ mode: 'append', key: undefined, runPartition: 'b' });
  expect(second.load).toMatchObject({ rows: 2, replaced: 0 });
  expect(await rowsOf('w.daily')).toHaveLength(4);
  expect((await daily({ mode: 'append', key: undefined, runPartition: 'b', sql: `${SQL} LIMIT 1` })).load).toMatchObject({
    rows: 1,
    replaced: 2,
  });
  expect(
    await db.query(
      'SELECT l.rows::int AS rows, count(d)::int AS there FROM _millrace.ledger l LEFT JOIN w.daily d ON d._millrace_load = l.id GROUP BY l.id ORDER BY l.id',
    ),
  ).toEqual([
    { rows: 2, there: 2 },
    { rows: 2, there: 0 },
    { rows: 1, there: 1 },
  ]);
});

test('a merge updates by key and adds the rest', async () => {
  await db.query(
    "CREATE TABLE w.daily (day date PRIMARY KEY, orders bigint, amount numeric); INSERT INTO w.daily VALUES ('2024-01-01', 9, 9), ('2023-01-01', 1, 1)",
  );
  expect((await daily({ mode: 'merge' })).load).toMatchObject({ rows: 2, replaced: 1, created: false });
  expect(await rowsOf('w.daily')).toEqual([
    { day: '2023-01-01', orders: 1, amount: 1 },
    { day: '2024-01-01', orders: 2, amount: 30.3 },
    { day: '2024-01-02', orders: 1, amount: 5 },
  ]);
});

test('a replace of one partition leaves the others, and refuses rows outside it', async () => {
  await daily();
  const partition = { day: '2024-01-02' };
  const onlyThat = `SELECT day, 7 AS orders, 1.5 AS amount FROM orders WHERE day = '2024-01-02'`;
  expect((await daily({ partition, sql: onlyThat })).load).toMatchObject({ rows: 1, replaced: 1 });
  expect(await rowsOf('w.daily')).toEqual([
    { day: '2024-01-01', orders: 2, amount: 30.3 },
    { day: '2024-01-02', orders: 7, amount: 1.5 },
  ]);
  await expect(daily({ partition })).rejects.toMatchObject({
    code: 'PARTITION_MISMATCH',
    message: expect.stringContaining('1 of 2 rows lie outside the partition "day" = 2024-01-02') as string,
  });
  expect(await rowsOf('w.daily')).toHaveLength(2);
});

test('a transform may read the table that it replaces, and done twice it counts once', async () => {
  await db.query("CREATE TABLE w.daily AS SELECT date '2024-01-01' AS day, 1::bigint AS orders, 1::numeric AS amount");
  const self = { inputs: { daily: ['w.daily', Daily] as const }, sql: 'SELECT day, orders + 1 AS orders, amount FROM daily' };
  await daily({ ...self, key: undefined, loadId: 'l' });
  expect((await daily({ ...self, key: undefined, loadId: 'l' })).load.alreadyDone).toBe(true);
  expect(await rowsOf('w.daily')).toEqual([{ day: '2024-01-01', orders: 2, amount: 1 }]);
});

test('two attempts at once end in one load: the second waits, then finds it done', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let arrived = (): void => undefined;
  const there = new Promise<void>((resolve) => (arrived = resolve));
  const checkpoint = async (name: string): Promise<void> => {
    if (name !== 'load.before-commit') return;
    arrived();
    await held;
  };
  const append = {
    sql: SQL,
    inputs: { orders: ['w.orders', Order] as const },
    output: Daily,
    into: 'w.daily',
    mode: 'append',
    loadId: 'l',
  } as const;
  const first = transformIn({ url: db.url }, append, { checkpoint });
  await there;
  const second = transformIn({ url: db.url }, append);
  await untilWaiting();
  release();
  expect([(await first).load.alreadyDone, (await second).load.alreadyDone]).toEqual([false, true]);
  expect(await rowsOf('w.daily')).toHaveLength(2);
});

test('an attempt that ends before its commit leaves nothing, and the next does it all', async () => {
  const checkpoint = (name: string): Promise<void> =>
    name === 'load.before-commit' ? Promise.reject(new Error('killed')) : Promise.resolve();
  await expect(
    transformIn(
      { url: db.url },
      { sql: SQL, inputs: { orders: ['w.orders', Order] }, output: Daily, into: 'w.daily', loadId: 'l' },
      { checkpoint },
    ),
  ).rejects.toThrow('killed');
  expect(await db.query("SELECT to_regclass('w.daily') AS there")).toEqual([{ there: null }]);
  expect(await ledger()).toEqual([]);
  expect((await daily({ loadId: 'l' })).load).toMatchObject({ rows: 2, alreadyDone: false });
});

async function untilWaiting(): Promise<void> {
  await until(
    async () =>
      (
        await db.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'millrace transform%' AND wait_event_type = 'Lock'",
        )
      ).length > 0,
    () => 'no transform waits for a lock',
  );
}

const loadInto = (target: string, select: string) =>
  loadQuery(
    { url: db.url },
    {
      target,
      select,
      identity: { loadId: 'orders-load', content: 'c', pipeline: 'p', step: 'load:orders', workflowId: 'w', runId: 'r' },
    },
  );
