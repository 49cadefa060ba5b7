import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Column } from '../../../src/core/dataset.js';
import type { Extracted } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query('CREATE SCHEMA s');
  await db.query(
    "CREATE TYPE s.mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN s.positive AS int CHECK (value > 0); CREATE TYPE s.pair AS (a int, b text)",
  );
});
afterAll(() => db.drop());

/** A type, and values on which movers of data stumble. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
  real: ["'NaN'", "'-Infinity'", '1.1', '1e-45', '-0.0'],
  'double precision': ["'NaN'", "'Infinity'", '0.1', '5e-324', '1.7976931348623157e308'],
  'numeric(10,2)': ['1.23', '-99999999.99', '0'],
  'numeric(38,10)': ['1234567890123456789012345678.0123456789', '-0.0000000001'],
  'numeric(9,9)': ['0.999999999', '-0.1'],
  'numeric(18,17)': ['7.99999999999999999', '-0.1'],
  'numeric(18,18)': ['0.999999999999999999', '0.123456789012345678'],
  'numeric(38,37)': ['7.9999999999999999999999999999999999999', '-0.1'],
  'numeric(38,38)': ['0.99999999999999999999999999999999999999'],
  'numeric(38,38)[]': ["'{0.99999999999999999999999999999999999999,NULL}'"],
  'numeric(50,10)': ['1234567890123456789012345678901234567890.0123456789'],
  'numeric(12,3)': ['1.5', "'NaN'"],
  numeric: ['12345678901234567890.123456789', "'NaN'", "'-Infinity'", '1e-300', '0.10'],
  text: ["''", "E'tab\\tnew\\nline\\r\\\\'", "'żółć 🌊 é'", "E'\\b'", "E'\\\\N'", "'NULL'", "' '", "U&'\\FEFFbom'"],
  'character varying(5)': ["'abcde'", "''"],
  'character(5)': ["'ab'", "''", "'abcde'"],
  '"char"': ["'x'"],
  name: ["'a name'"],
  date: ["'infinity'", "'-infinity'", "'0001-01-01 BC'", "'9999-12-31'", "'2000-02-29'"],
  'timestamp without time zone': ["'infinity'", "'4713-01-01 BC'", "'2020-01-01 00:00:00.123456'"],
  'timestamp with time zone': ["'-infinity'", "'2020-03-29 02:30:00.000001+02'", "'0044-03-15 12:00 BC'"],
  'timestamp(3) without time zone': ["'294276-12-31 23:59:59.999'", "'1970-01-01'"],
  'time without time zone': ["'24:00:00'", "'00:00:00.000001'"],
  'time with time zone': ["'12:00:00.5+02'"],
  interval: ["'1 mon 2 days 03:04:05.678901'", "'-1 year 5 days'"],
  uuid: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
  bytea: ["'\\x00ff27'", "''"],
  jsonb: [`'{"b": 1, "a": [1, null, "x"]}'`, "'null'", `'"text"'`, "'1e400'"],
  json: [`'{"b":  1, "b": 2}'`],
  xml: ["'<a>&lt;</a>'"],
  inet: ["'10.0.0.1/8'", "'::1'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  money: ["'12.34'"],
  'bit(3)': ["B'101'"],
  'bit varying': ["B'10110'", "B''"],
  point: ["'(1.5,2)'"],
  tsvector: ["'a:1 b:2'"],
  int4range: ["'[1,5)'", "'empty'"],
  's.mood': ["'sad'", "'it''s ok'"],
  's.positive': ['5'],
  's.pair': [`'(1,"a,b")'`],
  'integer[]': ["'{1,NULL,3}'", "'{}'"],
  'bigint[]': ["'{{1,2},{3,4}}'", "'[0:1]={5,6}'"],
  'text[]': [`'{"a,b",NULL,"q\\"x","","NULL"}'`],
  'numeric(5,2)[]': ["'{1.25,NULL}'"],
  'numeric(6,2)[]': ["'{NaN}'"],
  'numeric[]': ["'{1.123456789012345678901234567890}'"],
  'timestamp with time zone[]': ["'{2020-01-01 00:00:00.000001+00}'"],
  'uuid[]': ["'{00000000-0000-0000-0000-000000000001}'"],
  'boolean[]': ["'{t,f,NULL}'"],
  'jsonb[]': [`'{"{\\"a\\": 1}"}'`],
  's.mood[]': ["'{sad}'"],
};

test('every type comes back exactly as it was, through Parquet into a table made for it', async () => {
  const types = Object.keys(TYPES);
  await db.query(`CREATE TABLE s.original (id int PRIMARY KEY, ${types.map((type, at) => `c${at} ${type}`).join(', ')})`);
  const height = Math.max(...Object.values(TYPES).map((values) => values.length));
  for (let row = 0; row <= height; row++) {
    await db.query(`INSERT INTO s.original VALUES (${[row, ...types.map((type) => TYPES[type]?.[row] ?? 'NULL')].join(', ')})`);
  }
  const { columns } = await copyTable('s.original', 's.copy');
  expect(await differences('s.original', 's.copy', columns)).toEqual([]);

  const restored = await db.query<{ position: number; type: string }>(
    "SELECT substr(attname, 2)::int AS position, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 's.copy'::regclass AND attname ~ '^c[0-9]'",
  );
  const made = Object.fromEntries(restored.map(({ position, type }) => [types[position], type]));
  const changed = Object.entries(made).filter(([from, to]) => from !== to);
  expect(Object.fromEntries(changed)).toEqual({
    'character varying(5)': 'text',
    'character(5)': 'text',
    's.positive': 'integer',
  });
});

test('what a database sets for its sessions changes no value', async () => {
  const other = await createTestDatabase();
  try {
    await other.query(
      `ALTER DATABASE ${other.name} SET extra_float_digits = -10; ALTER DATABASE ${other.name} SET IntervalStyle = 'sql_standard';
       ALTER DATABASE ${other.name} SET DateStyle = 'SQL, DMY'; ALTER DATABASE ${other.name} SET TimeZone = 'America/New_York'`,
    );
    await other.query(
      `CREATE TYPE spot AS (at point, weight float8);
       CREATE TABLE given (id int PRIMARY KEY, p point, f float8[], c spot, i interval, t timestamptz, d daterange)`,
    );
    const row = "1, '(0.1234567890123456,1)', '{{0.1234567890123456}}', '(\"(0.1234567890123456,1)\",0.1)', '-1 year 5 days'";
    await other.query(`INSERT INTO given VALUES (${row}, '2020-02-03 04:05:06.000007+00', '[2020-02-03,2020-03-02)')`);
    const { columns } = await copyTable('public.given', 'public.taken', other);
    await loadQuery(
      { url: other.url },
      { target: 'lasting', mode: 'replace', select: "SELECT INTERVAL '-1 year 5 days' AS i, INTERVAL '-1 day 3 hours' AS j" },
    );
    await other.query("SET extra_float_digits = 3; SET IntervalStyle = 'postgres'");
    expect(await differences('given', 'taken', columns, other)).toEqual([]);
    expect(await other.query('SELECT i::text, j::text FROM lasting')).toEqual([
      { i: '-1 years +5 days', j: '-1 days +03:00:00' },
    ]);
  } finally {
    await other.drop();
  }
});

test('plain types travel in their own types, and every other as text with its name', async () => {
  await db.query(
    "CREATE TABLE s.plain AS SELECT 1 AS i, 1.5::numeric(6,2) AS n, now() AS t, '{1,2}'::int[] AS a, 'x'::char(3) AS c, '{}'::jsonb AS j, 'NaN'::numeric(4,1) AS nan",
  );
  const { columns } = await extractTable('s.plain');
  expect(columns.map(({ name, type, sourceType }) => [name, type, sourceType])).toEqual([
    ['i', 'INTEGER', undefined],
    ['n', 'DECIMAL(6,2)', undefined],
    ['t', 'TIMESTAMP WITH TIME ZONE', undefined],
    ['a', 'INTEGER[]', undefined],
    ['c', 'VARCHAR', undefined],
    ['j', 'VARCHAR', 'jsonb'],
    ['nan', 'VARCHAR', 'numeric(4,1)'],
  ]);
});

test('a table that is there takes the same values, each in its own type', async () => {
  await db.query('CREATE TABLE s.strict (LIKE s.original INCLUDING ALL)');
  const { columns } = await copyTable('s.original', 's.strict');
  expect(await differences('s.original', 's.strict', columns)).toEqual([]);
});

test('tables that DuckDB writes as text keep every value too', async () => {
  const plain = Object.keys(TYPES).filter(
    (type) =>
      /^(boolean|smallint|integer|bigint|real|double|numeric\((10|38)|text|character|date|timestamp with|time without|uuid|bytea|json)/.test(
        type,
      ) && !type.endsWith(']'),
  );
  const list = plain.map((type, at) => `c${at} ${type}`).join(', ');
  await db.query(
    `CREATE TABLE s.textual (id int PRIMARY KEY, ${list}); CREATE TABLE s.textual_copy (LIKE s.textual INCLUDING ALL)`,
  );
  for (let row = 0; row < 5; row++) {
    await db.query(
      `INSERT INTO s.textual VALUES (${[row, ...plain.map((type) => (TYPES[type] ?? []).filter((value) => !/NaN|29427|b'"$/.test(value))[row] ?? 'NULL')].join(', ')})`,
    );
  }
  const { columns } = await copyTable('s.textual', 's.textual_copy');
  expect(await differences('s.textual', 's.textual_copy', columns)).toEqual([]);
});

test('a text of one backspace stays one where DuckDB would write it as null', async () => {
  await db.query('CREATE TABLE s.bells (id int PRIMARY KEY, t text, c char(2), j jsonb, b bytea, d date, f real)');
  const select = `SELECT 1 AS id, chr(8) AS t, 'x' AS c, '{"a": 1}' AS j, '\\x00\\xFF\\x5C'::BLOB AS b, '0001-01-01 (BC)'::DATE AS d, 1.1::REAL AS f UNION ALL SELECT 2, 'a\\b', '', NULL, ''::BLOB, 'infinity'::DATE, 'nan'::REAL`;
  await loadQuery({ url: db.url, schema: 's' }, { target: 'bells', mode: 'replace', select });
  await loadQuery(
    { url: db.url, schema: 's' },
    {
      target: 'bells',
      mode: 'append',
      select: select.replaceAll('chr(8)', "'plain'").replace('SELECT 1', 'SELECT 3').replace('SELECT 2', 'SELECT 4'),
    },
  );
  const rest = { c: 'x ', j: '{"a": 1}', b: '\\x00ff5c', d: '0001-01-01 BC', f: '1.1' };
  const last = { t: 'a\\b', c: '  ', j: null, b: '\\x', d: 'infinity', f: 'NaN' };
  expect(await db.query('SELECT id, t, c, j::text, b::text, d::text, f::text FROM s.bells ORDER BY id')).toEqual([
    { id: 1, t: '\b', ...rest },
    { id: 2, ...last },
    { id: 3, t: 'plain', ...rest },
    { id: 4, ...last },
  ]);
});

test('a table is made with its key, required columns and fitting types for every DuckDB type', async () => {
  const select = `SELECT 1::TINYINT AS a, 2::UINTEGER AS b, 3::UBIGINT AS c, 170141183460469231731687303715884105::HUGEINT AS d, 1.5::DOUBLE AS e, 'x' AS f,
    '{"k":1}'::JSON AS g, [1, 2]::BIGINT[] AS h, {'x': 1} AS i, MAP {'k': 'v'} AS j, [[1], [2]] AS k, 'a'::ENUM('a', 'b') AS l, INTERVAL 3 DAY AS m, TIMESTAMP_MS '2020-01-01 00:00:00.123' AS n, [{'x': 1}] AS o`;
  const columns = await withContext(async ({ session }) =>
    session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${select}`),
  );
  const described: Column[] = columns.map(({ column_name: name, column_type: type }) => ({ name, type, nullable: name !== 'f' }));
  await loadQuery({ url: db.url, schema: 's' }, { target: 'made', mode: 'merge', key: ['a', 'b'], select, columns: described });
  const made = await db.query<{ line: string }>(
    "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' required' ELSE '' END AS line FROM pg_attribute WHERE attrelid = 's.made'::regclass AND attnum > 0 ORDER BY attnum",
  );
  expect(made.map((row) => row.line)).toEqual([
    'a smallint required',
    'b bigint required',
    'c numeric(20,0)',
    'd numeric(38,0)',
    'e double precision',
    'f text required',
    'g jsonb',
    'h bigint[]',
    'i jsonb',
    'j jsonb',
    'k jsonb',
    'l text',
    'm interval',
    'n timestamp without time zone',
    'o jsonb',
  ]);
  const [row] = await db.query('SELECT d::text, g, h::text, i, j, k, l, m::text, n::text, o FROM s.made');
  expect(row).toEqual({
    d: '170141183460469231731687303715884105',
    g: { k: 1 },
    h: '{1,2}',
    i: { x: 1 },
    j: { k: 'v' },
    k: [[1], [2]],
    l: 'a',
    m: '3 days',
    n: '2020-01-01 00:00:00.123',
    o: [{ x: 1 }],
  });
  const [key] = await db.query(
    "SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = 's.made'::regclass AND contype = 'p'",
  );
  expect(key).toEqual({ key: 'PRIMARY KEY (a, b)' });
});

async function extractTable(table: string, { url } = db): Promise<Extracted & { readonly directory: string }> {
  const connector = await openConnector('postgres', 'shop', { url });
  const directory = temporaryFolder();
  return withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    return { ...(await connector.source.extract({ dataset: 'd', options: { table }, directory }, context)), directory };
  });
}

async function copyTable(from: string, to: string, within = db): Promise<Extracted> {
  const extracted = await extractTable(from, within);
  await loadQuery(
    { url: within.url },
    {
      target: to,
      mode: 'replace',
      key: ['id'],
      columns: extracted.columns,
      select: `SELECT * FROM '${join(extracted.directory, 'part-0.parquet')}'`,
    },
  );
  return extracted;
}

// Compared as text, the only form in which every type can be; both ways, duplicates counted.
function differences(one: string, other: string, columns: readonly Column[], within = db): Promise<unknown[]> {
  const list = columns.map((column) => `"${column.name}"::text`).join(', ');
  return within.query(
    `(SELECT ${list} FROM ${one} EXCEPT ALL SELECT ${list} FROM ${other}) UNION ALL (SELECT ${list} FROM ${other} EXCEPT ALL SELECT ${list} FROM ${one})`,
  );
}
