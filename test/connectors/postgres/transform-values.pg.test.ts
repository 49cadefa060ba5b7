import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { transformIn, type Transformation } from './transform.js';

/* What the SQL of a transform in the database sees, and what becomes of its values. */

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

const daily = (change: Partial<Transformation> & Pick<Transformation, 'sql'>) =>
  transformIn(
    { url: db.url },
    { inputs: { orders: ['w.orders', Order] }, output: Daily, into: 'w.daily', key: ['day'], ...change },
  );
const rowsOf = (table: string, order = '1') =>
  db
    .query(`SELECT to_jsonb(t) - '_millrace_load' AS row FROM ${table} t ORDER BY ${order}`)
    .then((rows) => rows.map(({ row }) => row as unknown));
test('the SQL may have a WITH of its own, comments, quotes, and names with capitals', async () => {
  const sql = `-- $nothing; in a comment
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2),
    daily AS (SELECT day, count(*) AS orders FROM theOrders GROUP BY day) /* $nor /* $here */ */
    SELECT day, orders, (n * $factor)::numeric AS amount FROM daily JOIN numbers ON n = 2
    WHERE 'it''s $not' <> $$nor $this$$ AND day >= $since AND EXISTS (SELECT FROM "theOrders" WHERE E'\\'$x' <> '') -- the end`;
  await daily({ sql, inputs: { theOrders: ['w.orders', Order] }, values: { factor: 1.5, since: '2024-01-02' } });
  expect(await rowsOf('w.daily')).toEqual([{ day: '2024-01-02', orders: 1, amount: 3 }]);
});

test('parameters are literals of their types, and no text gets out of its quotes', async () => {
  const Values = contract(
    z.object({
      id: z.int(),
      text: z.string(),
      whole: z.int(),
      less: z.int(),
      big: z.bigint(),
      yes: z.boolean(),
      none: z.string().nullable(),
      at: z.date(),
    }),
  );
  const text = `'; DROP TABLE w.orders; -- \\' "$since" 🌍`;
  await daily({
    sql: 'SELECT 1 AS id, $text AS text, $whole AS whole, 5-$less AS less, $big::bigint AS big, $yes AS yes, $none AS none, $at AS at',
    values: {
      text,
      whole: 3,
      less: -2,
      big: { bigint: '-9007199254740993' },
      yes: true,
      none: null,
      at: { instant: '2024-01-02T03:04:05.678Z' },
    },
    inputs: {},
    output: Values,
    into: 'w.values',
    key: undefined,
  });
  expect(
    await db.query(
      `SELECT id, text, whole, less, big, yes, none, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') AS at FROM w.values`,
    ),
  ).toEqual([{ id: 1, text, whole: 3, less: 7, big: '-9007199254740993', yes: true, none: null, at: '2024-01-02 03:04:05.678' }]);
  await daily({
    sql: 'SELECT day, count(*) AS orders, sum(amount) AS amount FROM orders WHERE id = $1 GROUP BY day',
    values: [3],
  });
  expect(await rowsOf('w.daily')).toEqual([{ day: '2024-01-02', orders: 1, amount: 5 }]);
});

test('an input shows the columns of its contract and no other', async () => {
  await db.query("ALTER TABLE w.orders ADD COLUMN secret text DEFAULT 'x'");
  const Some = contract(z.object({ id: z.int(), day: z.iso.date(), note: z.string().optional() }));
  await daily({
    sql: 'SELECT * FROM orders',
    inputs: { orders: ['w.orders', Some] },
    output: Some,
    into: 'w.some',
    key: undefined,
  });
  expect(await rowsOf('w.some')).toEqual([
    { id: 1, day: '2024-01-01', note: null },
    { id: 2, day: '2024-01-01', note: null },
    { id: 3, day: '2024-01-02', note: null },
  ]);
  await expect(daily({ sql: 'SELECT secret FROM orders', inputs: { orders: ['w.orders', Some] } })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/column "secret" does not exist \(line 1, column 8\)/) as string,
  });
});

test('values keep their types: jsonb, arrays, numerics of any length, timestamps, enumerations', async () => {
  await db.query(`CREATE TYPE w.mood AS ENUM ('glad', 'sad');
    CREATE TABLE w.kinds (id int, data jsonb, tags text[], amount numeric, at timestamptz, mood w.mood);
    INSERT INTO w.kinds VALUES (1, '{"a": [1, 2]}', '{x,"y,z"}', 12345678901234567890.123456789, '2024-01-02 03:04:05.123456+00', 'sad')`);
  const Kind = contract(
    z.object({
      id: z.int(),
      data: z.object({ a: z.array(z.int()) }),
      tags: z.array(z.string()),
      amount: z.number(),
      at: z.date(),
      mood: z.enum(['glad', 'sad']),
    }),
  );
  await daily({ sql: 'SELECT * FROM kinds', inputs: { kinds: ['w.kinds', Kind] }, output: Kind, into: 'w.copied', key: ['id'] });
  expect(await db.query('SELECT (SELECT k FROM w.kinds k)::text = (SELECT c FROM w.copied c)::text AS same')).toEqual([
    { same: true },
  ]);
  expect(
    await db.query(
      `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'w.copied'::regclass AND attnum > 0 ORDER BY attnum`,
    ),
  ).toEqual(['integer', 'jsonb', 'text[]', 'numeric', 'timestamp with time zone', 'w.mood'].map((type) => ({ type })));
});

test('the result depends on no setting of the user’s session', async () => {
  const Clock = contract(z.object({ id: z.int(), text: z.string() }));
  await db.query(`ALTER DATABASE ${db.name} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE ${db.name} SET DateStyle = 'German'`);
  await daily({
    sql: `SELECT 1 AS id, (timestamptz '2024-01-01 00:00:00Z')::text AS text`,
    inputs: {},
    output: Clock,
    into: 'w.clock',
    key: undefined,
  });
  await db.query(`ALTER DATABASE ${db.name} RESET ALL`);
  expect(await rowsOf('w.clock')).toEqual([{ id: 1, text: '2024-01-01 00:00:00+00' }]);
});
