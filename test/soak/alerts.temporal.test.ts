import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { problemsOf, type Seen } from '../../soak/alerts/findings.js';
import type { AlertRow } from '../../src/catalog/index.js';
import { temporalCli } from '../support/temporal.js';

const root = path.resolve(import.meta.dirname, '../..');

test('each alert arrives under one id, or is a dead letter, whatever becomes of receivers and of those who send', async () => {
  await temporalCli();
  const args = ['--import', 'tsx', 'soak/main.ts', 'alerts', '--json', '--scale', '0.04'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const report = JSON.parse(stdout) as {
    readonly figures: Readonly<Record<string, number>>;
    readonly problems: readonly string[];
  };
  expect(report.problems).toEqual([]);
  expect(report.figures).toMatchObject({
    runs: 24,
    'alerts raised': 24,
    'dead letters': 48,
    'workers killed': 3,
    'requests left without an answer': 1,
  });
}, 180_000);

/** What is found when all is well: one alert, taken by two channels, dead in two. */
function sound(): Seen {
  const ended = (channel: string, state: 'sent' | 'dead') => ({ channel, state, error: state === 'dead' ? 'no' : null });
  const deliveries = [ended('ops', 'sent'), ended('pager', 'sent'), ended('refusing', 'dead'), ended('broken', 'dead')];
  const received = ['ops', 'pager'].map((channel) => ({ channel, key: 'a', ids: [`a ${channel}`], answer: 'taken' as const }));
  const alerts = [{ key: 'a', deliveries }] as unknown as AlertRow[];
  return { expected: new Set(['a']), alerts, dead: new Set(['a']), received, kills: 0 };
}

test.each([
  ['nothing', {}, []],
  ['an alert that is lost', { expected: new Set(['a', 'b']) }, ['b was not raised']],
  ['an alert for nothing', { expected: new Set() }, ['a was raised, and nothing of the kind happened']],
  ['one that is no dead letter', { dead: new Set() }, ['a is missing among the dead letters']],
  ['one that never arrived', { received: sound().received.slice(1) }, ['a to ops never arrived']],
  [
    'one under two ids',
    { received: [...sound().received, { channel: 'ops', key: 'a', ids: ['another'], answer: 'error' }] },
    ['a to ops came under 2 ids'],
  ],
  [
    'one that was sent again though nobody was killed',
    { received: [...sound().received, ...sound().received] },
    ['2 alerts were taken and sent again, and only 0 senders were killed'],
  ],
] satisfies [string, Partial<Seen>, string[]][])('the soak finds %s', (_what, changes, problems) => {
  expect(problemsOf({ ...sound(), ...changes })).toEqual(problems);
});
