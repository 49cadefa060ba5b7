import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { temporaryFolder } from '../support/folder.js';
import { RUN, runStarted, validateFinished } from './sample-facts.js';

const WRITER = fileURLToPath(new URL('writer-process.ts', import.meta.url));

async function open(path: string): Promise<Catalog> {
  const catalog = await openCatalog({ path });
  onTestFinished(() => catalog.close());
  return catalog;
}

function lockFile(path: string): { release: () => void } {
  const other = new Database(path);
  other.exec('begin immediate');
  return {
    release: () => {
      other.exec('rollback');
      other.close();
    },
  };
}

test('two processes may make and write one catalog at the same time', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  const processes = ['one', 'two'].map((name) =>
    spawn(process.execPath, ['--import', 'tsx', WRITER, JSON.stringify({ path }), name, '150'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  const codes = await Promise.all(processes.map(async (writer) => ((await once(writer, 'exit')) as [number])[0]));
  expect(codes).toEqual([0, 0]);
  const catalog = await open(path);
  expect(await catalog.listRuns({ limit: 1000 })).toHaveLength(300);
});

test('a lock that another process holds for a moment is waited for without blocking the event loop', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  const catalog = await open(path);
  const lock = lockFile(path);
  setTimeout(lock.release, 700);
  let longestPauseMs = 0;
  let last = Date.now();
  const ticker = setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, Date.now() - last);
    last = Date.now();
  }, 5);
  await catalog.recordRunStarted(runStarted());
  clearInterval(ticker);
  expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
  expect(longestPauseMs).toBeLessThan(400);
});

test('a lock that stays is CATALOG_UNAVAILABLE, and nothing of the fact is kept', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  const catalog = await open(path);
  const lock = lockFile(path);
  await expect(catalog.recordRunStarted(runStarted())).rejects.toMatchObject({
    code: 'CATALOG_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining(`${path} cannot be written: other processes have kept it locked for 5 s`) as string,
  });
  lock.release();
  expect(await catalog.listRuns({ limit: 9 })).toEqual([]);
});

test('a file that is no database is CATALOG_UNAVAILABLE and named', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  writeFileSync(path, 'this was never a database '.repeat(200));
  await expect(openCatalog({ path })).rejects.toMatchObject({
    code: 'CATALOG_UNAVAILABLE',
    message: `The catalog ${path} cannot be read: file is not a database: the file is damaged. Move it away; a new one is made, and runs go on.`,
  });
});

test('a file damaged while it is open is CATALOG_UNAVAILABLE, and a sound one in its place is used', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  const catalog = await open(path);
  rmSync(path);
  writeFileSync(path, 'not a database '.repeat(500));
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  await expect(catalog.recordRunStarted(runStarted())).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  rmSync(path);
  await catalog.recordRunStarted(runStarted());
  expect(await catalog.listRuns({ limit: 9 })).toHaveLength(1);
});

test('facts told after the file was deleted go to a new file, not into the void', async () => {
  const folder = join(temporaryFolder(), 'state');
  const path = join(folder, 'catalog.db');
  const catalog = await open(path);
  rmSync(folder, { recursive: true });
  await catalog.recordRunStarted(runStarted());
  expect(existsSync(path)).toBe(true);
  const other = await open(path);
  expect(await other.listRuns({ limit: 9 })).toHaveLength(1);
});

test('a run whose start went with the file is there again with its next step', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  const catalog = await open(path);
  await catalog.recordRunStarted(runStarted());
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  await catalog.recordStepFinished(validateFinished());
  expect(await catalog.findRun(RUN.workflowId, RUN.runId)).toMatchObject({ pipeline: runStarted().pipeline, status: 'running' });
});

test('a path that cannot be made is CATALOG_UNAVAILABLE and named', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'catalog.db'));
  await expect(openCatalog({ path: join(folder, 'file', 'catalog.db') })).rejects.toMatchObject({
    code: 'CATALOG_UNAVAILABLE',
    message: expect.stringContaining(join(folder, 'file')) as string,
  });
  await expect(openCatalog({ path: join(folder, 'catalog.db') })).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
});

test('a catalog written by a newer version is refused with that reason', async () => {
  const path = join(temporaryFolder(), 'catalog.db');
  await (await openCatalog({ path })).close();
  const database = new Database(path);
  database.exec(`insert into catalog_migrations (name, timestamp) values ('9999-later', '2027-01-01T00:00:00.000Z')`);
  database.close();
  await expect(openCatalog({ path })).rejects.toMatchObject({
    code: 'CATALOG_UNAVAILABLE',
    message: expect.stringContaining('a newer version of Millrace has written it') as string,
  });
});
