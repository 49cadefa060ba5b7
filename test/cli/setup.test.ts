import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { jsonLines, millrace } from './millrace.js';

/** A machine with Node and nothing else, whose way to every host ends at a closed port. */
function offlineMachine(cache: string): Record<string, string> {
  const bin = lastingFolder();
  symlinkSync(process.execPath, join(bin, 'node'));
  const closed = 'http://127.0.0.1:9';
  return {
    PATH: bin,
    HOME: lastingFolder(),
    GOPATH: '',
    GOBIN: '',
    MILLRACE_CACHE_DIR: cache,
    http_proxy: closed,
    https_proxy: closed,
    HTTP_PROXY: closed,
    HTTPS_PROXY: closed,
  };
}

const BOTH = ['temporal', 'postgres_scanner'];
let filled: string | undefined;

test('setup --offline fills a folder, and does nothing the second time', async () => {
  const folder = join(lastingFolder(), 'offline');
  const first = await millrace(['setup', ...BOTH, '--offline', folder, '--json']);
  expect(jsonLines(first.stdout)).toMatchObject([
    { part: 'temporal', ok: true },
    { part: 'postgres_scanner', ok: true },
  ]);
  expect(first.code).toBe(0);
  for (const { path } of jsonLines(first.stdout)) expect(String(path).startsWith(folder) && existsSync(String(path))).toBe(true);
  const second = await millrace(['setup', ...BOTH, '--offline', folder]);
  expect(second.stdout.match(/there already/g)).toHaveLength(2);
  expect(second.stdout).toContain('MILLRACE_CACHE_DIR');
  expect(readFileSync(join(folder, 'README.txt'), 'utf8')).toContain('extensionsDirectory');
  filled = folder;
});

test('a machine without a network finds everything in such a folder', async () => {
  const { code, stdout } = await millrace(['setup', ...BOTH, '--json'], offlineMachine(filled ?? ''));
  expect(code).toBe(0);
  expect(jsonLines(stdout).map(({ path }) => String(path).startsWith(filled ?? ''))).toEqual([true, true]);
});

test('without one, it says within seconds what is missing and how to get it, and exits with 4', async () => {
  const cache = lastingFolder();
  mkdirSync(cache, { recursive: true });
  const { code, stdout, stderr } = await millrace(['setup', ...BOTH], offlineMachine(cache));
  expect(code).toBe(4);
  expect(stdout).toMatch(/✘ +temporal +missing/);
  expect(stdout).toMatch(/✘ +postgres_scanner +missing/);
  expect(stderr).toMatch(/\[TOOL_MISSING\]/);
  expect(stderr).toMatch(/engine\.extensionsDirectory.*\[EXTENSION_MISSING\]/);
}, 40_000);
