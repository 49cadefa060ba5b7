import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS } from '../../chaos/faults/index.js';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

async function chaos(...args: readonly string[]): Promise<{ code: number; summary: Record<string, unknown>; stderr: string }> {
  // The program that serves Temporal is fetched here, so that the harness finds it.
  await temporalCli();
  const child = spawn(process.execPath, ['--import', 'tsx', 'chaos/main.ts', '--json', ...args], { cwd: root });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
  const [code] = (await once(child, 'close')) as [number];
  expect(output.stdout.trim().split('\n'), output.stderr).toHaveLength(1);
  return { code, summary: JSON.parse(output.stdout) as Record<string, unknown>, stderr: output.stderr };
}

// Three trials are dealt every fault there is.
test('three trials lose nothing, double nothing and end, whatever is killed, paused, cut and filled', async () => {
  const { code, summary, stderr } = await chaos('--trials', '3', '--seed', 'test');
  expect(summary, stderr).toMatchObject({ trials: 3, faults: 9, lost: 0, doubled: 0, stuck: 0, seed: 'test', crashes: 0 });
  expect(summary['byFault']).toEqual(Object.fromEntries(Object.keys(FAULTS).map((name) => [name, 1])));
  expect(code).toBe(0);
}, 400_000);

test('a ledger that forgets is found: rows are doubled, the exit code says so, and the way to see it again is told', async () => {
  const { code, summary, stderr } = await chaos('--trial', '1', '--seed', 'test', '--break-ledger');
  expect(summary).toMatchObject({ trials: 1, stuck: 0 });
  expect(summary['doubled']).toBeGreaterThan(0);
  expect(stderr).toMatch(/append_file: doubled: \(\d+,1,/);
  expect(stderr).toContain('again: npm run chaos -- --seed test --trial 1 --break-ledger --keep');
  expect(code).toBe(1);
}, 400_000);
