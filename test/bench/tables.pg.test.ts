import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countDifferences, createTableLike, requireSameRows } from '../../bench/load/tables.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('the raw table has the columns of the one that was loaded', async () => {
  await client.query('CREATE TABLE origin (id bigint NOT NULL, "Price" numeric(15,2), at timestamptz(3), gone int)');
  await client.query('ALTER TABLE origin DROP COLUMN gone');
  expect(await createTableLike(client, 'origin', 'copied')).toBe(
    'CREATE TABLE copied (id bigint NOT NULL, "Price" numeric(15,2), at timestamp(3) with time zone)',
  );
});

test('tables with the same rows in another order pass', async () => {
  await client.query(
    'CREATE TABLE a AS SELECT * FROM (VALUES (1), (1), (2)) AS v; CREATE TABLE b AS SELECT * FROM (VALUES (2), (1), (1)) AS v',
  );
  await expect(requireSameRows(client, 'a', 'b')).resolves.toBeUndefined();
});

test.each([
  { rows: '(1), (2)', which: 'a row that is there once less' },
  { rows: '(1), (1), (2), (3)', which: 'a row too many' },
])('$which makes the benchmark void', async ({ rows }) => {
  await client.query(
    `DROP TABLE IF EXISTS c, d; CREATE TABLE c AS SELECT * FROM (VALUES (1), (1), (2)) AS v; CREATE TABLE d AS SELECT * FROM (VALUES ${rows}) AS v`,
  );
  await expect(requireSameRows(client, 'c', 'd')).rejects.toThrow('the benchmark is void');
});

test('what another tool has written is compared by value, in the columns of the right table', async () => {
  await client.query(
    `DROP TABLE IF EXISTS c, d; CREATE TABLE c AS SELECT * FROM (VALUES (0.10::numeric, 1::int, 'x'), (2, 2, 'x')) AS v(price, id, own);
     CREATE TABLE d AS SELECT * FROM (VALUES (1::bigint, 0.1::float8), (3, 2)) AS v(id, price)`,
  );
  expect(await countDifferences(client, 'c', 'd')).toBe(2);
  await client.query('UPDATE d SET id = 2 WHERE id = 3');
  expect(await countDifferences(client, 'c', 'd')).toBe(0);
});
