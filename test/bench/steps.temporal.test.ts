import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

test('steps are measured on both sides, with work and without', async () => {
  // The program that serves Temporal is fetched here, so that the benchmark finds it.
  await temporalCli();
  const args = ['--import', 'tsx', 'bench/main.ts', 'steps', '--json', '--rounds', '1', '--scale', '0.01'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const facts = { medianS: expect.any(Number), peakMiB: expect.any(Number) };
  expect(lines).toEqual(
    ['four steps', 'four steps with work'].flatMap((work) => [
      { work, tool: 'millrace', ratio: expect.any(Number), ...facts },
      { work, tool: 'by hand', ratio: 1, ...facts },
    ]),
  );
}, 180_000);
