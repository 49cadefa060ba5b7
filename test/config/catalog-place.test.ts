import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { temporaryFolder } from '../support/folder.js';

let before: string | undefined;
beforeEach(() => {
  before = process.env['MILLRACE_CATALOG_URL'];
  delete process.env['MILLRACE_CATALOG_URL'];
});
afterEach(() => {
  delete process.env['MILLRACE_CATALOG_URL'];
  if (before !== undefined) process.env['MILLRACE_CATALOG_URL'] = before;
});

/** A project whose config has this `catalog`. */
async function projectWith(catalog: string) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'workflows'));
  writeFileSync(join(folder, 'workflows', 'index.ts'), '');
  const config = `export default { connections: {}, contracts: {}, transforms: {}, pipelines: {}, catalog: ${catalog} };`;
  writeFileSync(join(folder, 'millrace.config.mjs'), config);
  return { folder, project: await loadProject(folder) };
}

test('a file beside the config is the default', async () => {
  const { folder, project } = await projectWith('undefined');
  expect(project.catalog).toEqual({ path: join(folder, '.millrace', 'catalog.db') });
});

test('a URL is a database, in a schema of its own', async () => {
  const { project } = await projectWith(`{ url: 'postgres://u@h/d' }`);
  expect(project.catalog).toEqual({ url: 'postgres://u@h/d', schema: 'millrace_catalog' });
  const { project: other } = await projectWith(`{ url: 'postgres://u@h/d', schema: 'second' }`);
  expect(other.catalog).toMatchObject({ schema: 'second' });
});

test('MILLRACE_CATALOG_URL goes before what the config says, and an empty one counts as none', async () => {
  const { project } = await projectWith(`{ path: './here.db' }`);
  process.env['MILLRACE_CATALOG_URL'] = '';
  expect(project.catalog).toHaveProperty('path');
  process.env['MILLRACE_CATALOG_URL'] = 'postgres://u@elsewhere/d';
  expect(project.catalog).toEqual({ url: 'postgres://u@elsewhere/d', schema: 'millrace_catalog' });
});

test('a variable that is not set is missed when the catalog is used, not before', async () => {
  const { project } = await projectWith(`{ url: { kind: 'env', name: 'NO_SUCH_CATALOG' } }`);
  expect(() => project.catalog).toThrow(expect.objectContaining({ code: 'ENV_MISSING' }) as Error);
});

test('path and URL at once are refused', async () => {
  await expect(projectWith(`{ path: 'x.db', url: 'postgres://u@h/d' }`)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('catalog: give `path` (SQLite) or `url` (Postgres), not both') as string,
  });
});
