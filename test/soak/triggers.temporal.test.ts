import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

test('fifty days wait for a dataset and hold no slot, and those that become complete are started once each', async () => {
  await temporalCli();
  const args = ['--import', 'tsx', 'soak/main.ts', 'triggers', '--json', '--scale', '0.02'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const report = JSON.parse(stdout) as {
    readonly figures: Readonly<Record<string, unknown>>;
    readonly problems: readonly string[];
  };
  expect(report.problems).toEqual([]);
  expect(report.figures).toMatchObject({ 'days that waited at once': 50, 'runs that were started': 10 });
}, 180_000);
