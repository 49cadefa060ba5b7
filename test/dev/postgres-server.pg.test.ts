import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startPostgresServer, type PostgresServer } from '../../src/dev/postgres-server.js';
import { temporaryFolder } from '../support/folder.js';
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

test('data stays from one start to the next, a kill of the whole server in between included', async () => {
  const dataFolder = newDataFolder();
  const first = await startPostgresServer({ dataFolder });
  await query(first, 'CREATE TABLE kept AS SELECT 42 AS n');
  process.kill(-first.process.pid, 'SIGKILL');
  await first.process.ended;
  expect(existsSync(join(dataFolder, 'postmaster.pid'))).toBe(true);

  const second = await startPostgresServer({ dataFolder });
  expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  await second.stop();
  expect(existsSync(join(dataFolder, 'postmaster.pid'))).toBe(false);
});

test('a start waits for a session that a killed server has left', async () => {
  const dataFolder = newDataFolder();
  const first = await startPostgresServer({ dataFolder });
  const client = new pg.Client({ connectionString: first.url('postgres') }).on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const session = rows[0]?.pid as number;
  process.kill(session, 'SIGSTOP');
  process.kill(first.process.pid, 'SIGKILL');
  await first.process.ended;

  const starting = startPostgresServer({ dataFolder });
  const early = await Promise.race([starting.then(() => 'started'), sleep(1_000, 'waits')]);
  process.kill(session, 'SIGKILL');
  const second = await starting;
  expect(early).toBe('waits');
  expect(await query(second, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await second.stop();
});

test('a second server in the same data folder is refused, with the process to stop', async () => {
  const dataFolder = newDataFolder();
  const first = await startPostgresServer({ dataFolder });
  await expect(startPostgresServer({ dataFolder })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    message: expect.stringContaining(`process ${first.process.pid}`),
  });
  await first.stop();
});

test('a server that can’t start says why in its own words', async () => {
  const dataFolder = newDataFolder();
  const failed = startPostgresServer({ dataFolder, settings: { shared_buffers: 'nonsense' } });
  await expect(failed).rejects.toThrow(/exited with code 1\. Its last words:\n.*shared_buffers/s);
});

test('another password is refused', async () => {
  const database = await createTestDatabase();
  const url = Object.assign(new URL(database.url), { password: 'wrong' }).toString();
  await expect(new pg.Client({ connectionString: url }).connect()).rejects.toThrow(/password authentication failed/);
  await database.drop();
});

/** As root, PostgreSQL runs as another user, who must get in. */
function newDataFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return join(folder, 'postgres');
}

async function query(server: PostgresServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
