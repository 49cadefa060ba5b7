import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectTerminal, failedRun, type Expected } from './bad-input-failure.js';
import { attemptsLeft, openScene, stagingTablesLeft, WRONG_PASSWORD, type Scene } from './bad-input-scene.js';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await writeFile(join(scene.lake, 'orders.csv'), 'id,customer,amount\n1,Ann,1.5\n2,Bob,2.5\n3,Cy,3.5\n');
  await writeFile(join(scene.lake, 'large.csv'), 'id,customer,amount\n1,Ann,1.5\n70000,Bob,2.5\n');
  await writeFile(join(scene.lake, 'twice.csv'), 'id,customer,amount\n1,Ann,1.5\n2,Bob,2.5\n1,Ann,3.5\n');
  await writeNul(join(scene.lake, 'nul.parquet'));
  for (const table of Object.keys(TABLES)) await makeTable(table);
  await scene.db.query('CREATE VIEW a_view AS SELECT * FROM right_table');
});

afterAll(() => scene?.close());

async function writeNul(file: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 1 AS id, 'Ann' || chr(0) || 'a' AS customer, 1.5::DOUBLE AS amount) TO '${file}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

/** Targets, each with one row from before: its columns, and that row. */
const TABLES: Readonly<Record<string, readonly [columns: string, row: string]>> = {
  right_table: ['id bigint PRIMARY KEY, customer text, amount float8', "0, 'there before', 0"],
  narrow: ['id bigint, customer text', "0, 'there before'"],
  demanding: ['id bigint, customer text, amount float8, shop text NOT NULL', "0, 'there before', 0, 'here'"],
  whole_amounts: ['id bigint, customer text, amount integer', "0, 'there before', 0"],
  keyless: ['id bigint, customer text, amount float8', "0, 'there before', 0"],
  small: ['id smallint, customer text, amount float8', "0, 'there before', 0"],
  checked: ['id bigint, customer text, amount float8 CONSTRAINT cheap CHECK (amount < 3)', "0, 'there before', 0"],
  short_names: ['id bigint, customer varchar(2), amount float8', "0, 'so', 0"],
};

async function makeTable(table: string): Promise<void> {
  const [columns, row] = TABLES[table] as readonly [string, string];
  await scene.db.query(`CREATE TABLE ${table} (${columns})`);
  await scene.db.query(`INSERT INTO ${table} VALUES (${row})`);
}

interface Case extends Expected {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const CASES: readonly Case[] = [
  {
    title: 'a source with a wrong password',
    params: { from: 'wrongPassword', fromTable: 'right_table' },
    code: 'CREDENTIALS_REJECTED',
    step: 'extract:orders',
    says: [
      'refuses the credentials of connection "wrongPassword"',
      'password authentication failed for user',
      "Correct the connection's user, password",
    ],
  },
  {
    title: 'a destination with a wrong password',
    params: { to: 'wrongPassword' },
    code: 'CREDENTIALS_REJECTED',
    step: 'load:wrongPassword.right_table',
    says: ['refuses the credentials of connection "wrongPassword"', "Correct the connection's user, password"],
  },
  {
    title: 'a database that does not exist',
    params: { to: 'wrongDatabase' },
    code: 'DATABASE_MISSING',
    step: 'load:wrongDatabase.right_table',
    says: [
      'Connection "wrongDatabase"',
      'database "nowhere" does not exist',
      "Create the database, or correct the connection's url",
    ],
  },
  {
    title: 'a source table that does not exist',
    params: { from: 'warehouse', fromTable: 'nothing' },
    code: 'TABLE_MISSING',
    step: 'extract:orders',
    says: [
      'table "public"."nothing" in connection "warehouse"',
      'does not exist',
      'Create it, grant access, or correct the name',
    ],
  },
  {
    title: 'a source column that does not exist',
    params: { from: 'warehouse', fromTable: 'right_table', columns: ['id', 'price'] },
    code: 'COLUMN_MISSING',
    step: 'extract:orders',
    says: ['table "public"."right_table" in connection "warehouse" has no column "price"', 'It has: id, customer, amount'],
  },
  {
    title: 'a target schema that does not exist',
    params: { table: 'nowhere.orders' },
    code: 'TABLE_MISSING',
    step: 'load:warehouse.nowhere.orders',
    says: ['The schema "nowhere"', 'connection "warehouse"', 'Run: CREATE SCHEMA "nowhere";'],
  },
  {
    title: 'a target without one of the columns',
    params: { table: 'narrow' },
    code: 'COLUMN_MISSING',
    step: 'load:warehouse.narrow',
    says: [
      '"amount"',
      'the table "public"."narrow" in connection "warehouse" has not',
      'it has: id, customer',
      'ALTER TABLE "public"."narrow" ADD COLUMN "amount" double precision;',
    ],
  },
  {
    title: 'a target without one of the columns, to append to',
    params: { table: 'narrow', mode: 'append' },
    code: 'COLUMN_MISSING',
    step: 'load:warehouse.narrow',
    says: ['"amount"', 'the table "public"."narrow" in connection "warehouse" has not'],
  },
  {
    title: 'a target that demands another column',
    params: { table: 'demanding' },
    code: 'COLUMN_MISSING',
    step: 'load:warehouse.demanding',
    says: ['lacks "shop"', '"public"."demanding" in connection "warehouse"', 'NOT NULL without a default', 'give it a default'],
  },
  {
    title: 'a target column of another type',
    params: { table: 'whole_amounts' },
    code: 'COLUMN_TYPE',
    step: 'load:warehouse.whole_amounts',
    says: [
      'The column "amount" of the table "public"."whole_amounts" in connection "warehouse" is integer',
      'DOUBLE',
      'ALTER COLUMN "amount" TYPE double precision',
    ],
  },
  {
    title: 'a target without the unique key of a merge',
    params: { table: 'keyless', mode: 'merge' },
    code: 'TARGET_UNSUITABLE',
    step: 'load:warehouse.keyless',
    says: [
      'A merge by "id" needs a unique index',
      '"public"."keyless" in connection "warehouse"',
      'CREATE UNIQUE INDEX ON "public"."keyless" ("id");',
    ],
  },
  {
    title: 'a target that is a view',
    params: { table: 'a_view' },
    code: 'TARGET_UNSUITABLE',
    step: 'load:warehouse.a_view',
    says: ['"public"."a_view" in connection "warehouse" is not a table', 'Name a table'],
  },
  {
    title: 'one key twice in a merge',
    params: { path: 'twice.csv', mode: 'merge' },
    code: 'KEY_DUPLICATE',
    step: 'load:warehouse.right_table',
    says: [
      '1 keys ("id") are there more than once among the 3 rows',
      'table "public"."right_table" in connection "warehouse"',
      'Make the key unique in the transform',
    ],
  },
  ...['replace', 'append'].map((mode) => ({
    title: `one key twice in mode ${mode}`,
    params: { path: 'twice.csv', mode },
    code: 'KEY_DUPLICATE',
    step: 'load:warehouse.right_table',
    says: [
      'table "public"."right_table" in connection "warehouse" takes a key only once',
      'Key (id)=(1)',
      'Make the key unique in the transform',
    ],
  })),
  {
    title: 'a NUL byte in a text',
    params: { path: 'nul.parquet' },
    code: 'VALUE_REFUSED',
    step: 'load:warehouse.right_table',
    says: [
      'table "public"."right_table" in connection "warehouse" cannot hold a NUL byte',
      'has one in "customer"',
      'replace("customer", chr(0), \'\')',
    ],
  },
  {
    title: 'a number out of range',
    params: { path: 'large.csv', table: 'small' },
    code: 'VALUE_REFUSED',
    step: 'load:warehouse.small',
    says: [
      'table "public"."small" in connection "warehouse"',
      'column "id": 70000 is out of range for smallint',
      'Let the contract reject such rows, or change the column',
    ],
  },
  {
    title: 'a text longer than its column',
    params: { table: 'short_names' },
    code: 'VALUE_REFUSED',
    step: 'load:warehouse.short_names',
    says: [
      'table "public"."short_names" in connection "warehouse"',
      'value too long for type character varying(2)',
      'column customer',
    ],
  },
  {
    title: 'a row that breaks a constraint',
    params: { table: 'checked' },
    code: 'VALUE_REFUSED',
    step: 'load:warehouse.checked',
    says: [
      'table "public"."checked" in connection "warehouse"',
      'violates check constraint "cheap"',
      'Let the contract reject such rows',
    ],
  },
];

describe.concurrent('a load or an extract that meets', () => {
  test.for(CASES)('$title fails at once, says so, and changes nothing', async ({ params, ...expected }) => {
    const path = 'from' in params ? undefined : 'orders.csv';
    const failure = await failedRun(scene, { path, table: 'right_table', ...params });
    await expectTerminal(scene, failure, expected);
    expect(failure.message).not.toMatch(/Cy, 3\.5|Failing row/);
  });
});

test('the password is in no log, and every target holds what it held before', async () => {
  expect(scene.log.length).toBeGreaterThan(0);
  expect(scene.log.join('\n')).not.toContain(WRONG_PASSWORD);
  for (const table of Object.keys(TABLES)) {
    const rows = await scene.db.query(`SELECT id::int FROM ${table}`);
    expect([table, rows]).toEqual([table, [{ id: 0 }]]);
  }
  // What an append that fits adds to its target, one that does not fit adds not.
  const altered = `SELECT table_name FROM information_schema.columns WHERE column_name = '_millrace_load' AND table_name <> 'right_table'`;
  expect(await scene.db.query(altered)).toEqual([]);
  expect(await stagingTablesLeft(scene)).toEqual([]);
  expect(await attemptsLeft(scene)).toEqual([]);
});
