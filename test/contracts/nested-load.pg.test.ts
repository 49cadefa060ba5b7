import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { openConnector } from '../../src/connectors/registry.js';
import type { Manifest } from '../../src/core/manifest.js';
import { datasetSelect } from '../../src/engine/dataset-sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { withContext } from '../conformance/context.js';
import { loadQuery } from '../connectors/postgres/load.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { csvInput, judgeDataset, manifestOf, summary, testSession } from './judging.js';

let db: TestDatabase;
let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
  db = await createTestDatabase();
});
afterAll(async () => {
  session?.close();
  await db?.drop();
});

const Order = contract(
  z.object({
    id: z.int32(),
    tags: z.array(z.string().trim()).max(3),
    place: z.object({ lat: z.number(), since: z.iso.date(), note: z.string().default('none') }),
    counts: z.record(z.string(), z.int()),
    code: z.union([z.int(), z.string()]),
    big: z.bigint(),
    lines: z.array(z.object({ sku: z.string(), amount: z.number() })),
  }),
  { key: ['id'] },
);

const COLUMNS = Object.keys(Order.schema.shape);

async function typesOf(table: string): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND attname NOT LIKE '\\_millrace%' ORDER BY attnum`,
  );
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

async function load(output: Manifest, folder: string, target: string): Promise<void> {
  const { columns } = output;
  await loadQuery({ url: db.url }, { target, select: datasetSelect(output, folder), columns });
}

it('loads nested values from CSV text into a table made for the contract: arrays of scalars, and jsonb', async () => {
  const folder = temporaryFolder();
  const cells = [
    '1',
    '[" a ", "b"]',
    '{"lat": 1.5, "since": "2001-02-03", "odd": true}',
    '{"x": 3}',
    '7',
    '12345678901234567890',
    '[{"sku": "A", "amount": 2}]',
  ];
  const bad = ['2', '["a"]', '{"lat": "north"}', '{"x": 0.5}', 'c7', '1', '{}'];
  const line = (row: readonly string[]): string => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join();
  const csv = `${COLUMNS.join()}\n${line(cells)}\n${line(bad)}\n`;
  const { output, rejected } = await judgeDataset(session, folder, Order, csvInput(folder, COLUMNS, csv));
  expect(summary(rejected)).toEqual([
    '3: invalid_type place.lat, invalid_type place.since, invalid_type counts.x, invalid_type lines',
  ]);
  await load(output, folder, 'made');
  expect(await typesOf('made')).toEqual({
    id: 'integer',
    tags: 'text[]',
    place: 'jsonb',
    counts: 'jsonb',
    code: 'jsonb',
    big: 'numeric(38,0)',
    lines: 'jsonb',
  });
  expect(await db.query(`SELECT ${COLUMNS.join()} FROM made`)).toEqual([
    {
      id: 1,
      tags: ['a', 'b'],
      place: { lat: 1.5, since: '2001-02-03', note: 'none' },
      counts: { x: 3 },
      code: '7',
      big: '12345678901234567890',
      lines: [{ sku: 'A', amount: 2 }],
    },
  ]);
});

it('judges jsonb and arrays of a database, and loads them into the same types again', async () => {
  await db.query(
    `CREATE TABLE origin AS SELECT 1::int AS id, '{a,b}'::text[] AS tags, '{"lat": 1.50, "since": "2001-02-03", "note": "x"}'::jsonb AS place, '{"x": 3}'::jsonb AS counts, '7'::jsonb AS code, 5::bigint AS big, '[]'::jsonb AS lines
     UNION ALL SELECT 2, '{a,b,c,d}', '{"lat": 1, "since": "2001-02-30"}', '[]', 'true', 5, '[{"sku": 1}]'
     UNION ALL SELECT 3, '{" c "}', '{"lat": 2, "since": "2001-02-03", "odd": 1}', '{}', '"c"', -5, '[]'`,
  );
  const folder = temporaryFolder();
  const directory = join(folder, 'extracted');
  mkdirSync(directory);
  const connector = await openConnector('postgres', 'shop', { url: db.url });
  const extracted = await withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    return connector.source.extract({ dataset: 'orders', options: { table: 'origin' }, directory }, context);
  });
  const parts = extracted.parts.map((part) => ({ ...part, path: join(directory, part.path) }));
  const { output, rejected, judged } = await judgeDataset(session, folder, Order, manifestOf(extracted.columns, parts));
  expect(summary(rejected)).toEqual([
    '2: too_big tags, invalid_format place.since, invalid_type counts, invalid_union code, invalid_type lines.0.sku, invalid_type lines.0.amount',
  ]);
  expect(judged.verdict).toMatchObject({ rowsRead: 3, accepted: 2 });
  await load(output, folder, 'copied');
  expect(await typesOf('copied')).toEqual({ ...(await typesOf('origin')) });
  expect(await db.query('SELECT id, tags, place, code FROM copied ORDER BY id')).toEqual([
    { id: 1, tags: ['a', 'b'], place: { lat: 1.5, since: '2001-02-03', note: 'x' }, code: 7 },
    { id: 3, tags: ['c'], place: { lat: 2, since: '2001-02-03', note: 'none' }, code: 'c' },
  ]);
});
