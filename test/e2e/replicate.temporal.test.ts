import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { executeByCli, openScene, primaryKeyOf, rowsOf, type ReplicateScene } from './replicate-scene.js';
import { TPCH_TABLES, tpchStatements } from './tpch-tables.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let scene: ReplicateScene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene?.close());

async function inShop(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await scene.shop.query(statement);
}

async function expectEqual(...tables: readonly string[]): Promise<void> {
  for (const table of tables) expect(await rowsOf(scene.warehouse, table), table).toEqual(await rowsOf(scene.shop, table));
}

describe('a TPC-H database of eight tables', () => {
  const tables = TPCH_TABLES.map((table) => `tpch.${table}`);

  beforeAll(() => inShop('CREATE SCHEMA tpch', ...tpchStatements('tpch')));

  test('is copied by one command of the Temporal CLI, equal in every row and with its keys', async () => {
    const input = '{"from":"shop","to":"warehouse","tables":["tpch.*"],"mode":"merge"}';
    const printed = JSON.parse(await executeByCli(scene.worker.taskQueue, input)) as unknown;
    expect(printed).toMatchObject({ status: 'COMPLETED', result: { tables: 8, rows: 86_630, created: 8 } });
    await expectEqual(...tables);
    for (const table of tables) expect(await primaryKeyOf(scene.warehouse, table)).toBe(await primaryKeyOf(scene.shop, table));
  });

  test('begins with its largest table, and with as many at once as it is told to', async () => {
    const { workflowId } = await scene.replicate({ tables: ['tpch.*'], concurrency: 1 });
    const order = (await scene.steps(workflowId)).map(({ step }) => step);
    expect(order.slice(0, 5)).toEqual([
      'discover:shop',
      'extract:tpch.lineitem',
      'load:warehouse.tpch.lineitem',
      'extract:tpch.orders',
      'load:warehouse.tpch.orders',
    ]);
    expect(order).toHaveLength(17);
  });

  test('is merged again after changes: rows are added and updated, and those that went stay', async () => {
    await inShop(
      `UPDATE tpch.customer SET c_comment = 'changed' WHERE c_custkey % 100 = 0`,
      `INSERT INTO tpch.customer SELECT c_custkey + 10000, c_name, c_address, c_nationkey, c_phone, c_acctbal, c_mktsegment, c_comment FROM tpch.customer WHERE c_custkey <= 50`,
      `DELETE FROM tpch.lineitem WHERE l_orderkey = 7`,
    );
    const { result } = await scene.replicate({ tables: ['tpch.*'], mode: 'merge' });
    expect(result).toEqual({ tables: 8, rows: 86_676, created: 0 });
    await expectEqual(...tables.filter((table) => table !== 'tpch.lineitem'));
    const gone = await scene.warehouse.query('SELECT l_linenumber FROM tpch.lineitem WHERE l_orderkey = 7');
    expect(gone).toHaveLength(4);
  });

  test('is equal again after a replace', async () => {
    const { result } = await scene.replicate({ tables: ['tpch.*'], mode: 'replace' });
    expect(result).toEqual({ tables: 8, rows: 86_676, created: 0 });
    await expectEqual(...tables);
  });
});

describe('types', () => {
  const NAMES = ['kinds.everything', 'kinds.nothing', 'kinds.parted', 'kinds."odd.name"', 'kinds."Mixed Case"'];

  beforeAll(() =>
    inShop(
      'CREATE SCHEMA kinds',
      `CREATE TYPE kinds.mood AS ENUM ('sad', 'happy')`,
      'CREATE TYPE kinds.pair AS (a int, b text)',
      `CREATE DOMAIN kinds.positive AS numeric(10,2) CHECK (VALUE > 0)`,
      `CREATE TABLE kinds.everything (
         id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code varchar(5) UNIQUE, amount numeric, price numeric(12,4), rate float8,
         doubled numeric GENERATED ALWAYS AS (price * 2) STORED, doc jsonb, plain json, tags text[], grid int[][], prices numeric(8,2)[],
         mood kinds.mood, moods kinds.mood[], pair kinds.pair, sum kinds.positive, net inet, raw bytea, at timestamptz, local timestamp(3),
         day date, clock time, span interval, uid uuid, pad char(8), flag boolean, bits bit varying(8), spread int4range, words tsvector)`,
      `INSERT INTO kinds.everything (code, amount, price, rate, doc, plain, tags, grid, prices, mood, moods, pair, sum, net, raw, at, local, day, clock, span, uid, pad, flag, bits, spread, words)
         SELECT 'c' || i, 12345678901234567890.123456789 + i, i / 8.0, i / 3.0, jsonb_build_object('n', i, 'deep', jsonb_build_array(i, null)), '{"a" : 1}',
           ARRAY['x', NULL, 'quo"te'], ARRAY[[1,2],[3,i]], ARRAY[1.5, NULL], 'happy', ARRAY['sad','happy']::kinds.mood[], ROW(i, 'b,"')::kinds.pair, i + 1,
           '10.0.0.1/8', decode('00ff', 'hex'), timestamptz '2024-03-10 02:30:00.123456+00' + i * interval '1 day', '2024-01-01 00:00:00.123', '0044-03-15 BC', '23:59:59.999999',
           '1 year 2 days 03:04:05.678', md5(i::text)::uuid, 'ab', i % 2 = 0, B'101', int4range(i, i + 5), to_tsvector('simple', 'a cat ' || i)
         FROM generate_series(1, 50) i`,
      `INSERT INTO kinds.everything (code) VALUES (NULL)`,
      'CREATE TABLE kinds.nothing (a int, b text)',
      'CREATE TABLE kinds.parted (id int, part int NOT NULL, PRIMARY KEY (part, id)) PARTITION BY LIST (part)',
      'CREATE TABLE kinds.parted_1 PARTITION OF kinds.parted FOR VALUES IN (1)',
      'CREATE TABLE kinds.parted_2 PARTITION OF kinds.parted FOR VALUES IN (2)',
      'INSERT INTO kinds.parted SELECT i, 1 + i % 2 FROM generate_series(1, 100) i',
      'CREATE TABLE kinds."odd.name" ("a.b" int PRIMARY KEY, "c ""d""" text)',
      `INSERT INTO kinds."odd.name" VALUES (1, 'x')`,
      'CREATE TABLE kinds."Mixed Case" (a int, b text)',
      `INSERT INTO kinds."Mixed Case" VALUES (1, 'twice'), (1, 'twice'), (NULL, NULL)`,
    ),
  );

  test.each(['first', 'second'])('of every kind are copied exactly, at the %s time', async (time) => {
    const { result } = await scene.replicate({ tables: ['kinds.*'] });
    expect(result).toEqual({ tables: 5, rows: 155, created: time === 'first' ? 5 : 0 });
    await expectEqual(...NAMES);
  });

  test('of every kind are merged exactly by a primary key', async () => {
    await inShop(`UPDATE kinds.everything SET price = price + 1, tags = NULL WHERE id < 10`);
    const { result, message } = await scene.replicate({
      tables: ['kinds.everything', 'kinds.parted', 'kinds."odd.name"'],
      mode: 'merge',
    });
    expect(message).toBeUndefined();
    expect(result).toEqual({ tables: 3, rows: 152, created: 0 });
    await expectEqual(...NAMES);
  });

  test('that only the source knows become text, and others stay what they are', async () => {
    const columns = await scene.warehouse.query<{ name: string; type: string; generated: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attgenerated::text AS generated FROM pg_attribute
       WHERE attrelid = 'kinds.everything'::regclass AND attnum > 0`,
    );
    const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      mood: 'text',
      moods: 'text',
      pair: 'text',
      doc: 'jsonb',
      amount: 'numeric',
      net: 'inet',
      tags: 'text[]',
    });
    expect(columns.filter(({ generated }) => generated !== '')).toEqual([]);
  });
});

test('columns that an existing target computes by itself are left to it', async () => {
  const columns = 'id int PRIMARY KEY, price int, doubled int GENERATED ALWAYS AS (price * 2) STORED';
  await inShop(
    'CREATE SCHEMA computed',
    `CREATE TABLE computed.prices (${columns})`,
    'INSERT INTO computed.prices VALUES (1, 5), (2, 7)',
  );
  await scene.warehouse.query('CREATE SCHEMA computed');
  await scene.warehouse.query(`CREATE TABLE computed.prices (${columns})`);
  for (const mode of ['merge', 'replace']) {
    expect((await scene.replicate({ tables: ['computed.*'], mode })).message).toBeUndefined();
    await expectEqual('computed.prices');
  }
});

describe('which tables are copied', () => {
  beforeAll(() =>
    inShop(
      'CREATE SCHEMA sales',
      'CREATE SCHEMA crm',
      ...['sales.orders', 'sales.order_lines', 'sales.secrets', 'crm.people', 'crm.orders'].flatMap((table) => [
        `CREATE TABLE ${table} (id int PRIMARY KEY)`,
        `INSERT INTO ${table} VALUES (1)`,
      ]),
    ),
  );

  beforeEach(async () => {
    for (const schema of ['sales', 'crm', 'copy']) await scene.warehouse.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  });

  async function copied(): Promise<string[]> {
    const rows = await scene.warehouse.query<{ name: string }>(
      `SELECT concat_ws('.', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('sales', 'crm', 'copy') ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  test.each([
    [{ tables: ['sales.order*'] }, ['sales.order_lines', 'sales.orders']],
    [{ tables: ['sales.*'], exclude: ['*.secrets'] }, ['sales.order_lines', 'sales.orders']],
    [{ tables: ['crm.people', 'sales.orders'] }, ['crm.people', 'sales.orders']],
    [
      { tables: ['sales.orders', 'sales.*'], exclude: ['sales.no_such_*'] },
      ['sales.order_lines', 'sales.orders', 'sales.secrets'],
    ],
    [{ tables: ['crm.*'], schema: 'copy' }, ['copy.orders', 'copy.people']],
  ])('is said by %j', async (parameters, tables) => {
    const { result } = await scene.replicate(parameters);
    expect(result).toEqual({ tables: tables.length, rows: tables.length, created: tables.length });
    expect(await copied()).toEqual(tables);
  });

  test.each([
    [
      { tables: ['sales.ordes'] },
      'TABLE_MISSING',
      /The pattern "sales\.ordes" matches no table of connection "shop"\. It has: .*crm\.orders, crm\.people/,
    ],
    [{ tables: ['sales.orders', 'none.*'] }, 'TABLE_MISSING', /The pattern "none\.\*" matches no table/],
    [
      { tables: ['sales.*'], exclude: ['sales.secret'] },
      'TABLE_MISSING',
      /The name "sales\.secret" in `exclude` is that of no table of connection "shop"/,
    ],
    [{ tables: ['crm.people'], exclude: ['crm.*'] }, 'TABLE_MISSING', /With `exclude`, the patterns match no table/],
    [
      { tables: ['sales.*', 'crm.*'], schema: 'copy' },
      'OPTION_INVALID',
      /(crm|sales)\.orders and (crm|sales)\.orders would both be copied into copy\.orders in connection "warehouse"/,
    ],
    [
      { tables: ['sales.*'], to: 'mirror' },
      'OPTION_INVALID',
      /The connections "shop" and "mirror" are one database, so sales\.\w+ would be copied onto itself/,
    ],
    [
      { tables: ['sales.*'], to: 'shop' },
      'OPTION_INVALID',
      /would be copied onto itself\. Give another `schema` for the targets/,
    ],
    [
      { tables: ['sales.*'], from: 'shopp' },
      'CONNECTION_UNKNOWN',
      /no connection "shopp"\. It has: shop, warehouse, mirror, lake/,
    ],
    [{ tables: ['sales.*'], to: 'nowhere' }, 'CONNECTION_UNKNOWN', /no connection "nowhere"/],
    [
      { tables: ['sales.*'], from: 'lake' },
      'CAPABILITY_MISSING',
      /Connection "lake" \(files\) has no tables that could be listed/,
    ],
    [
      { tables: ['sales.*'], to: 'lake', mode: 'merge' },
      'CAPABILITY_MISSING',
      /Connection "lake" \(files\) cannot merge\. Of the modes of a replication it has: replace/,
    ],
    [{ tables: [] }, 'PARAMETERS_INVALID', /tables: name tables, as \["public\.\*"\]/],
    [{ tables: 'sales.*' }, 'PARAMETERS_INVALID', /tables: /],
    [{}, 'PARAMETERS_INVALID', /tables: /],
    [{ tables: ['a.b.c'] }, 'PARAMETERS_INVALID', /tables\.0: "a\.b\.c" is no pattern for tables/],
    [{ tables: ['!sales.secrets'] }, 'PARAMETERS_INVALID', /Tables to leave out go into `exclude`/],
    [{ tables: ['*'], mode: 'append' }, 'PARAMETERS_INVALID', /mode: .*"replace"\|"merge"/],
    [{ tables: ['*'], concurrency: 0 }, 'PARAMETERS_INVALID', /concurrency: /],
    [{ tables: ['*'], schema: '' }, 'PARAMETERS_INVALID', /schema: /],
    [{ tables: ['*'], skip: ['x'] }, 'PARAMETERS_INVALID', /"skip"/],
  ])('is refused as a whole for %j', async (parameters, code, message) => {
    const ended = await scene.replicate(parameters);
    expect(ended).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await copied()).toEqual([]);
  });

  test('may be those of one database under another schema', async () => {
    await inShop('DROP SCHEMA IF EXISTS copy CASCADE');
    const { result } = await scene.replicate({ tables: ['crm.*'], to: 'mirror', schema: 'copy' });
    expect(result).toMatchObject({ tables: 2, created: 2 });
    expect(await scene.shop.query('SELECT id FROM copy.people')).toEqual([{ id: 1 }]);
  });
});

test('tables become Parquet files in a folder for each schema', async () => {
  await inShop(
    'CREATE SCHEMA filed',
    'CREATE TABLE filed.plain (id int)',
    'CREATE TABLE filed."a/../b" (id int)',
    'INSERT INTO filed.plain VALUES (1), (2)',
  );
  const { result, message } = await scene.replicate({ tables: ['filed.*'], to: 'lake' });
  expect(message).toBeUndefined();
  expect(result).toEqual({ tables: 2, rows: 2, created: 2 });
  expect(readdirSync(`${scene.lake}/filed`).toSorted()).toEqual(['_millrace', 'a%2F..%2Fb.parquet', 'plain.parquet']);
});
