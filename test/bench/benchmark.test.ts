import { execFile } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { median, takeTurns, toJsonLine } from '../../bench/benchmark.js';
import { watchPeaks } from '../../bench/peaks.js';

const root = path.resolve(import.meta.dirname, '../..');

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a JSON line is one line with three decimals at most', () => {
  const line = toJsonLine({ work: 'load', tool: 'millrace', medianS: 12.345678, ratio: 0.9, peakMiB: 812.0004 });
  expect(line).toBe('{"work":"load","tool":"millrace","medianS":12.346,"ratio":0.9,"peakMiB":812}');
});

test('sides take turns in who goes first', async () => {
  const order: string[] = [];
  const side = (name: string) => (round: number) => Promise.resolve(order.push(`${name} ${round}`));
  const turns = await takeTurns(3, side('millrace'), side('limit'), () => undefined);
  expect(order).toEqual(['millrace 0', 'limit 0', 'limit 1', 'millrace 1', 'millrace 2', 'limit 2']);
  expect(turns[1]).toEqual({ millrace: 4, limit: 3 });
});

test.runIf(process.platform === 'linux')('the peak of a process that is gone by the end is known', async () => {
  const script = 'const held = Buffer.alloc(80 * 2 ** 20, 1); setTimeout(() => held.length, 700)';
  const child = execFile(process.execPath, ['-e', script]);
  const watch = watchPeaks({ child: child.pid ?? 0 }, process.pid);
  await once(child, 'exit');
  expect(watch.stop().child).toBeGreaterThan(80);
});

test.each(['load', 'merge', 'steps'])('the project of the %s benchmark type-checks as a user’s does', async (name) => {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const checked = await promisify(execFile)(tsc, ['--noEmit', '-p', `bench/${name}/project`], { cwd: root });
  expect(checked.stdout).toBe('');
});
