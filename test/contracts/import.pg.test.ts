import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { importContract } from '../../src/cli/commands/contracts-import.js';
import type { Contract } from '../../src/config/contract.js';
import { importModule } from '../../src/config/load.js';
import { openConnector } from '../../src/connectors/registry.js';
import { judge } from '../../src/contracts/judge.js';
import type { Verdict } from '../../src/core/manifest.js';
import { manifestOf } from '../../src/testing/rows.js';
import { withWorkbench } from '../../src/testing/workbench.js';
import { ROOT } from '../architecture/imports.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CONFIG = `import { defineProject, env, files, postgres } from 'millrace/config';
export default defineProject({
  connections: { lake: files({ root: '.' }), shop: postgres({ url: env('IMPORT_SHOP') }) },
  contracts: {}, transforms: {}, pipelines: {},
});
`;

let db: TestDatabase;
let folder: string;
const written: string[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  folder = lastingFolder();
  process.env['IMPORT_SHOP'] = db.url;
  mkdirSync(path.join(folder, 'contracts'));
  writeFileSync(path.join(folder, 'millrace.config.ts'), CONFIG);
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
});

afterAll(() => db?.drop());

interface Imported {
  readonly code: string;
  readonly contract: Contract;
}

/** Imports a contract into a file, as the command does, and loads it. */
async function imported(connection: string, what: string, name: string, sample = 100_000): Promise<Imported> {
  const file = path.join(folder, 'contracts', `${name}.ts`);
  const said: string[] = [];
  const output = { json: false, text: (text: string) => void said.push(text), data: () => undefined, warn: () => undefined };
  await importContract({ output, directory: folder }, connection, what, { name, sample, to: file });
  expect(said.join('\n')).toContain(`Wrote the contract ${name}`);
  written.push(file);
  const contract = (await importModule(file, name)) as Contract;
  return { code: readFileSync(file, 'utf8'), contract };
}

/** What the contract says of every row of a table or of files. */
function verdictOf(contract: Contract, connection: 'lake' | 'shop', what: string): Promise<Verdict> {
  return withWorkbench(async (bench) => {
    const connector =
      connection === 'shop'
        ? await openConnector('postgres', 'shop', { url: db.url })
        : await openConnector('files', 'lake', { root: folder });
    try {
      const directory = path.join(bench.directory, 'source');
      mkdirSync(directory);
      const options = connection === 'shop' ? { table: what } : { path: what };
      const extracted = await connector.source?.extract({ dataset: 'rows', options, directory }, bench);
      const parts = (extracted?.parts ?? []).map((part) => ({ ...part, path: path.resolve(directory, part.path) }));
      const input = manifestOf('rows', extracted?.columns ?? [], { parts });
      const judged = path.join(bench.directory, 'judged');
      mkdirSync(judged);
      const request = { ...bench, input, stagingRoot: bench.directory, contractName: 'imported', contract, directory: judged };
      return (await judge(bench.session, request)).verdict;
    } finally {
      await connector.close();
    }
  });
}

describe('a contract of a table', () => {
  test('has what is declared, and accepts every row', async () => {
    await db.query(`CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy')`);
    await db.query(`CREATE TABLE people (
      id bigint PRIMARY KEY, code varchar(5) NOT NULL, mood mood, status text NOT NULL CHECK (status IN ('new', 'old "one"')),
      amount numeric(12,2) NOT NULL, exact numeric, rate float8, odd float8, is_in boolean NOT NULL, born date, seen timestamptz, tags text[], doc jsonb,
      token uuid NOT NULL, at time, huge bigint NOT NULL, "Weird ""Name"", ok" integer, "select" smallint, spell interval)`);
    await db.query(`INSERT INTO people SELECT n, 'c' || n, (ARRAY['sad', NULL, 'happy'])[1 + n % 3]::mood, (ARRAY['new', 'old "one"'])[1 + n % 2],
      n * 1.25, n / 7.0, random() - 0.5, CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' ELSE n::float8 END, n % 2 = 0, DATE '2024-02-29' + n, now(), ARRAY['a', NULL], '{"a":[1,null]}',
      gen_random_uuid(), '10:20:30.5', 9007199254740993 + n, NULLIF(n, 3), -n, '1 day' FROM generate_series(1, 200) AS n`);
    const { code, contract } = await imported('shop', 'public.people', 'People');
    expect(code).toContain(`{ key: ['id'] }`);
    expect(code).toContain(`code: z.string().max(5),`);
    expect(code).toContain(`mood: z.enum(['sad', 'it\\'s ok', 'happy']).nullable(),`);
    expect(code).toContain(`status: z.enum(['new', 'old "one"']),`);
    expect(code).toContain(`id: z.int().min(1).max(200),`);
    expect(code).toContain(`huge: z.bigint().min(9007199254740994n).max(9007199254741193n),`);
    expect(code).toContain(`'Weird "Name", ok': z.int().min(1).max(200).nullable(),`);
    expect(code).toContain(`is_in: z.boolean(),`);
    expect(code).toContain(`born: z.iso.date().nullable(),`);
    expect(await verdictOf(contract, 'shop', 'public.people')).toMatchObject({ rowsRead: 200, rejected: 0 });
  });

  test('without rows has the types that are declared', async () => {
    await db.query('CREATE TABLE nothing (id integer NOT NULL, big bigint NOT NULL, note text)');
    const { code, contract } = await imported('shop', 'nothing', 'Nothing');
    expect(code).toContain('id: z.int(),');
    expect(code).toContain('big: z.bigint(),');
    expect(code).toContain('note: z.string().nullable(),');
    expect(await verdictOf(contract, 'shop', 'nothing')).toMatchObject({ rowsRead: 0 });
  });

  test('with 1,000 columns has them all', async () => {
    const columns = Array.from({ length: 1000 }, (_, index) => `"column ${index}" integer NOT NULL DEFAULT ${index}`);
    await db.query(`CREATE TABLE wide (${columns.join(', ')})`);
    await db.query('INSERT INTO wide DEFAULT VALUES');
    const { code, contract } = await imported('shop', 'wide', 'Wide');
    expect(code).toContain(`'column 999': z.int().min(999).max(999),`);
    expect(await verdictOf(contract, 'shop', 'wide')).toMatchObject({ rowsRead: 1, rejected: 0 });
  });

  test('that is not there is an error that names it', async () => {
    await expect(imported('shop', 'nobody', 'Nobody')).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    await expect(imported('shelf', 'nobody', 'Nobody')).rejects.toMatchObject({ code: 'CONNECTION_UNKNOWN' });
    await expect(imported('shop', 'nothing', '1 of them')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(imported('shop', 'nothing', 'Nothing')).rejects.toMatchObject({ code: 'FILES_EXIST' });
  });
});

describe('a contract of files', () => {
  test('of CSV has types that all text reads as, and accepts every well-formed line', async () => {
    const rows = Array.from({ length: 120 }, (_, n) =>
      [
        n,
        (n * 0.1).toFixed(2),
        n % 2 ? 'true' : 'False',
        '2024-02-29',
        `2024-01-01T10:0${n % 10}:00Z`,
        ['low', 'high'][n % 2],
        `a${n}@example.com`,
        n === 5 ? '' : 'text',
        n === 7 ? '""' : '"x, y"',
        `0190b7a0-0000-7000-8000-00000000${String(n).padStart(4, '0')}`,
        '123456789012345678901',
        '',
      ].join(','),
    );
    writeFileSync(
      path.join(folder, 'mixed.csv'),
      ['id,price,flag,day,moment,level,email,maybe,free,uuid,long,none', ...rows, 'not,enough'].join('\n'),
    );
    const { code, contract } = await imported('lake', 'mixed.csv', 'Mixed');
    const schemas = Object.fromEntries([...code.matchAll(/^ {4}(\w+): (.*),$/gm)].map(([, name, schema]) => [name, schema]));
    expect(schemas).toEqual({
      id: 'z.int().min(0).max(119)',
      price: 'z.number().min(0).max(11.9)',
      flag: 'z.boolean()',
      day: 'z.iso.date()',
      moment: 'z.date()',
      level: `z.enum(['high', 'low'])`,
      email: 'z.email()',
      maybe: `z.enum(['text']).nullable()`,
      free: `z.enum(['', 'x, y'])`,
      uuid: 'z.uuid()',
      long: 'z.bigint()',
      none: 'z.string().nullable()',
    });
    expect(await verdictOf(contract, 'lake', 'mixed.csv')).toMatchObject({ rowsRead: 121, rejected: 1 });
  });

  test('of JSON with nesting accepts every row', async () => {
    const lines = Array.from({ length: 30 }, (_, n) =>
      JSON.stringify({
        id: n,
        who: { name: `n${n}`, 'odd key': n % 2 ? null : 1.5 },
        list: n % 3 ? [1, null] : [],
        any: n % 2 ? 'x' : { a: 1 },
        when: '2024-01-01',
      }),
    );
    writeFileSync(path.join(folder, 'nested.ndjson'), lines.join('\n'));
    const { contract } = await imported('lake', 'nested.ndjson', 'Nested');
    expect(await verdictOf(contract, 'lake', 'nested.ndjson')).toMatchObject({ rowsRead: 30, rejected: 0 });
  });

  test('of Parquet accepts every row, and names what was met there', async () => {
    const flights = path.join(ROOT, 'node_modules/vega-datasets/data/flights-3m.parquet');
    copyFileSync(flights, path.join(folder, 'flights.parquet'));
    const { code, contract } = await imported('lake', 'flights.parquet', 'Flights', 5_000_000);
    expect(code).toMatch(/delay: z\.int\(\)\.min\(-1116\)\.max\(1688\)/);
    expect(await verdictOf(contract, 'lake', 'flights.parquet')).toMatchObject({ rowsRead: 3_000_000, rejected: 0 });
  });

  test('without rows has columns all the same', async () => {
    writeFileSync(path.join(folder, 'empty.csv'), 'a,"b c",__proto__\n');
    const { code, contract } = await imported('lake', 'empty.csv', 'Empty');
    expect(code).toContain(`'b c': z.string().nullable(),`);
    expect(await verdictOf(contract, 'lake', 'empty.csv')).toMatchObject({ rowsRead: 0 });
  });
});

test('everything that was written type-checks', async () => {
  expect(written.length).toBeGreaterThan(5);
  const config = { extends: path.join(ROOT, 'examples/flights/tsconfig.json'), include: ['contracts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(tsc, ['--noEmit', '-p', folder], { cwd: folder }).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect(stdout).toBe('');
});
