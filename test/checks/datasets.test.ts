import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { duckdbChecks, refuseOtherDialect } from '../../src/checks/duckdb-engine.js';
import { runChecks } from '../../src/checks/run-checks.js';
import { tellCheck, tellFailed } from '../../src/checks/tell.js';
import { noRows, rowCount, sql, unique, type DatasetCheck } from '../../src/config/index.js';
import type { CheckResult } from '../../src/core/checks.js';
import type { Scalar } from '../../src/core/filter.js';
import type { Manifest } from '../../src/core/manifest.js';
import { withWorkbench } from '../../src/testing/workbench.js';
import { CUSTOMERS, FIVE, KIND_CASES, STARTED_AT } from './kind-cases.js';

interface Data {
  readonly orders?: string;
  readonly earlier?: readonly number[];
  readonly params?: Readonly<Record<string, Scalar>>;
}

/** Judges rows that are in Parquet files, as datasets are. */
async function judge(checks: Readonly<Record<string, DatasetCheck>>, data: Data = {}): Promise<CheckResult[]> {
  return withWorkbench(async ({ session, directory }) => {
    const manifestOf = async (name: string, select: string): Promise<Manifest> => {
      const file = path.join(directory, `${name}.parquet`);
      await session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
      const described = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${select}`);
      const columns = described.map((column) => ({ name: column.column_name, type: column.column_type, nullable: true }));
      const parts = [{ path: file, format: 'parquet' as const, rows: null, bytes: 0, fingerprint: '' }];
      const made = { createdAt: '', rows: null, bytes: 0, schema: '', parents: [], reproducible: true, engine: 'duckdb' };
      return { version: 1, name, key: name, content: name, columns, parts, ...made };
    };
    const inputs = {
      orders: await manifestOf('orders', data.orders ?? FIVE),
      customers: await manifestOf('customers', CUSTOMERS),
    };
    await copyFile(path.join(directory, 'orders.parquet'), path.join(directory, 'secret.parquet'));
    const request = { set: 'fit', inputs, stagingRoot: directory, params: data.params ?? {} };
    const engine = await duckdbChecks(session, request);
    return runChecks(engine, { set: 'fit', input: 'orders', checks, startedAt: STARTED_AT, earlier: () => data.earlier ?? [] });
  });
}

describe('over datasets', () => {
  test.each(KIND_CASES)('$title', async ({ check, finds, orders, earlier }) => {
    const [result] = await judge({ it: check }, { ...(orders !== undefined && { orders }), ...(earlier && { earlier }) });
    expect(result).toMatchObject({ set: 'fit', name: 'it', kind: check.check, ...finds });
  });

  test('all checks of a set are judged, in their order, whichever fail', async () => {
    const results = await judge({
      'enough rows': rowCount({ min: 100 }),
      'customers once': unique(['customer']),
      'ids once': unique(['id']),
      'few rows': rowCount({ max: 100 }),
    });
    expect(results.map(({ name, passed }) => [name, passed])).toEqual([
      ['enough rows', false],
      ['customers once', false],
      ['ids once', true],
      ['few rows', true],
    ]);
    expect(tellFailed(results.filter(({ passed }) => !passed))).toBe(
      '"enough rows" found in "orders": 5 rows; wanted: at least 100. "customers once" found in "orders": 2 keys more than once (4 rows); wanted: each (customer) once; such as {"customer":1}, {"customer":2}',
    );
  });

  test('SQL is given the parameters of the run', async () => {
    const check = noRows(sql`SELECT id FROM orders WHERE id = $wanted`);
    expect(await judge({ it: check }, { params: { wanted: 3 } })).toMatchObject([{ passed: false, examples: ['{"id":3}'] }]);
    await expect(judge({ it: check })).rejects.toMatchObject({ message: expect.stringContaining('$wanted') });
  });

  test('examples are few and short', async () => {
    const check = noRows(sql`SELECT repeat('é', 1000) AS long FROM range(100)`);
    const [result] = await judge({ it: check });
    expect(result?.examples).toHaveLength(5);
    for (const example of result?.examples ?? []) expect(Array.from(example)).toHaveLength(200);
    expect(Array.from(tellCheck(result as CheckResult)).length).toBeLessThan(400);
  });
});

describe('a check that cannot be computed', () => {
  test.each<{ title: string; check: DatasetCheck; says: RegExp }>([
    {
      title: 'because its SQL names no column of an input',
      check: noRows(sql`SELECT * FROM orders\nWHERE amuont > 3`),
      says: /^Check "it" of "fit" does not run: Referenced column "amuont" not found.*\(line 2, column 7/,
    },
    {
      title: 'because its SQL does not parse',
      check: noRows(sql`SELEC 1`),
      says: /^Check "it" of "fit" is not valid SQL at line 1/,
    },
    {
      title: 'because its SQL reads a file',
      check: noRows(sql`SELECT * FROM read_parquet('secret.parquet')`),
      says: /^Check "it" of "fit" reads through read_parquet\(\)/,
    },
    {
      title: 'because its SQL reads a file by its name',
      check: noRows(sql`SELECT * FROM 'secret.parquet'`),
      says: /^Check "it" of "fit" reads "secret.parquet", which it was not given. Its inputs are: orders, customers/,
    },
    {
      title: 'because its SQL is not one SELECT',
      check: noRows(sql`SELECT 1; DROP VIEW orders`),
      says: /^Check "it" of "fit" has to be one SELECT/,
    },
    {
      title: 'because its SQL closes the bracket it stands in',
      check: noRows(sql`SELECT 1) AS x; DROP VIEW orders; SELECT * FROM (SELECT 2`),
      says: /not valid SQL/,
    },
    {
      title: 'because the column is no number',
      check: { check: 'distribution', column: 'at', mean: { atMost: 1 } },
      says: /^Check "it" of "fit" cannot be computed: .*TIMESTAMP/,
    },
  ])('says so, $title', async ({ check, says }) => {
    const failure = await judge({ it: check }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CHECK_INVALID', message: expect.stringMatching(says) });
  });

  test('says so, because it is in the SQL of a database', () => {
    expect(() => refuseOtherDialect('fit', 'it', 'postgres')).toThrow(/Check "it" of "fit" is written in the SQL of postgres/);
    expect(() => refuseOtherDialect('fit', 'it', undefined)).not.toThrow();
  });
});
