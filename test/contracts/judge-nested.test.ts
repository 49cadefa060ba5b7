import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, judgeDataset, parquetInput, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

it('judges lists, objects and records of typed data in SQL, and leaves out keys that zod leaves out', async () => {
  const Order = contract(
    z.object({
      tags: z.array(z.string().min(1)).max(2),
      place: z.object({ lat: z.number(), note: z.string().optional(), at: z.date() }),
      counts: z.record(z.string().max(3), z.int().nonnegative()),
      pair: z.tuple([z.number(), z.number().positive()]),
    }),
    { rules: { 'is in the north': sql`place.lat > 0` } },
  );
  const row = (tags: string, lat: string, counts: string, pair: string): string =>
    `SELECT ${tags}::VARCHAR[] AS tags, {lat: ${lat}::DOUBLE, 'at': TIMESTAMP '2001-02-03 04:05:06', odd: 'x'} AS place, ${counts}::MAP(VARCHAR, INTEGER) AS counts, ${pair}::DOUBLE[] AS pair`;
  const input = await parquetInput(
    session,
    temporaryFolder(),
    [
      row("['a', 'b']", '1.5', "MAP {'x': 1}", '[1, 2]'),
      row("['', 'b', NULL]", "'nan'", "MAP {'long': -1}", '[1]'),
      row('NULL', '-1', 'MAP {}', '[1, -2]'),
      row('[]', '-1', 'MAP {}', '[0, 1]'),
    ].join(' UNION ALL '),
  );
  const { judged, accepted, rejected } = await judgeDataset(session, temporaryFolder(), Order, input);
  expect(judged.verdict).toMatchObject({ rowsRead: 4, accepted: 1, judgedBySql: 4, judgedByZod: 0 });
  expect(accepted).toEqual([
    {
      tags: ['a', 'b'],
      place: { lat: 1.5, note: null, at: new Date('2001-02-03T04:05:06Z') },
      counts: [{ key: 'x', value: 1 }],
      pair: [1, 2],
    },
  ]);
  expect(summary(rejected)).toEqual([
    '2: too_big tags, invalid_type place.lat, invalid_key counts.long, too_small pair',
    '3: invalid_type tags, too_small pair.1',
    '4: row_rule',
  ]);
});

it('keeps nested data in place where nothing in it changes', async () => {
  const Plain = contract(
    z.object({ list: z.array(z.object({ a: z.int() })), place: z.strictObject({ lat: z.number() }).nullable() }),
  );
  const input = await parquetInput(
    session,
    temporaryFolder(),
    `SELECT [{a: 1}] AS list, {lat: 1.5} AS place UNION ALL SELECT [{a: NULL}], NULL`,
  );
  const { judged, rejected } = await judgeDataset(session, temporaryFolder(), Plain, input);
  expect(judged.parts[0]?.path).toBe(input.parts[0]?.path);
  expect(summary(rejected)).toEqual(['2: invalid_type list.0.a']);
});

it('reads JSON from text and JSON columns, and writes what zod makes of it', async () => {
  const Nested = contract(
    z.object({
      tags: z.array(z.string().trim()),
      place: z.object({ since: z.date(), size: z.bigint().optional(), name: z.string().default('?') }),
      pair: z.tuple([z.string(), z.number()]).optional(),
    }),
  );
  const cell = (value: string): string => `"${value.replaceAll('"', '""')}"`;
  const rows = [
    ['[" a", "b"]', '{"since": "2001-02-03", "size": 5, "odd": 1}', '["x", 1]'],
    ['[1]', '{"since": "soon"}', '["x"]'],
    ['no json', '{"since": "2001-02-03T04:05:06.5Z", "size": "12345678901234567890"}', ''],
  ];
  const csv = `tags,place,pair\n${rows.map((row) => row.map((value) => (value === '' ? '' : cell(value))).join()).join('\n')}\n`;
  const folder = temporaryFolder();
  const fromText = await judgeDataset(session, folder, Nested, csvInput(folder, ['tags', 'place', 'pair'], csv));
  expect(fromText.judged.columns.map(({ type }) => type)).toEqual([
    'VARCHAR[]',
    'STRUCT("since" TIMESTAMP WITH TIME ZONE, "size" DECIMAL(38,0), "name" VARCHAR)',
    'JSON',
  ]);
  expect(fromText.accepted).toEqual([
    { tags: ['a', 'b'], place: { since: new Date('2001-02-03'), size: 5, name: '?' }, pair: '["x",1]' },
  ]);
  expect(summary(fromText.rejected)).toEqual([
    '3: invalid_type tags.0, invalid_type place.since, too_small pair',
    '4: invalid_type tags',
  ]);
  const literal = (value: string): string => (value === '' ? 'NULL' : `'${value}'`);
  const values = rows.slice(0, 2).map((row) => `(${row.map(literal).join()})`);
  const json = await parquetInput(
    session,
    folder,
    `SELECT tags::JSON AS tags, place::JSON AS place, pair::JSON AS pair FROM (VALUES ${values.join()}) AS t(tags, place, pair)`,
  );
  const kept = await judgeDataset(session, folder, Nested, json);
  expect(kept.judged.columns.map(({ type }) => type)).toEqual(['JSON', 'JSON', 'JSON']);
  expect(kept.accepted).toEqual([
    { tags: '["a","b"]', place: '{"since":"2001-02-03T00:00:00.000Z","size":5,"name":"?"}', pair: '["x", 1]' },
  ]);
  expect(summary(kept.rejected)).toEqual(['2: invalid_type tags.0, invalid_type place.since, too_small pair']);
});

it('judges unions: of scalars, of objects told apart by a tag, and what is text or a number', async () => {
  const Event = contract(
    z.object({
      event: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('sale'), amount: z.number().positive() }),
        z.object({ kind: z.literal('visit'), page: z.string() }),
      ]),
      id: z.union([z.uuid(), z.email()]),
      either: z.union([z.int(), z.boolean(), z.null()]),
    }),
  );
  const event = (kind: string, amount: string, page: string): string =>
    `{kind: ${kind}, amount: ${amount}::DOUBLE, page: ${page}::VARCHAR}`;
  const input = await parquetInput(
    session,
    temporaryFolder(),
    `SELECT ${event("'sale'", '1.5', "'left out'")} AS event, 'a@b.co' AS id, 1 AS either
     UNION ALL SELECT ${event("'visit'", 'NULL', "'/'")}, '123e4567-e89b-12d3-a456-426614174000', NULL
     UNION ALL SELECT ${event("'visit'", '1', 'NULL')}, 'x', 2 UNION ALL SELECT ${event("'other'", '1', "'/'")}, 'a@b.co', 1`,
  );
  const { judged, accepted, rejected } = await judgeDataset(session, temporaryFolder(), Event, input);
  expect(judged.verdict).toMatchObject({ judgedBySql: 4, judgedByZod: 0 });
  expect(accepted).toEqual([
    { event: { kind: 'sale', amount: 1.5, page: null }, id: 'a@b.co', either: 1 },
    { event: { kind: 'visit', amount: null, page: '/' }, id: '123e4567-e89b-12d3-a456-426614174000', either: null },
  ]);
  expect(summary(rejected)).toEqual(['3: invalid_type event.page, invalid_union id', '4: invalid_union event.kind']);
  const folder = temporaryFolder();
  const Text = contract(z.object({ id: z.union([z.uuid(), z.email()]), either: z.union([z.int(), z.boolean()]) }));
  const text = await judgeDataset(
    session,
    folder,
    Text,
    csvInput(folder, ['id', 'either'], 'id,either\na@b.co,12\nx,true\na@b.co,yes\n'),
  );
  expect(text.judged.columns.map(({ type }) => type)).toEqual(['VARCHAR', 'JSON']);
  expect(text.accepted).toEqual([{ id: 'a@b.co', either: '12' }]);
  expect(summary(text.rejected)).toEqual(['3: invalid_union id', '4: invalid_union either']);
});
