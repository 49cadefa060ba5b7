import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { quoteLiteral } from '../../src/core/filter.js';
import { withContext } from '../conformance/context.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/feed');
const lake = lastingFolder();
let db: TestDatabase;
let worker: ProjectWorker;
let catalog: Catalog;

beforeAll(async () => {
  db = await createTestDatabase();
  worker = await startProjectWorker(PROJECT, lastingFolder(), { FEED_LAKE: lake, FEED_WAREHOUSE: db.url });
  catalog = await openCatalog(worker.project.catalog);
});

afterAll(async () => {
  await worker.stop();
  await catalog.close();
  await db.drop();
});

const ada = { name: 'Ada "the Countess" Łovelace', address: { city: 'London' } };
const lines = [
  { sku: 'a-1', quantity: 2, price: 1.1 },
  { sku: 'b-2', quantity: 1, price: 0.30000000000000004 },
];
const order = { id: 1, placedAt: '2001-02-03T04:05:06Z', customer: ada, lines, tags: ['x', 'ÿ,"{}'], discount: null, total: 2.5 };
const ORDERS = [
  order,
  { ...order, id: 2, customer: { name: 'Bob' }, lines: lines.slice(1), tags: [], note: 'by hand', total: 3 },
  { ...order, id: 3, lines: [{ ...lines[0], quantity: 0 }] },
  { ...order, id: 9_007_199_254_740_991, tags: undefined, note: 7, total: 1e-7 },
  { ...order, id: 5, customer: { ...ada, name: '' }, note: true },
];

test('nested orders are judged as zod judges them, and loaded as JSON, arrays and unnested rows', async () => {
  writeFileSync(path.join(lake, 'orders.ndjson.gz'), gzipSync(ORDERS.map((each) => `${JSON.stringify(each)}\n`).join('')));
  const handle = await worker.start('takeOrders', [{ path: 'orders.ndjson.gz' }]);
  await handle.result();

  const rows = await db.query(
    'SELECT id::text, "placedAt", customer, lines, tags, discount, note, total FROM orders ORDER BY orders.id',
  );
  const bob = { name: 'Bob' };
  expect(rows.map((row) => ({ ...row, customer: withoutNulls(row['customer']), lines: withoutNulls(row['lines']) }))).toEqual([
    { ...order, id: '1', note: null },
    { ...order, id: '2', customer: bob, lines: lines.slice(1), tags: [], note: 'by hand', total: 3 },
    { ...order, id: '9007199254740991', tags: [], note: 7, total: 1e-7 },
  ]);
  expect(await db.query('SELECT id::text, sku, quantity::int, price FROM order_lines ORDER BY order_lines.id, sku')).toEqual([
    { id: '1', ...lines[0] },
    { id: '1', ...lines[1] },
    { id: '2', ...lines[1] },
    { id: '9007199254740991', ...lines[0] },
    { id: '9007199254740991', ...lines[1] },
  ]);
  const types = await db.query(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'orders' AND column_name IN ('customer', 'lines', 'tags')`,
  );
  expect(Object.fromEntries(types.map((each) => [each['column_name'], each['data_type']]))).toEqual({
    customer: 'jsonb',
    lines: 'jsonb',
    tags: 'ARRAY',
  });
  const { runId } = await handle.describe();
  const quarantine = await catalog.listQuarantine(handle.workflowId, runId);
  expect(quarantine.map((each) => [each.rowsRead, each.rows, each.reasons.map((reason) => reason.path).toSorted()])).toEqual([
    [5, 2, ['customer.name', 'lines.0.quantity', 'note']],
  ]);
  const rejects = quoteLiteral(path.join(worker.project.staging.root, quarantine[0]?.rejects ?? ''));
  const places = await withContext(({ session }) =>
    session.rows(`SELECT source, line FROM read_parquet(${rejects}) ORDER BY line`),
  );
  expect(places).toEqual([
    { source: 'orders.ndjson.gz', line: 3n },
    { source: 'orders.ndjson.gz', line: 5n },
  ]);
});

test('a malformed line fails the extract at once, with file, line and column', async () => {
  writeFileSync(path.join(lake, 'cut.ndjson'), `${JSON.stringify(order)}\n{"id":2,"placedAt":"2001\n`);
  const handle = await worker.start('takeOrders', [{ path: 'cut.ndjson' }]);
  const failure = await handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause as ApplicationFailure,
  );
  expect(failure?.type).toBe('FILE_FORMAT');
  expect(failure?.message).toMatch(/"cut.ndjson" in connection "lake", line 2, column 25: a text is not closed on its line/);
});

test('numbers of any size reach Postgres as they were written', async () => {
  const numbers = ['12345678901234567890.123456789', '0.1', '-7'];
  const wide = ['18446744073709551616', '-1', '99999999999999999999999999999999999999'];
  const records = numbers.map((exact, at) => `{"id":${at},"exact":${exact},"wide":${wide[at]},"deep":{"x":[${exact}]}}`);
  writeFileSync(path.join(lake, 'numbers.json'), `[\n${records.join(',\n')}\n]`);
  const handle = await worker.start('takeSome', [{ path: 'numbers.json', columns: ['id', 'exact', 'wide', 'deep'] }]);
  await handle.result();
  const rows = await db.query(`SELECT exact::text, wide::text, deep->'x'->>0 AS deep FROM "some" ORDER BY id`);
  expect(rows).toEqual([
    { exact: '12345678901234567890.123456789', wide: wide[0], deep: numbers[0] },
    { exact: '0.100000000', wide: wide[1], deep: numbers[1] },
    { exact: '-7.000000000', wide: wide[2], deep: numbers[2] },
  ]);
});

function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each: unknown) => each ?? undefined));
}
