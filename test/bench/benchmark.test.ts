import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { median, toJsonLine } from '../../bench/benchmark.js';

const root = path.resolve(import.meta.dirname, '../..');

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a JSON line is one line with three decimals at most', () => {
  const line = toJsonLine({ work: 'load', tool: 'millrace', medianS: 12.345678, ratio: 0.9, peakMiB: 812.0004 });
  expect(line).toBe('{"work":"load","tool":"millrace","medianS":12.346,"ratio":0.9,"peakMiB":812}');
});

test('the project of the load benchmark type-checks as a user’s does', async () => {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const checked = await promisify(execFile)(tsc, ['--noEmit', '-p', 'bench/load/project'], { cwd: root });
  expect(checked.stdout).toBe('');
});
