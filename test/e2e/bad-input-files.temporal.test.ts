import { appendFile, copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectTerminal, failedRun, untilDone, type Expected } from './bad-input-failure.js';
import { attemptsLeft, openScene, stagingTablesLeft, type Scene } from './bad-input-scene.js';

const HEADER = 'id,customer,amount';
const GOOD_ROWS = Array.from({ length: 50 }, (_, index) => `${index + 1},customer-${index % 7},${index}.5`);
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await writeSources();
  await scene.db.query(`CREATE TABLE orders AS SELECT 0::bigint AS id, 'there before' AS customer, 0::float8 AS amount`);
});

afterAll(() => scene?.close());

function inLake(name: string): string {
  return path.join(scene.lake, name);
}

async function writeSources(): Promise<void> {
  const csv = [HEADER, ...GOOD_ROWS, ''].join('\n');
  await writeFile(inLake('orders.csv'), csv);
  await writeFile(inLake('empty.csv'), '');
  await writeFile(inLake('blank.csv'), '\n\n');
  await writeFile(inLake('other-header.csv'), 'number,buyer,amount\n1,Ann,2\n');
  await writeFile(inLake('twice.csv'), 'id,customer,ID\n1,Ann,2\n');
  const zipped = gzipSync(
    [HEADER, ...Array.from({ length: 5000 }, (_, index) => `${index},customer-${Math.sin(index)},1`), ''].join('\n'),
  );
  await writeFile(inLake('cut.csv.gz'), zipped.subarray(0, zipped.length / 2));
  await writeFile(inLake('not-zipped.csv.gz'), csv);
  await writeFile(inLake('no.parquet'), csv);
  await writeFile(inLake('nul.csv'), `${csv}51,"cust\0omer",1\n`);
  await writeParquet('whole.parquet');
  await copyFile(inLake('whole.parquet'), inLake('cut.parquet'));
  await truncate(inLake('cut.parquet'), 200);
  // Cut in the middle, with the footer put back: only reading the rows shows it.
  const bytes = await readFile(inLake('whole.parquet'));
  bytes.fill(0xff, 8, bytes.length - 800);
  await writeFile(inLake('damaged.parquet'), bytes);
}

async function writeParquet(name: string): Promise<void> {
  const select = "SELECT i AS id, 'customer-' || i % 7 AS customer, i * 0.5::DOUBLE AS amount FROM range(1, 5001) AS rows(i)";
  await rowsOf(`COPY (${select}) TO '${inLake(name)}' (FORMAT parquet)`);
}

async function rowsOf<T>(sql: string): Promise<T[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS() as T[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface Case extends Expected {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const EXTRACT = 'extract:orders';

const CASES: readonly Case[] = [
  {
    title: 'that is missing',
    params: { path: 'missing.csv' },
    code: 'FILE_MISSING',
    step: EXTRACT,
    says: ['There is no file "missing.csv" in connection "lake"', 'Check the path', "relative to the connection's root"],
  },
  {
    title: 'that no pattern matches',
    params: { path: 'orders-*.csv' },
    code: 'FILE_MISSING',
    step: EXTRACT,
    says: ['No file matches "orders-*.csv" in connection "lake"', 'Check the pattern'],
  },
  {
    title: 'outside the root',
    params: { path: '../../etc/passwd' },
    code: 'FILE_OUTSIDE_ROOT',
    step: EXTRACT,
    says: ['"../../etc/passwd" in connection "lake"', 'Use a path below the root'],
  },
  {
    title: 'without a byte',
    params: { path: 'empty.csv' },
    code: 'FILE_EMPTY',
    step: EXTRACT,
    says: ['"empty.csv" in connection "lake" is empty', '0 bytes', 'Check what writes the file'],
  },
  {
    title: 'of empty lines',
    params: { path: 'blank.csv' },
    code: 'FILE_EMPTY',
    step: EXTRACT,
    says: ['"blank.csv" in connection "lake" has no header', 'Check what writes the file'],
  },
  {
    title: 'whose header does not fit',
    params: { path: 'other-header.csv' },
    code: 'FILE_HEADER',
    step: 'validate:orders',
    says: [
      'other-header.csv lacks "id", "customer"',
      'It has: number, buyer, amount',
      'Contract "Order" needs',
      'Correct the header or the contract',
    ],
  },
  {
    title: 'whose header has a name twice',
    params: { path: 'twice.csv' },
    code: 'FILE_HEADER',
    step: EXTRACT,
    says: ['"twice.csv" in connection "lake", line 1', '"ID" is there twice', 'Make the names unique'],
  },
  {
    title: 'without a column that the step names',
    params: { path: 'orders.csv', columns: ['id', 'price'] },
    code: 'COLUMN_MISSING',
    step: EXTRACT,
    says: ['"orders.csv" in connection "lake" has no column "price"', 'It has: id, customer, amount'],
  },
  {
    title: 'that is a truncated gzip',
    params: { path: 'cut.csv.gz' },
    code: 'FILE_FORMAT',
    step: EXTRACT,
    says: ['"cut.csv.gz" in connection "lake"', 'truncated or damaged after', 'unexpected end of file', 'Replace the file'],
  },
  {
    title: 'that is called gzip and is none',
    params: { path: 'not-zipped.csv.gz' },
    code: 'FILE_FORMAT',
    step: EXTRACT,
    says: ['"not-zipped.csv.gz" in connection "lake"', 'not a gzip file', 'Rename or replace it'],
  },
  {
    title: 'that is a truncated Parquet',
    params: { path: 'cut.parquet' },
    code: 'FILE_FORMAT',
    step: EXTRACT,
    says: [
      '"cut.parquet" in connection "lake"',
      'not a whole Parquet file (200 bytes)',
      'truncated',
      'replace it',
      'No magic bytes found at end of file.',
    ],
  },
  {
    title: 'that is called Parquet and is none',
    params: { path: 'no.parquet' },
    code: 'FILE_FORMAT',
    step: EXTRACT,
    says: ['"no.parquet" in connection "lake"', 'of another kind', 'replace it'],
  },
  {
    title: 'that is Parquet with damaged pages',
    params: { path: 'damaged.parquet' },
    code: 'FILE_FORMAT',
    step: 'validate:orders',
    says: ['"damaged.parquet" cannot be read', 'its Parquet pages are damaged', 'Replace the file'],
  },
  {
    title: 'with NUL bytes',
    params: { path: 'nul.csv' },
    code: 'FILE_FORMAT',
    step: EXTRACT,
    says: ['"nul.csv" in connection "lake"', 'NUL bytes', 'CSV in UTF-8'],
  },
];

describe.concurrent('a file', () => {
  test.for(CASES)('$title fails the run at once and says so', async ({ params, ...expected }) => {
    await expectTerminal(scene, await failedRun(scene, { table: 'orders', ...params }), expected);
  });

  test('with a header and no rows is data without rows, not a failure', async () => {
    await writeFile(inLake('header.csv'), `${HEADER}\n`);
    const run = await scene.worker.start('carry', [{ path: 'header.csv', table: 'no_orders' }]);
    expect(await run.result()).toMatchObject({ rows: 0, created: true });
  });
});

describe.concurrent('a file that changes', () => {
  async function writeCopy(name: string): Promise<void> {
    await copyFile(inLake(name.endsWith('.csv') ? 'orders.csv' : 'whole.parquet'), inLake(name));
  }

  test.for([
    { name: 'changing.csv', pauseBefore: 'validate', after: EXTRACT, step: 'validate:orders' },
    { name: 'changing.parquet', pauseBefore: 'validate', after: EXTRACT, step: 'validate:orders' },
    { name: 'changing-late.parquet', pauseBefore: 'load', after: 'validate:orders', step: 'load:warehouse.orders' },
  ])('before $step ends the run with a clear error: $name', async ({ name, pauseBefore, after, step }) => {
    await writeCopy(name);
    const failure = await failedRun(scene, { path: name, table: 'orders', pauseBefore }, async (run) => {
      await untilDone(run, after);
      await appendFile(inLake(name), '999,late,1\n');
      await run.signal('goOn');
    });
    const says = [`"${name}" was changed`, 'bytes of 20', 'Retry the run from its extract step, or extract with copy: true'];
    await expectTerminal(scene, failure, { code: 'FILE_CHANGED', step, says });
  });

  test('by going away is missed by name', async () => {
    await writeCopy('going.csv');
    const failure = await failedRun(scene, { path: 'going.csv', table: 'orders', pauseBefore: 'validate' }, async (run) => {
      await untilDone(run, EXTRACT);
      await rm(inLake('going.csv'));
      await run.signal('goOn');
    });
    const says = ['"going.csv" was there when a step referred to it', 'Put it back, or retry the run from its extract step'];
    await expectTerminal(scene, failure, { code: 'FILE_MISSING', step: 'validate:orders', says });
  });

  test('after its rows were validated into staging no longer matters', async () => {
    await writeCopy('changing-late.csv');
    const run = await scene.worker.start('carry', [{ path: 'changing-late.csv', table: 'late_orders', pauseBefore: 'load' }]);
    await untilDone(run, 'validate:orders');
    await appendFile(inLake('changing-late.csv'), '999,late,1\n');
    await run.signal('goOn');
    expect(await run.result()).toMatchObject({ rows: GOOD_ROWS.length });
  });
});

describe('a CSV file with bad lines of every kind', () => {
  const BAD_LINES = [
    '101,too few',
    '102,too many,1,2',
    '103,"a quote" inside,1',
    Buffer.concat([Buffer.from('104,'), Buffer.from([0xff, 0xfe]), Buffer.from(',1')]),
    'one hundred,bad number,1',
    '106,,1',
    '107,negative,-1',
    `108,${'too long '.repeat(250_000)},1`,
    '109,"no end of the quote,1',
  ];

  beforeAll(async () => {
    const lines = [HEADER, ...GOOD_ROWS, ...BAD_LINES].flatMap((line) => [
      typeof line === 'string' ? Buffer.from(line) : line,
      Buffer.from('\n'),
    ]);
    await writeFile(inLake('dirty.csv'), Buffer.concat(lines));
  });

  test('fails the run that allows none, with the top reasons, and keeps every one of them', async () => {
    const failure = await failedRun(scene, { path: 'dirty.csv', table: 'orders', maxRejected: 0 });
    const says = [
      `Contract "Order" rejected 9 of ${GOOD_ROWS.length + 9} rows of "orders", more than maxRejected (0)`,
      'Most often: row: Value with unterminated quote found (2); ',
      `See them with: millrace quarantine ${failure.workflowId}`,
    ];
    await expectTerminal(scene, failure, { code: 'CONTRACT_BREACH', step: 'validate:orders', says });
    const { runId } = (await scene.catalog.findRun(failure.workflowId)) ?? {};
    const [quarantine] = await scene.catalog.listQuarantine(failure.workflowId, runId ?? '');
    expect(quarantine).toMatchObject({ contract: 'Order', rows: 9, accepted: GOOD_ROWS.length });
    expect(
      await rowsOf<{ line: bigint }>(
        `SELECT line FROM '${scene.worker.project.staging.root}/${quarantine?.rejects}' ORDER BY line`,
      ),
    ).toEqual(BAD_LINES.map((_, index) => ({ line: BigInt(GOOD_ROWS.length + 2 + index) })));
    expect(quarantine?.reasons.map(({ code, path: column }) => `${code} ${column}`).toSorted()).toEqual([
      'invalid_type customer',
      'invalid_type id',
      'malformed_line ',
      'malformed_line ',
      'malformed_line ',
      'malformed_line ',
      'malformed_line ',
      'too_small amount',
    ]);
  });

  test('loads the good rows of a run that allows them', async () => {
    const run = await scene.worker.start('carry', [{ path: 'dirty.csv', table: 'good_orders', maxRejected: 0.5 }]);
    expect(await run.result()).toMatchObject({ rows: GOOD_ROWS.length });
  });
});

test('nothing is left of any of these runs', async () => {
  expect(await scene.db.query('SELECT count(*)::int AS rows, max(id)::int AS id FROM orders')).toEqual([{ rows: 1, id: 0 }]);
  expect(await stagingTablesLeft(scene)).toEqual([]);
  expect(await attemptsLeft(scene)).toEqual([]);
});
