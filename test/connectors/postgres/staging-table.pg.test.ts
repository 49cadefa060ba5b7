import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query('CREATE SCHEMA shop; CREATE TABLE shop.first (id int)');
  // Makes the ledger.
  await loadQuery({ url: db.url }, { target: 'shop.first', select: 'SELECT 1 AS id' });
});
afterAll(() => db.drop());

test.each([
  ['in a temporary table, with no right to make tables beside the ledger', 'GRANT TEMPORARY', 'REVOKE CREATE'],
  ['in a table beside the ledger, where the role may make no temporary ones', 'REVOKE TEMPORARY', 'GRANT CREATE'],
])('rows of a merge are staged %s', async (_, temporary, beside) => {
  const user = `u_${randomBytes(4).toString('hex')}`;
  const [{ database } = { database: '' }] = await db.query<{ database: string }>('SELECT current_database() AS database');
  const who = (change: string, name: string): string => `${change.startsWith('GRANT') ? 'TO' : 'FROM'} ${name}`;
  await db.query(`
    CREATE ROLE ${user} LOGIN PASSWORD 'pw'; CREATE TABLE shop.${user} (id int PRIMARY KEY, note text);
    GRANT USAGE ON SCHEMA shop, _millrace TO ${user}; GRANT SELECT, INSERT, UPDATE ON _millrace.ledger, shop.${user} TO ${user};
    REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC; ${temporary} ON DATABASE ${database} ${who(temporary, user)};
    ${beside} ON SCHEMA _millrace ${who(beside, user)}`);
  const limited = Object.assign(new URL(db.url), { username: user, password: 'pw' }).href;
  const load = { target: `shop.${user}`, mode: 'merge', key: ['id'] } as const;
  await loadQuery({ url: limited }, { ...load, select: "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, note)" });
  await loadQuery({ url: limited }, { ...load, select: "SELECT * FROM (VALUES (2, 'c'), (3, 'd')) AS v(id, note)" });
  expect(await db.query(`SELECT string_agg(id || note, ' ' ORDER BY id) AS rows FROM shop.${user}`)).toEqual([
    { rows: '1a 2c 3d' },
  ]);
  expect(await db.query("SELECT relname FROM pg_class WHERE relname LIKE 'staging_%'")).toEqual([]);
  await db.query(`GRANT TEMPORARY ON DATABASE ${database} TO PUBLIC; DROP OWNED BY ${user}; DROP ROLE ${user}`);
});

test.each([
  ['numbers', 'int', '(1), (2), (1), (1), (2), (3)', '2 keys'],
  ['texts', 'text', "('a'), ('b'), ('a')", '1 keys'],
  ['days', 'date', "(DATE '2026-01-01'), (DATE '2026-01-01')", '1 keys'],
])('keys that are there twice are refused, be they %s', async (_, type, values, found) => {
  await db.query(`CREATE TABLE shop.twice_${type} (id ${type} PRIMARY KEY)`);
  const select = `SELECT * FROM (VALUES ${values}) AS v(id)`;
  await expect(
    loadQuery({ url: db.url }, { target: `shop.twice_${type}`, mode: 'merge', key: ['id'], select }),
  ).rejects.toMatchObject({ code: 'KEY_DUPLICATE', message: expect.stringContaining(found) as string });
  expect(await db.query(`SELECT count(*)::int AS rows FROM shop.twice_${type}`)).toEqual([{ rows: 0 }]);
});
