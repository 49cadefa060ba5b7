import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/manifest.js';
import { openSession, type EngineSession } from '../../src/engine/session.js';
import { inspectSelect } from '../../src/engine/select-guard.js';
import { runTransform } from '../../src/engine/transform.js';
import { temporaryFolder } from '../support/folder.js';

let root: string;

beforeEach(async () => {
  root = temporaryFolder();
  await mkdir(path.join(root, 'attempt'));
  await writeFile(path.join(root, 'secret.txt'), 'hidden');
  await withSession(async (session) => {
    await session.run(`COPY (SELECT range AS id, range % 3 AS grp FROM range(10)) TO '${root}/orders.parquet'`);
    await session.run(`COPY (SELECT 1 AS id) TO '${root}/other.parquet'`);
    await session.run(`COPY (SELECT 4::BIGINT AS row) TO '${root}/deletes.parquet'`);
  });
});

async function withSession<T>(work: (session: EngineSession) => Promise<T>): Promise<T> {
  const limits = { memoryLimit: '500MB', threads: 2, spillDirectory: path.join(root, 'spill') };
  const session = await openSession(limits, new AbortController().signal);
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

function orders(): Manifest {
  return {
    version: 1,
    name: 'orders',
    key: 'k',
    content: 'c',
    createdAt: '2024-01-01T00:00:00Z',
    rows: 9,
    bytes: 0,
    columns: [
      { name: 'id', type: 'BIGINT', nullable: false },
      { name: 'grp', type: 'BIGINT', nullable: false },
    ],
    schema: 's',
    parents: [],
    reproducible: true,
    parts: [{ path: 'orders.parquet', format: 'parquet', rows: 10, bytes: 0, fingerprint: '', deletes: 'deletes.parquet' }],
    engine: 'duckdb',
  };
}

function transform(sql: string, values: Record<string, string | number> = {}) {
  return withSession(async (session) => {
    const inspected = await inspectSelect(session, 'totals', sql, ['orders']);
    const made = await runTransform(session, {
      name: 'totals',
      statement: { sql, values },
      inspected,
      inputs: { orders: orders() },
      parameters: Object.keys(values),
      stagingRoot: root,
      directory: path.join(root, 'attempt'),
      settle: (columns) => columns,
      orderBy: [],
    });
    return made;
  });
}

async function resultRows(): Promise<unknown[]> {
  return withSession((session) => session.rows(`FROM '${root}/attempt/part-0.parquet'`));
}

test.each([
  ["INTERVAL '1.000001 seconds'", /the column "x" has intervals finer than a millisecond/],
  ["'12:00:00+02'::TIMETZ", /the column "x" has times of day with a zone that is not UTC/],
])('a value that a file would not keep as it is, %s, fails the step', async (value, message) => {
  await expect(transform(`SELECT ${value} AS x FROM orders`)).rejects.toThrow(message);
});

test('intervals of milliseconds and times of day in UTC are kept', async () => {
  await transform(
    "SELECT INTERVAL '1 month 2 days 3.004 seconds' AS i, '12:00:00.5+00'::TIMETZ AS t, NULL::INTERVAL AS n FROM orders LIMIT 1",
  );
  const rows = await withSession((session) => session.rows(`SELECT columns(*)::VARCHAR FROM '${root}/attempt/part-0.parquet'`));
  expect(rows).toEqual([{ i: '1 month 2 days 00:00:03.004', t: '12:00:00.5+00', n: null }]);
});

describe('a transform', () => {
  test('reads its inputs without their deleted rows, and the run’s parameters', async () => {
    const made = await transform('SELECT grp, count(*) AS n, $month AS month FROM orders GROUP BY grp', { month: '2024-01' });
    expect(made.rows).toBe(3);
    expect(await resultRows()).toEqual([
      { grp: 0n, n: 4n, month: '2024-01' },
      { grp: 1n, n: 2n, month: '2024-01' },
      { grp: 2n, n: 3n, month: '2024-01' },
    ]);
  });

  test('gives the same bytes every time, since its rows are ordered', async () => {
    const sql = 'SELECT grp, sum(id) AS total FROM orders GROUP BY grp';
    await transform(sql);
    const first = await readFile(path.join(root, 'attempt', 'part-0.parquet'));
    await transform(sql);
    expect(await readFile(path.join(root, 'attempt', 'part-0.parquet'))).toEqual(first);
  });

  test.each([
    ['another table', 'SELECT * FROM customers', 'reads "customers", which it was not given. Its inputs are: orders'],
    ['a table in a subquery', 'SELECT id FROM orders WHERE id IN (SELECT id FROM customers)', 'reads "customers"'],
    ['a file by name', "SELECT * FROM 'other.parquet'", 'reads "other.parquet"'],
    ['a file by function', "SELECT * FROM read_text('secret.txt')", 'read_text()'],
    ['a file by a scalar function', "SELECT content FROM orders, read_blob('secret.txt')", 'read_blob()'],
    ['a schema-qualified table', 'SELECT * FROM information_schema.tables', 'reads "information_schema.tables"'],
    ['the settings', 'SELECT * FROM duckdb_settings()', 'duckdb_settings()'],
    ['the secrets', 'SELECT * FROM duckdb_secrets()', 'duckdb_secrets()'],
    ['the environment', "SELECT getenv('HOME') AS home", 'getenv()'],
    ['a setting', "SELECT current_setting('temp_directory') AS s", 'current_setting()'],
  ])('that reads %s is refused by name', async (_what, sql, message) => {
    await expect(transform(sql)).rejects.toMatchObject({
      code: 'TRANSFORM_FORBIDDEN',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['writes', "COPY (SELECT 1) TO 'x.csv'"],
    ['changes settings', 'SET threads = 1'],
    ['attaches', "ATTACH 'x.db'"],
    ['is two statements', 'SELECT 1; SELECT 2'],
    ['breaks out of the wrapping', "SELECT 1) TO 'x.csv'; --"],
  ])('that %s is refused', async (_what, sql) => {
    await expect(transform(sql)).rejects.toMatchObject({ code: expect.stringMatching(/TRANSFORM_FORBIDDEN|QUERY_FAILED/) });
  });

  test('cannot reach a file even where the look at its SQL is passed by', async () => {
    const sql = `SELECT * FROM read_parquet('${root}/other.parquet')`;
    const forged = withSession((session) =>
      runTransform(session, {
        name: 'totals',
        statement: { sql, values: {} },
        inspected: { volatile: false, floatingSums: false },
        inputs: { orders: orders() },
        parameters: [],
        stagingRoot: root,
        directory: path.join(root, 'attempt'),
        settle: (columns) => columns,
        orderBy: [],
      }),
    );
    await expect(forged).rejects.toThrow(/file system operations are disabled/);
  });

  test('with wrong SQL names the transform, the line and what DuckDB found', async () => {
    await expect(transform('SELECT *\nFROM orders\nWHERE')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/Transform "totals" is not valid SQL/),
    });
    await expect(transform('SELECT amount FROM orders')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/Transform "totals" does not run: .*"amount" not found/s),
    });
  });

  test('that uses a parameter the run has not says which', async () => {
    await expect(transform('SELECT $week AS week FROM orders', { month: '2024-01' })).rejects.toThrow(
      'uses $week, which the run has no parameter for. It has: month',
    );
  });

  test('is not called reproducible when it asks for the time or adds up floating numbers', async () => {
    expect((await transform('SELECT grp, sum(id) AS s FROM orders GROUP BY grp')).reproducible).toBe(true);
    expect((await transform('SELECT grp, sum(id * 0.1::DOUBLE) AS s FROM orders GROUP BY grp')).reproducible).toBe(false);
    expect((await transform('SELECT now() AS t FROM orders')).reproducible).toBe(false);
  });

  test('may use common table expressions, recursive ones too', async () => {
    const sql =
      'WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 3), o AS (FROM orders) SELECT n, count(*) AS c FROM up, o GROUP BY n';
    expect((await transform(sql)).rows).toBe(3);
  });
});
