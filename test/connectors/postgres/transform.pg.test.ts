import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
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
const rowsOf = (table: string, order = '1') => db.query(`SELECT to_jsonb(t) - '_millrace_load' AS row FROM ${table} t ORDER BY ${order}`).then((rows) => rows.map(({ row }) => row as unknown));
const ledger = () => db.query('SELECT target, mode, rows::int AS rows, step, content FROM _millrace.ledger ORDER BY id');

test('a replace makes the table with the types the SELECT has, its key, and a row in the ledger', async () => {
  const { load, content, inputs } = await daily();
  expect(load).toMatchObject({ target: 'warehouse.w.daily', mode: 'replace', rows: 2, replaced: 0, alreadyDone: false, created: true });
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

test('the same load again is already done', async () => {
  const first = await daily({ loadId: 'l', mode: 'append' });
  expect(await daily({ loadId: 'l', mode: 'append' })).toEqual({
    ...first,
    load: { ...first.load, alreadyDone: true, created: false },
  });
  expect(await rowsOf('w.daily')).toHaveLength(2);
});
