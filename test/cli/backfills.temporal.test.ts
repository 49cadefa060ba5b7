import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporalAddress } from '../support/temporal.js';
import { openBackfillScene, type BackfillScene } from '../workflows/backfill-scene.js';
import { jsonLines, millrace, type CommandResult } from './millrace.js';

/*
 * The commands in processes of their own, on a worker of this one. Runs are called after their partitions, and the server is
 * shared: no other test has those of 2044.
 */
let scene: BackfillScene;
let command: (...args: string[]) => Promise<CommandResult>;

beforeAll(async () => {
  scene = await openBackfillScene();
  const { taskQueue, project } = scene.worker;
  const env = {
    TEMPORAL_ADDRESS: await temporalAddress(),
    MONTHS_QUEUE: taskQueue,
    MONTHS_CATALOG: 'path' in project.catalog ? project.catalog.path : '',
  };
  const directory = path.resolve(import.meta.dirname, '../fixtures/months');
  command = async (...args) => {
    const result = await millrace([...args, '--project', directory], env);
    // On a busy machine a backfill may take longer than a second to answer: then it is asked again, as a person would.
    return result.stderr.includes('[BACKFILL_NOT_ANSWERING]') ? command(...args) : result;
  };
});
afterAll(() => scene?.close());

const range = ['copyMonth', '--from', '2044-01', '--to', '2044-03'];

test('a backfill is followed line by line, fails with what failed, and is listed, shown and retried', async () => {
  scene.give('2044-01', '2044-03');
  const followed = await command('backfill', ...range, '--wait');
  expect(followed.code).toBe(1);
  expect(followed.stdout).toMatch(/^copyMonth: 3 of 3 partitions, an unknown number of rows in an unknown time/);
  expect(followed.stdout).toMatch(/^ {2}2044 {2}\.\.\.$/m);
  expect(followed.stdout).toMatch(/^2044-01 completed$/m);
  expect(followed.stdout).toMatch(/^2044-02 failed: Step extract:sales failed: .*\[FILE_MISSING\]$/m);
  expect(followed.stdout).toMatch(/^Backfill backfill\/copyMonth\/\S+ failed: 2 completed, 1 failed\.$/m);
  expect(followed.stderr).toContain('1 of 3 partitions of "copyMonth" have not completed.');
  const id = /^Started (\S+)\.$/m.exec(followed.stdout)?.[1] ?? '';

  const listed = await command('backfills', 'list');
  expect(listed.stdout).toMatch(new RegExp(`^ *${id} +failed +2044-01 to 2044-03 .* 2 completed, 1 failed$`, 'm'));
  const shown = await command('backfills', 'show', id);
  expect(shown.stdout).toMatch(/^ {2}2044 {2}#x#$/m);
  expect(shown.stdout).toMatch(/2044-02 +failed +Step extract:sales failed/);

  scene.give('2044-02');
  const retried = await command('backfills', 'retry', id, '2044-02', '--wait', '--json');
  expect(retried.code).toBe(0);
  const events = jsonLines(retried.stdout);
  expect(events[0]).toMatchObject({ event: 'started', id, status: 'running' });
  expect(events).toContainEqual(expect.objectContaining({ event: 'partition', partition: '2044-02', status: 'completed' }));
  expect(events.at(-1)).toMatchObject({ event: 'ended', id, status: 'completed', counts: { completed: 3 } });

  const again = await command('backfill', ...range, '--yes');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toMatch(/^copyMonth: nothing to do$/m);
  expect(again.stdout).toMatch(/2044-01 +run copyMonth\/2044-01 has completed$/m);
  expect(again.stdout).not.toContain('Started');
}, 180_000);

test('a backfill is paused, resumed and cancelled by its id', async () => {
  scene.give('2044-07', '2044-08');
  scene.hold('2044-07');
  const started = await command('backfill', 'copyMonth', '--from', '2044-07', '--to', '2044-08', '--concurrency', '1', '--json');
  const id = String(jsonLines(started.stdout)[0]?.['id']);
  await scene.arrival('copyMonth/2044-07');
  expect((await command('backfills', 'pause', id)).stdout).toBe(`Backfill ${id} is paused: 1 running, 1 waiting.\n`);
  expect((await command('backfills', 'resume', id)).stdout).toBe(`Backfill ${id} is running: 1 running, 1 waiting.\n`);
  expect((await command('backfills', 'cancel', id)).stdout).toContain('was asked to end and its runs to stop');
  await scene.reach(id, ({ status }) => status === 'cancelled');
  const ended = await command('backfills', 'cancel', id, '--json');
  expect(jsonLines(ended.stdout)).toEqual([{ id, requested: false, status: 'cancelled' }]);
  const closed = await command('backfills', 'pause', id);
  expect(closed).toMatchObject({ code: 2, stderr: expect.stringContaining('[BACKFILL_CLOSED]') });
}, 180_000);

test.each([
  ['no range', ['backfill', 'copyMonth'], 2, "required option '--from <partition>'"],
  ['another word for which', ['backfill', ...range, '--only', 'some'], 2, 'Allowed choices are missing, failed, all'],
  ['none at once', ['backfill', ...range, '--concurrency', '0'], 2, 'whole number above 0'],
  ['a pipeline without partitions', ['backfill', 'copyAll', ...range.slice(1)], 2, '[BACKFILL_INVALID]'],
  ['an unknown backfill', ['backfills', 'show', 'backfill/copyMonth/none'], 3, '[BACKFILL_UNKNOWN]'],
] as const)('with %s the command is refused', async (_, args, code, message) => {
  const refused = await command(...args);
  expect(refused).toMatchObject({ code, stderr: expect.stringContaining(message) });
});
