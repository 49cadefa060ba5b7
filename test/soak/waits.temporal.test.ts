import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

test('fifty runs that wait for approval hold no activity, others go on beside them, and those go on that are answered', async () => {
  await temporalCli();
  const args = ['--import', 'tsx', 'soak/main.ts', 'waits', '--json', '--scale', '0.005'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const report = JSON.parse(stdout) as {
    readonly figures: Readonly<Record<string, unknown>>;
    readonly problems: readonly string[];
  };
  expect(report.problems).toEqual([]);
  expect(report.figures).toMatchObject({ 'runs that wait': 50, 'activities under way for them': 0 });
}, 180_000);
