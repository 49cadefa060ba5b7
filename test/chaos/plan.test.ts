import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CASES } from '../../chaos/cases.js';
import { FAULTS } from '../../chaos/faults/index.js';
import { planBroken, planTrial } from '../../chaos/plan.js';
import { randomFrom } from '../../chaos/random.js';
import { isClean, summarise } from '../../chaos/summary.js';

const root = path.resolve(import.meta.dirname, '../..');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('the same trial of the same seed has the same plan', () => {
  for (const trial of numbers(20)) expect(planTrial('s', trial)).toEqual(planTrial('s', trial));
});

test('other seeds and other trials have other plans', () => {
  const plans = ['s', 't'].flatMap((seed) => numbers(50).map((trial) => JSON.stringify(planTrial(seed, trial))));
  expect(new Set(plans).size).toBe(100);
});

test('every fault and every case comes up again and again, as often as any other', () => {
  const count = 30 * 11;
  const plans = numbers(count).map((trial) => planTrial('s', trial));
  const faults = plans.flatMap((plan) => plan.faults.map(({ name }) => name));
  for (const name of Object.keys(FAULTS)) {
    expect(faults.filter((each) => each === name).length).toBeGreaterThan(faults.length / Object.keys(FAULTS).length - 3);
  }
  for (const name of Object.keys(CASES)) {
    expect(plans.filter(({ cases }) => cases.includes(name)).length).toBeGreaterThan(count / Object.keys(CASES).length);
  }
});

test('no trial has a case twice, which would load into one table from two sides', () => {
  for (const trial of numbers(200)) {
    const { cases } = planTrial('s', trial);
    expect(new Set(cases).size).toBe(cases.length);
  }
});

test('a trial with a broken ledger kills a worker right after it has committed an append', () => {
  expect(planBroken('s', 1).faults[0]).toEqual({
    name: 'kill-worker',
    trigger: { at: 'checkpoint', checkpoint: 'load.committed' },
  });
});

test('random numbers stay within their bounds and reach both', () => {
  const random = randomFrom('bounds');
  const drawn = Array.from({ length: 2_000 }, () => random.between(3, 7));
  expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6, 7]));
  expect(new Set(random.some([1, 2, 3], 5))).toEqual(new Set([1, 2, 3]));
});

test('a summary adds up trials, and is clean only without loss, doubling and stuck runs', () => {
  const plan = { cases: ['merge_all'], faults: [] };
  const trigger = { at: 'time', afterMs: 1 } as const;
  const result = { plan, workflowIds: [], details: [], seconds: 1, runs: 4 };
  const summary = summarise(
    's',
    [
      { ...result, trial: 1, lost: 0, doubled: 2, stuck: 0, faults: [{ name: 'kill-worker', trigger, isMet: true }] },
      { ...result, trial: 2, lost: 1, doubled: 0, stuck: 1, faults: [{ name: 'kill-worker', trigger, isMet: false }] },
    ],
    1,
  );
  expect(summary).toEqual({
    trials: 2,
    faults: 2,
    lost: 1,
    doubled: 2,
    stuck: 1,
    seed: 's',
    byFault: { 'kill-worker': 2 },
    runs: 8,
    crashes: 1,
  });
  expect(isClean(summary)).toBe(false);
  for (const wrong of ['lost', 'doubled', 'stuck']) expect(isClean({ lost: 0, doubled: 0, stuck: 0, [wrong]: 1 })).toBe(false);
  expect(isClean({ lost: 0, doubled: 0, stuck: 0 })).toBe(true);
});

test('the project of the harness type-checks as a user’s does', async () => {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const checked = await promisify(execFile)(tsc, ['--noEmit', '-p', 'chaos/project'], { cwd: root });
  expect(checked.stdout).toBe('');
});

test.each([
  [['--trials', '0'], 'a whole number above 0 is needed'],
  [['--seed', '../x'], 'up to 40 letters, digits, _ and - are needed'],
  [['--trial', 'first'], 'a whole number above 0 is needed'],
  [['--tirals', '3'], "unknown option '--tirals'"],
])('%j is refused before anything starts', async (args, says) => {
  const run = promisify(execFile)(process.execPath, ['--import', 'tsx', 'chaos/main.ts', ...args], { cwd: root });
  await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
});
