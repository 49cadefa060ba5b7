import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Case } from '../../chaos/cases.js';
import { checkLedger } from '../../chaos/checks/ledger.js';
import { compareRows, NO_DIFFERENCE } from '../../chaos/checks/rows.js';
import { checkWatermark } from '../../chaos/checks/watermark.js';
import { Database } from '../../chaos/database.js';
import { makeSources, truth, type Sources } from '../../chaos/sources.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let db: TestDatabase;
let database: Database;
let sources: Sources;

beforeAll(async () => {
  db = await createTestDatabase();
  database = new Database({ url: () => db.url });
  await database.query(`CREATE SCHEMA shop; CREATE SCHEMA warehouse; CREATE SCHEMA _millrace;
    CREATE TABLE _millrace.ledger (id bigint PRIMARY KEY, load_id text, target text, "rows" bigint, run_partition text,
      superseded_by bigint, committed_at timestamptz DEFAULT clock_timestamp(), watermark jsonb)`);
  sources = await makeSources(database, 1);
});

afterAll(async () => {
  await database.close();
  await db.drop();
});

beforeEach(async () => {
  await database.query(`TRUNCATE _millrace.ledger; DROP TABLE IF EXISTS warehouse.target;
    CREATE TABLE warehouse.target (id bigint, _millrace_load bigint)`);
});

const one = (manner: Case['manner'], cursor?: Case['cursor']): Case => ({
  name: 'one',
  manner,
  table: 'target',
  ...(cursor && { cursor }),
  next: () => Promise.resolve([]),
  last: () => Promise.resolve([]),
  expected: () => '',
  actual: () => Promise.resolve(''),
});

async function enter(id: number, rows: number, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { partition = null, supersededBy = null, watermark = null } = more;
  await database.query('INSERT INTO _millrace.ledger VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7)', [
    id,
    `load-${id}`,
    'warehouse.target',
    rows,
    partition,
    supersededBy,
    watermark,
  ]);
}

async function putRows(load: number, count: number): Promise<void> {
  await database.query(`INSERT INTO warehouse.target SELECT i, ${load} FROM generate_series(1, ${count}) AS i`);
}

test('rows that are lacking, and rows that are there too often, are counted and shown', async () => {
  const expected = 'SELECT * FROM (VALUES (1), (2), (2), (3)) AS v(id)';
  const actual = 'SELECT * FROM (VALUES (1), (1), (2), (4)) AS v(id)';
  expect(await compareRows(database, expected, actual)).toEqual({
    lost: 2,
    doubled: 2,
    details: ['lost: (2)', 'lost: (3)', 'doubled: (1)', 'doubled: (4)'],
  });
  expect(await compareRows(database, expected, expected)).toEqual(NO_DIFFERENCE);
});

test('the journal knows every change of a source, and leaves out what was deleted or is refused', async () => {
  await database.query(
    `INSERT INTO ${sources.orders} VALUES (7001, 1, 'new', '2024-01-01', 1, '', now()), (7002, 1, 'new', '2024-01-01', -1, '', now())`,
  );
  await database.query(`UPDATE ${sources.orders} SET version = 2 WHERE id = 7001; DELETE FROM ${sources.orders} WHERE id = 1`);
  const table = `SELECT * FROM shop.${sources.orders} WHERE amount >= 0`;
  expect(await compareRows(database, truth(sources.journal, sources.orders), table)).toEqual(NO_DIFFERENCE);
  const found = await database.read(
    `SELECT version FROM (${truth(sources.journal, sources.orders)}) AS t WHERE id IN (1, 7001, 7002)`,
  );
  expect(found).toEqual([{ version: '2' }]);
});

test('an append whose ledger and rows agree passes', async () => {
  await enter(1, 3, { partition: '2024-01-01', supersededBy: 2 });
  await enter(2, 4, { partition: '2024-01-01' });
  await putRows(2, 4);
  expect(await checkLedger(database, one('append'), [{ loadId: 'load-2', rows: 4 }])).toEqual(NO_DIFFERENCE);
});

test('a load that a run has made and the ledger does not know is found', async () => {
  const found = await checkLedger(database, one('merge'), [{ loadId: 'load-9', rows: 4 }]);
  expect(found).toEqual({ lost: 1, doubled: 0, details: ['ledger: the load load-9 of 4 rows is not in the ledger'] });
});

test('rows without a ledger row, fewer rows than the ledger says, and rows of a load that was superseded are found', async () => {
  await enter(1, 3);
  await enter(2, 4, { supersededBy: 3 });
  await putRows(1, 2);
  await putRows(2, 4);
  await putRows(8, 5);
  expect(await checkLedger(database, one('append'), [])).toEqual({
    lost: 1,
    doubled: 9,
    details: [
      'ledger: load 1 should own 3 rows of the table and owns 2',
      'ledger: load 2 should own no rows of the table and owns 4',
      'ledger: load 8 should own no rows of the table and owns 5',
    ],
  });
});

test('a partition that two loads hold is found', async () => {
  await enter(1, 1, { partition: '2024-01-01' });
  await enter(2, 1, { partition: '2024-01-01' });
  await putRows(1, 1);
  await putRows(2, 1);
  expect(await checkLedger(database, one('append'), [])).toMatchObject({ lost: 0, doubled: 1 });
});

test('a replaced table that is not that of its last load is found', async () => {
  await enter(1, 9);
  await enter(2, 3);
  await putRows(2, 5);
  expect(await checkLedger(database, one('replace'), [])).toMatchObject({ lost: 0, doubled: 2 });
});

const CURSOR = { column: 'id', source: 'grown_1' } as const;
const range = (after: string | null, upTo: string | null) => ({ watermark: { after, upTo } });

async function grow(from: number, to: number): Promise<void> {
  await database.query(
    `DELETE FROM ${sources.grown}; INSERT INTO ${sources.grown} SELECT i, 1, 'x', '2024-01-01', -1, '', now() FROM generate_series(${from}, ${to}) AS i`,
  );
}

test('ranges that follow each other up to the largest cursor pass, refused rows included', async () => {
  await grow(1, 12);
  await enter(1, 3, range(null, '9'));
  await enter(2, 3, range('9', '12'));
  expect(await checkWatermark({ database, sources }, one('append', CURSOR))).toEqual(NO_DIFFERENCE);
});

test.each([
  ['ahead of the source', [range(null, '13')], { lost: 1, doubled: 0 }],
  ['behind the source', [range(null, '9')], { lost: 0, doubled: 1 }],
  ['with a gap between two loads', [range(null, '5'), range('7', '12')], { lost: 1, doubled: 0 }],
  ['with two loads that overlap', [range(null, '9'), range('5', '12')], { lost: 0, doubled: 1 }],
])('a watermark %s is found', async (_name, ranges, difference) => {
  await grow(1, 12);
  for (const [index, each] of ranges.entries()) await enter(index + 1, 1, each);
  expect(await checkWatermark({ database, sources }, one('append', CURSOR))).toMatchObject(difference);
});
