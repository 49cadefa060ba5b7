import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import { ensureExtension, loadExtension } from '../../src/engine/extensions.js';
import { temporaryFolder } from '../support/folder.js';

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' });
});
afterAll(() => instance.closeSync());

const FILE = 'postgres_scanner.duckdb_extension';
// Nothing on this machine answers here, so neither DuckDB's host nor PyPI is reached.
const OFFLINE = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_NO_INDEX: '1', PIP_FIND_LINKS: '' };

test('an extension is loaded from the cache, or fetched into it first', async () => {
  const connection = await instance.connect();
  await loadExtension(connection, 'postgres_scanner');
  const loaded = await connection.runAndReadAll(
    "SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'postgres_scanner'",
  );
  expect(loaded.getRowsJS()).toEqual([[true]]);
});

test('a configured folder comes before the cache, flat or by version', async () => {
  const connection = await instance.connect();
  const cached = await ensureExtension(connection, 'postgres_scanner');
  const version = cached.split('/').at(-2) ?? '';
  for (const inner of ['.', version]) {
    const directory = temporaryFolder();
    mkdirSync(join(directory, inner), { recursive: true });
    copyFileSync(cached, join(directory, inner, FILE));
    expect(await ensureExtension(connection, 'postgres_scanner', { directory })).toBe(join(directory, inner, FILE));
  }
});

test('a file that DuckDB has not signed is refused, even where a session would take it', async () => {
  const directory = temporaryFolder();
  writeFileSync(join(directory, FILE), 'no extension at all');
  const refused = loadExtension(await instance.connect(), 'postgres_scanner', { directory });
  await expect(refused).rejects.toMatchObject({
    code: 'EXTENSION_MISSING',
    message: expect.stringContaining(join(directory, FILE)) as string,
  });
});

test('where nothing can be reached, that is said within 10 seconds, with every way out', async () => {
  const cache = temporaryFolder();
  const saved = { ...process.env };
  Object.assign(process.env, OFFLINE);
  const began = Date.now();
  try {
    const refused = ensureExtension(await instance.connect(), 'sqlite_scanner', { environment: { MILLRACE_CACHE_DIR: cache } });
    await expect(refused).rejects.toMatchObject({
      code: 'EXTENSION_MISSING',
      message: expect.stringMatching(
        /INSTALL sqlite_scanner.*pip download.*engine\.extensionsDirectory.*MILLRACE_CACHE_DIR/s,
      ) as string,
    });
  } finally {
    for (const name of Object.keys(OFFLINE)) delete process.env[name];
    Object.assign(process.env, saved);
  }
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(readdirSync(cache, { recursive: true }).filter((file) => String(file).includes('sqlite'))).toEqual([]);
});

test('the cache folder follows MILLRACE_CACHE_DIR, then XDG_CACHE_HOME, then the home folder', () => {
  expect(cacheFolder({ MILLRACE_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/millrace');
  expect(cacheFolder({})).toMatch(/\/\.cache\/millrace$/);
});
