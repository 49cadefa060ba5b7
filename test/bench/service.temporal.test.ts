import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

test('the client service is measured by reads and by runs, all of which are done once', async () => {
  await temporalCli();
  const args = ['--import', 'tsx', 'bench/main.ts', 'service', '--json', '--rounds', '1', '--scale', '0.01'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ work, tool }) => [work, tool])).toEqual([
    ['p99 of 200 reads a second', 'millrace'],
    ['p99 of 200 reads a second', 'allowed'],
    ['20 runs by HTTP', 'millrace'],
    ['20 runs by HTTP', 'without the service'],
  ]);
  expect(stderr).toContain('none failed');
  expect(stderr).toMatch(/Temporal was asked for \d+\.\d lists or counts a second/);
}, 180_000);
