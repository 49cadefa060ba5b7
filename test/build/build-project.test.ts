import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildProject } from '../../src/build/build-project.js';
import { BUILD_MANIFEST, type BuildManifest } from '../../src/config/build-manifest.js';
import { loadProject } from '../../src/config/load.js';
import { temporaryFolder } from '../support/folder.js';
import { smallProject } from './small-project.js';

describe('a build', () => {
  test('has config, contracts and SQL in their places as JavaScript, and the bundle of the pipelines', async () => {
    const project = smallProject();
    const built = await buildProject({ directory: project });
    expect(built).toMatchObject({
      directory: path.join(project, 'build'),
      pipelines: ['orders', 'replicate', 'replayQuarantine', 'housekeeping'],
    });
    expect(filesOf(built.directory)).toEqual([
      'contracts/numbers.js',
      'contracts/numbers.js.map',
      'contracts/order.js',
      'contracts/order.js.map',
      BUILD_MANIFEST,
      'millrace.config.js',
      'millrace.config.js.map',
      'package.json',
      'transforms/doubled.sql',
      'transforms/tidied.js',
      'transforms/tidied.js.map',
      'workflows.bundle.js',
    ]);
    expect(readFileSync(path.join(built.directory, 'contracts/order.js'), 'utf8')).toContain('from "./numbers.js"');
    expect(readFileSync(path.join(built.directory, 'millrace.config.js'), 'utf8')).toContain('import("./transforms/tidied.js")');

    const loaded = await loadProject(built.directory);
    expect(loaded).toMatchObject({ directory: built.directory, root: project, warnings: [] });
    expect(loaded.bundlePath).toBe(path.join(built.directory, 'workflows.bundle.js'));
    expect(loaded.catalog).toEqual({ path: path.join(project, '.millrace/catalog.db') });
    expect(loaded.config.contracts['Order']?.schema.safeParse({ id: 1, amount: 101 }).success).toBe(false);
  });

  test('stands in for sources that are not there, replaces an earlier one, and refuses when it is not whole', async () => {
    const project = smallProject();
    const { directory } = await buildProject({ directory: project, typeCheck: false });
    writeFileSync(path.join(project, 'transforms/doubled.sql'), 'SELECT id, amount * 3 AS amount FROM orders');
    expect((await loadProject(directory)).warnings).toEqual([
      expect.stringMatching(/older than its sources: transforms\/doubled\.sql changed since.*millrace build.*\[BUILD_STALE\]$/),
    ]);
    await buildProject({ directory: project, typeCheck: false });
    expect(readFileSync(path.join(directory, 'transforms/doubled.sql'), 'utf8')).toContain('* 3');
    expect(readdirSync(project).filter((name) => name.startsWith('build'))).toEqual(['build']);

    for (const name of ['millrace.config.ts', 'workflows', 'contracts', 'transforms', 'tsconfig.json']) {
      rmSync(path.join(project, name), { recursive: true });
    }
    expect(await loadProject(project)).toMatchObject({ directory, root: project, warnings: [] });
    await expect(buildProject({ directory: project })).rejects.toMatchObject({ code: 'COMMAND_INVALID' });

    rmSync(path.join(directory, 'transforms/doubled.sql'));
    await expect(loadProject(project)).rejects.toMatchObject({
      code: 'BUILD_UNUSABLE',
      message: expect.stringContaining('transforms/doubled.sql missing or changed') as string,
    });
    const file = path.join(directory, BUILD_MANIFEST);
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as BuildManifest;
    writeFileSync(file, JSON.stringify({ ...manifest, millrace: '0.0.1' }));
    await expect(loadProject(project)).rejects.toMatchObject({
      code: 'BUILD_UNUSABLE',
      message: expect.stringContaining('was made by Millrace 0.0.1') as string,
    });
    writeFileSync(file, '{');
    await expect(loadProject(project)).rejects.toMatchObject({ code: 'BUILD_UNUSABLE' });
  });
});

describe('a build is refused', () => {
  test('for a project that does not type-check, with file and line', async () => {
    const project = smallProject({ 'contracts/numbers.ts': `export const most: number = 'many';` });
    await expect(buildProject({ directory: project })).rejects.toMatchObject({
      code: 'TYPES_INVALID',
      message: expect.stringMatching(/contracts\/numbers\.ts:1:14: .*TS2322/) as string,
    });
    expect(existsSync(path.join(project, 'build'))).toBe(false);
  });

  test('where the types cannot be checked, unless told not to', async () => {
    const project = smallProject({}, ['tsx', 'zod']);
    await expect(buildProject({ directory: project })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringMatching(/npm install --save-dev typescript.*--no-typecheck/) as string,
    });
    expect((await buildProject({ directory: project, typeCheck: false })).files).toBe(12);
  });

  test('for a folder that holds something else, or is not within the project', async () => {
    const project = smallProject();
    mkdirSync(path.join(project, 'build'));
    writeFileSync(path.join(project, 'build', 'thesis.txt'), 'years of work');
    await expect(buildProject({ directory: project })).rejects.toMatchObject({
      code: 'FILES_EXIST',
      message: expect.stringContaining('thesis.txt') as string,
    });
    await expect(buildProject({ directory: project, out: '../elsewhere' })).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
    await expect(buildProject({ directory: project, out: '.' })).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
  });

  test('for code outside of the project, which it could not hold', async () => {
    const elsewhere = temporaryFolder();
    writeFileSync(path.join(elsewhere, 'shared.ts'), 'export const most = 3;');
    const project = smallProject();
    const specifier = path.relative(path.join(project, 'contracts'), path.join(elsewhere, 'shared'));
    writeFileSync(path.join(project, 'contracts/numbers.ts'), `export { most } from '${specifier}';`);
    await expect(buildProject({ directory: project, typeCheck: false })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/contracts\/numbers\.ts:1:22: .*outside of the project's folder/) as string,
    });
  });
});

test('a worker of a build that was never made is told to make it', async () => {
  const project = smallProject();
  await expect(loadProject(path.join(project, 'build'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/no build in .*Make it with `millrace build`/) as string,
  });
});

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  return names.toSorted();
}
