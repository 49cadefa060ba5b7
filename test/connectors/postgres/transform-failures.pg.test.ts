import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { transformIn, type Transformation } from './transform.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(`CREATE SCHEMA w;
    CREATE TABLE w.orders (id int PRIMARY KEY, customer text, amount numeric(10,2), day date);
    INSERT INTO w.orders VALUES (1, 'ada', 10.10, '2024-01-01'), (2, 'bob', 0, '2024-01-01'), (3, NULL, 5, NULL);
    CREATE TABLE w.audit (note text); CREATE SEQUENCE w.counter;
    CREATE FUNCTION w.write_note() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN INSERT INTO w.audit VALUES ('x'); RETURN 1; END $$;
    CREATE TABLE w.narrow (id int, amount int);
    CREATE VIEW w.recent AS SELECT * FROM w.orders;
    CREATE TABLE w.filled (id int PRIMARY KEY, amount numeric); INSERT INTO w.filled VALUES (7, 7)`);
});
afterAll(() => db.drop());

const Order = contract(z.object({ id: z.int(), customer: z.string(), amount: z.number(), day: z.iso.date() }), { key: ['id'] });
const Result = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });
const GOOD = 'SELECT id, amount FROM orders';

const transform = (change: Partial<Transformation>, url = db.url, controller?: AbortController) =>
  transformIn(
    { url, lockTimeoutMs: 500 },
    { sql: GOOD, inputs: { orders: ['w.orders', Order] }, output: Result, into: 'w.filled', ...change },
    controller && { controller },
  );

const Wrong = contract(z.object({ id: z.int(), customr: z.string(), day: z.int() }));
const Pair = contract(z.object({ id: z.int(), amount: z.number(), note: z.string() }));

const CASES: readonly (readonly [string, Partial<Transformation>, string, RegExp])[] = [
  [
    'SQL that does not parse',
    { sql: 'SELECT id,\n  FROM orders WHERE' },
    'QUERY_FAILED',
    /Transform "daily" does not run in connection "warehouse": syntax error at or near "FROM" \(line 2, column 3\)/,
  ],
  [
    'a column that is not there',
    { sql: 'SELECT id, amont AS amount FROM orders' },
    'QUERY_FAILED',
    /column "amont" does not exist.* \(line 1, column 12\)/,
  ],
  [
    'a place behind a parameter and behind letters of two halves',
    { sql: "SELECT '🌍' AS g, $long AS l, amont FROM orders", values: { long: 'x'.repeat(50) } },
    'QUERY_FAILED',
    /\(line 1, column 31\)/,
  ],
  [
    'a parameter that the run has not',
    { sql: 'SELECT id, $factor AS amount FROM orders', values: { since: 'x' } },
    'QUERY_FAILED',
    /uses \$factor, which the run has no parameter for\. It has: since/,
  ],
  [
    'a parameter with a NUL byte',
    { sql: 'SELECT id, $note AS amount FROM orders', values: { note: 'a\0b' } },
    'PARAMETERS_INVALID',
    /"note" has a NUL byte/,
  ],
  [
    'a value that fails while it runs',
    { sql: 'SELECT id, 1 / amount AS amount FROM orders' },
    'QUERY_FAILED',
    /does not run in connection "warehouse": division by zero/,
  ],
  [
    'a second statement',
    { sql: 'SELECT id, amount FROM orders; DELETE FROM w.audit' },
    'QUERY_FAILED',
    /syntax error at or near ";" \(line 1, column 30\)/,
  ],
  [
    'a statement behind a closed bracket',
    { sql: 'SELECT 1) AS x; DELETE FROM w.filled; SELECT * FROM (SELECT 1' },
    'QUERY_FAILED',
    /cannot insert multiple commands|syntax error/,
  ],
  ['a DELETE', { sql: 'DELETE FROM orders RETURNING id, amount' }, 'QUERY_FAILED', /syntax error/],
  [
    'a DELETE in a WITH',
    { sql: 'WITH gone AS (DELETE FROM w.filled RETURNING id, amount) SELECT * FROM gone' },
    'QUERY_FAILED',
    /WITH clause containing a data-modifying statement must be at the top level/,
  ],
  [
    'a function that writes',
    { sql: 'SELECT id, w.write_note()::numeric AS amount FROM orders' },
    'QUERY_FAILED',
    /cannot execute INSERT in a read-only transaction/,
  ],
  ['a sequence', { sql: "SELECT id, nextval('w.counter') AS amount FROM orders" }, 'TRANSFORM_FORBIDDEN', /reads w\.counter/],
  [
    'a sequence by a text',
    { sql: "SELECT id, nextval(('w.' || 'counter')::regclass) AS amount FROM orders" },
    'QUERY_FAILED',
    /cannot execute nextval\(\) in a read-only transaction/,
  ],
  [
    'another table',
    { sql: 'SELECT id, (SELECT count(*) FROM w.audit) AS amount FROM orders' },
    'TRANSFORM_FORBIDDEN',
    /reads w\.audit in connection "warehouse", which it was not given\. Its inputs are: orders/,
  ],
  [
    'an unknown table',
    { sql: 'SELECT * FROM ordrs' },
    'QUERY_FAILED',
    /relation "ordrs" does not exist \(line 1, column 15\)\. Its inputs are: orders/,
  ],
  ['a column twice', { sql: 'SELECT id, amount, amount FROM orders' }, 'OPTION_INVALID', /gives the column "amount" twice/],
  [
    'columns that are missing, extra and of another type',
    { sql: "SELECT 'x' AS amount, 1 AS idd FROM orders" },
    'TRANSFORM_OUTPUT',
    /missing: "id" \(did you mean "idd"\?\); wrong type: "amount" is VARCHAR, the contract wants .*; extra: "idd"/,
  ],
  [
    'an input table that is missing',
    { inputs: { orders: ['w.ordrs', Order] } },
    'TABLE_MISSING',
    /table "w"\."ordrs", the input "orders" of transform "daily", in connection "warehouse"/,
  ],
  [
    'an input table whose name is none',
    { inputs: { orders: ['a.b.c', Order] } },
    'OPTION_INVALID',
    /"a\.b\.c" is not the name of a table/,
  ],
  [
    'an input table that does not fit its contract',
    { inputs: { orders: ['w.orders', Wrong] } },
    'TRANSFORM_INPUTS',
    /"w\.orders" does not fit the contract of input "orders" of transform "daily": missing: "customr" \(did you mean "customer"\?\); wrong type: "day" is DATE, the contract wants/,
  ],
  ['versions', { mode: 'scd2', key: ['id'] }, 'OPTION_INVALID', /cannot keep versions\. Use append, merge or replace/],
  ['a merge without a key', { mode: 'merge', key: [] }, 'OPTION_INVALID', /needs a key/],
  ['a merge by a column that is not there', { mode: 'merge', key: ['ident'] }, 'OPTION_INVALID', /"ident".*It has: id, amount/],
  [
    'a merge whose key is null',
    { sql: 'SELECT NULLIF(id, 3) AS id, amount FROM orders', mode: 'merge', key: ['id'] },
    'KEY_NULL',
    /1 of 3 rows/,
  ],
  [
    'a merge whose key comes twice',
    { sql: 'SELECT 1 AS id, amount FROM orders', mode: 'merge', key: ['id'] },
    'KEY_DUPLICATE',
    /1 keys \("id"\)/,
  ],
  ['a merge without a unique index', { mode: 'merge', key: ['amount'] }, 'TARGET_UNSUITABLE', /CREATE UNIQUE INDEX/],
  ['a key that is there', { sql: 'SELECT 7 AS id, amount FROM orders', mode: 'append' }, 'KEY_DUPLICATE', /filled_pkey/],
  [
    'a target column that cannot hold the values',
    { into: 'w.narrow' },
    'COLUMN_TYPE',
    /"amount" of the table "w"\."narrow".*integer, which cannot hold the dataset.s DECIMAL\(10,2\)/,
  ],
  [
    'a target that lacks a column',
    { sql: "SELECT id, amount, 'x' AS note FROM orders", output: Pair },
    'COLUMN_MISSING',
    /"note"/,
  ],
  ['a view as target', { into: 'w.recent' }, 'TARGET_UNSUITABLE', /not a table/],
  ['a target in a schema that is missing', { into: 'nowhere.t' }, 'TABLE_MISSING', /CREATE SCHEMA "nowhere"/],
  ['a partition of a column that is not there', { partition: { month: 'x' } }, 'OPTION_INVALID', /"month"/],
];

test.each(CASES)('%s is refused for good, says where and why, and leaves nothing', async (_what, change, code, message) => {
  await expect(transform(change)).rejects.toMatchObject({
    code,
    retryable: false,
    message: expect.stringMatching(message) as string,
  });
  expect(await db.query('SELECT id, amount FROM w.filled')).toEqual([{ id: 7, amount: '7' }]);
  expect(
    await db.query('SELECT (SELECT count(*)::int FROM w.audit) AS audit, (SELECT is_called FROM w.counter) AS counted'),
  ).toEqual([{ audit: 0, counted: false }]);
  expect(await db.query("SELECT relname FROM pg_class WHERE relname LIKE 'millrace\\_%' OR relname LIKE 'staging\\_%'")).toEqual(
    [],
  );
  expect(await db.query('SELECT load_id FROM _millrace.ledger')).toEqual([]);
});

test('a value that the target refuses is told as that, with its column', async () => {
  await db.query('CREATE TABLE w.checked (id int, amount numeric CHECK (amount > 0))');
  await expect(transform({ into: 'w.checked' })).rejects.toMatchObject({
    code: 'VALUE_REFUSED',
    message: expect.stringMatching(/"w"\."checked".*checked_amount_check/) as string,
  });
  expect(await db.query('SELECT id FROM w.checked')).toEqual([]);
});

test('a trigger that drops rows is found by the count, and nothing is left', async () => {
  await db.query(`CREATE TABLE w.lossy (id int, amount numeric);
    CREATE FUNCTION w.drop_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id = 2 THEN NULL ELSE NEW END; END $$;
    CREATE TRIGGER lossy BEFORE INSERT ON w.lossy FOR EACH ROW EXECUTE FUNCTION w.drop_some()`);
  await expect(transform({ into: 'w.lossy', mode: 'append', key: [] })).rejects.toMatchObject({
    code: 'ROWS_LOST',
    retryable: true,
    message: expect.stringMatching(/should hold 3 rows and the transaction counts 2/) as string,
  });
  expect(await db.query('SELECT id FROM w.lossy')).toEqual([]);
});

test('a user is told which right is missing: to an input, and to temporary tables', async () => {
  const user = `u_${randomBytes(4).toString('hex')}`;
  await db.query(`CREATE ROLE ${user} LOGIN PASSWORD 'pw'; GRANT USAGE ON SCHEMA w, _millrace TO ${user};
    GRANT SELECT, INSERT, UPDATE ON _millrace.ledger TO ${user}; CREATE TABLE w.given (id int, amount numeric); GRANT ALL ON w.given TO ${user}`);
  const limited = Object.assign(new URL(db.url), { username: user, password: 'pw' }).toString();
  await expect(transform({ into: 'w.given' }, limited)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    retryable: false,
    message: expect.stringMatching(
      /table "w"\."orders", the input "orders" of transform "daily",: permission denied for table orders/,
    ) as string,
  });
  await db.query(`GRANT SELECT ON w.orders TO ${user}`);
  expect((await transform({ into: 'w.given', key: [] }, limited)).load).toMatchObject({ rows: 3, created: false });
  await db.query(`DELETE FROM _millrace.ledger; REVOKE TEMPORARY ON DATABASE ${db.name} FROM PUBLIC`);
  await expect(transform({ into: 'w.given' }, limited)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringMatching(/temporary tables/) as string,
  });
  await db.query(`GRANT TEMPORARY ON DATABASE ${db.name} TO PUBLIC; DROP OWNED BY ${user}; DROP ROLE ${user}`);
});
