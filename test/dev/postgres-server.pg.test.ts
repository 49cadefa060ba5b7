import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/postgres.js';

test('each test database is a fresh one on a real PostgreSQL 18 with logical WAL and fsync', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await one.query('CREATE TABLE t AS SELECT 1 AS n');
  expect(await two.query("SELECT to_regclass('t') AS t")).toEqual([{ t: null }]);
  expect(
    await one.query("SELECT current_setting('wal_level') w, current_setting('fsync') f, current_setting('server_version') v"),
  ).toEqual([{ w: 'logical', f: 'on', v: expect.stringMatching(/^18/) }]);
  await Promise.all([one.drop(), two.drop()]);
});
