import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const LONG = 'ä'.repeat(32);

test('a table whose name Postgres would cut is refused, since it could be another one', async () => {
  const load = (target: string) => loadQuery({ url: db.url }, { target, mode: 'replace', select: 'SELECT 1 AS id' });
  const refused = {
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/cuts names after 63 bytes, and "ä+" has 64/) as string,
  };
  await load(LONG.slice(0, 31));
  await expect(load(LONG)).rejects.toMatchObject(refused);
  await expect(load(`${LONG}.orders`)).rejects.toMatchObject(refused);
});

test('a column whose name Postgres would cut is refused, unless it is left out', async () => {
  const select = `SELECT 1 AS id, 2 AS "${LONG}"`;
  await expect(loadQuery({ url: db.url }, { target: 'wide', select })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/the column "ä+", and Postgres cuts names of more than 63 bytes/) as string,
  });
  await loadQuery({ url: db.url }, { target: 'wide', select: 'SELECT 1 AS id' });
  expect(await loadQuery({ url: db.url }, { target: 'wide', schema: 'discard', select })).toMatchObject({ rows: 1 });
});
