import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connector, SourceTable } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let db: TestDatabase;
let other: TestDatabase;

beforeAll(async () => {
  [db, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

afterAll(async () => {
  await db.drop();
  await other.drop();
});

function connect(url: string): Promise<Connector> {
  return openConnector('postgres', 'shop', { url });
}

async function listed(): Promise<readonly SourceTable[]> {
  const { source } = await connect(db.url);
  return withContext(async (context) => (await source?.tables?.(context)) ?? []);
}

async function find(name: string): Promise<SourceTable | undefined> {
  return (await listed()).find((table) => table.name === name);
}

async function run(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await db.query(statement);
}

test('tables that people keep data in are listed by name, and nothing else', async () => {
  await run(
    'CREATE SCHEMA b',
    'CREATE TABLE b.plain (id int)',
    'CREATE UNLOGGED TABLE b.quick (id int)',
    'CREATE TABLE b.parted (id int) PARTITION BY RANGE (id)',
    'CREATE TABLE b.parted_1 PARTITION OF b.parted FOR VALUES FROM (0) TO (10)',
    'CREATE VIEW b.seen AS SELECT 1 AS id',
    'CREATE MATERIALIZED VIEW b.kept AS SELECT 1 AS id',
    'CREATE SEQUENCE b.numbers',
    'CREATE TEMPORARY TABLE passing (id int)',
    'CREATE SCHEMA _millrace',
    'CREATE TABLE _millrace.ledger (id int)',
    'CREATE TABLE "first" (id int)',
    'CREATE SCHEMA "A.b"',
    'CREATE TABLE "A.b"."say ""x""" (id int)',
  );
  expect((await listed()).map(({ name }) => name).toSorted()).toEqual([
    '"A.b"."say ""x"""',
    'b.parted',
    'b.plain',
    'b.quick',
    'public.first',
  ]);
});

test.each([
  ['PRIMARY KEY (b, a)', ['b', 'a']],
  ['UNIQUE (a), PRIMARY KEY (b)', ['b']],
  ['UNIQUE (a, b), UNIQUE (b)', ['b']],
  ['UNIQUE (c)', []],
  ['UNIQUE (a, c)', []],
  ['PRIMARY KEY (a) INCLUDE (c)', ['a']],
  ['PRIMARY KEY (a) DEFERRABLE', ['a']],
  ['CHECK (a > 0)', []],
])('the key of a table with %s is %j', async (constraint, key) => {
  await run('DROP TABLE IF EXISTS b.keyed', `CREATE TABLE b.keyed (c int, a int NOT NULL, b int NOT NULL, ${constraint})`);
  expect((await find('b.keyed'))?.key).toEqual(key);
});

test('a unique index over some of the rows, or over an expression, is no key', async () => {
  await run(
    'CREATE TABLE b.odd (a int NOT NULL, b text NOT NULL)',
    'CREATE UNIQUE INDEX ON b.odd (a) WHERE a > 0',
    'CREATE UNIQUE INDEX ON b.odd (lower(b))',
  );
  expect((await find('b.odd'))?.key).toEqual([]);
});

test('columns are told in their order, those that are computed and without those that were dropped', async () => {
  await run(
    'CREATE TABLE b.wide (z int, gone int, a int GENERATED ALWAYS AS (z * 2) STORED, id int GENERATED ALWAYS AS IDENTITY)',
    'ALTER TABLE b.wide DROP COLUMN gone',
  );
  expect((await find('b.wide'))?.columns).toEqual([
    { name: 'z', generated: false },
    { name: 'a', generated: true },
    { name: 'id', generated: false },
  ]);
});

test('sizes are those of the rows, in a partitioned table those of its partitions', async () => {
  await run(
    'CREATE TABLE b.large AS SELECT i AS id, repeat(md5(i::text), 20) AS text FROM generate_series(1, 2000) i',
    'INSERT INTO b.parted SELECT i % 10 FROM generate_series(1, 5000) i',
    'ANALYZE b.parted',
  );
  const [large, parted, plain] = [await find('b.large'), await find('b.parted'), await find('b.plain')];
  expect(large?.bytes).toBeGreaterThan(1_000_000);
  expect(large?.rows).toBeNull();
  expect(parted?.bytes).toBeGreaterThan(100_000);
  expect(parted?.rows).toBe(5000);
  expect(plain?.bytes).toBe(0);
});

test('a table that somebody is altering is listed all the same', async () => {
  await run('VACUUM ANALYZE b.large', 'BEGIN', 'LOCK TABLE b.large IN ACCESS EXCLUSIVE MODE');
  try {
    const large = await find('b.large');
    expect(large?.rows).toBe(2000);
    expect(large?.bytes).toBeGreaterThan(1_000_000);
  } finally {
    await run('ROLLBACK');
  }
});

test('a table that the user may not read is listed: it is to be missed at once', async () => {
  await run(`CREATE ROLE ${db.name}_reader LOGIN PASSWORD 'reader'`, `GRANT CONNECT ON DATABASE ${db.name} TO ${db.name}_reader`);
  const url = new URL(db.url);
  Object.assign(url, { username: `${db.name}_reader`, password: 'reader' });
  const { source } = await connect(url.toString());
  const tables = await withContext((context) => source?.tables?.(context) ?? Promise.resolve([]));
  expect(tables.map(({ name }) => name)).toContain('b.plain');
});

test('two connections to one database know each other, whatever they call it; other databases are others', async () => {
  const elsewhere = new URL(db.url);
  elsewhere.hostname = elsewhere.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const [one, same, another] = await Promise.all([connect(db.url), connect(elsewhere.toString()), connect(other.url)]);
  const identity = await one.identity?.();
  expect(identity).toMatch(/^postgres \d+\.\d+ \d+$/);
  expect(await same.identity?.()).toBe(identity);
  expect(await another.identity?.()).not.toBe(identity);
});

test('schemas that are missing are made, also by two at once; who may not is told which one', async () => {
  const { destination } = await connect(other.url);
  await Promise.all([destination?.provideSchemas?.(['new one', 'public']), destination?.provideSchemas?.(['new one'])]);
  expect(await other.query(`SELECT 1 AS found FROM pg_namespace WHERE nspname = 'new one'`)).toHaveLength(1);
  const url = new URL(other.url);
  await other.query(`CREATE ROLE ${other.name}_guest LOGIN PASSWORD 'guest'`);
  Object.assign(url, { username: `${other.name}_guest`, password: 'guest' });
  const guest = await connect(url.toString());
  await guest.destination?.provideSchemas?.(['public', 'new one']);
  await expect(guest.destination?.provideSchemas?.(['theirs'])).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('the schema "theirs"') as string,
  });
});

test('a server that is out of reach is told as such', async () => {
  const { source } = await openConnector('postgres', 'shop', { url: 'postgres://nobody@127.0.0.1:1/none' });
  await expect(withContext((context) => source?.tables?.(context) ?? Promise.resolve([]))).rejects.toMatchObject({
    code: 'CONNECTION_REFUSED',
    retryable: true,
  });
});
