import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { SoakReport } from '../../soak/soak.js';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

async function soak(...args: readonly string[]): Promise<SoakReport & { readonly stderr: string }> {
  // The program that serves Temporal is fetched here, so that the soak finds it.
  await temporalCli();
  const child = spawn(process.execPath, ['--import', 'tsx', 'soak/main.ts', '--json', ...args], { cwd: root });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
  await once(child, 'close');
  expect(output.stdout.trim().split('\n'), output.stderr).toHaveLength(1);
  return { ...(JSON.parse(output.stdout) as SoakReport), stderr: output.stderr };
}

test('a pool never has more at work than its slots, and loses none, whatever becomes of runs, workers and the pool', async () => {
  const { figures, problems, stderr } = await soak('pool', '--scale', '0.1');
  expect(problems, stderr).toEqual([]);
  expect(figures).toMatchObject({ steps: 20, 'slots taken at the end': 0, 'steps waiting at the end': 0 });
  expect(figures['attempts that began'], stderr).toBeGreaterThan(10);
}, 400_000);
