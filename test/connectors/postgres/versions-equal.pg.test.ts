import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

test('a value that only counts as equal, to an interval or a collation, is another version', async () => {
  const table = 'people';
  await db.query(
    `CREATE COLLATION public.anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     CREATE TABLE public.${table} (id int, due interval, name text COLLATE public.anycase, valid_from timestamptz, valid_to timestamptz, is_current boolean, UNIQUE (id, valid_from))`,
  );
  const say = (due: string, name: string) =>
    loadQuery(
      { url: db.url },
      { target: table, mode: 'scd2', key: ['id'], select: `SELECT 1 AS id, INTERVAL '${due}' AS due, '${name}' AS name` },
    );
  await say('1 month', 'ada');
  await say('30 days', 'ada');
  await say('30 days', 'Ada');
  await say('30 days', 'Ada');
  expect(await db.query(`SELECT due::text, name, is_current FROM public.${table} ORDER BY valid_from`)).toEqual([
    { due: '1 mon', name: 'ada', is_current: false },
    { due: '30 days', name: 'ada', is_current: false },
    { due: '30 days', name: 'Ada', is_current: true },
  ]);
});
