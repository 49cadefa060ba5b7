import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { jsonLines, millrace } from '../cli/millrace.js';
import { temporalAddress } from '../support/temporal.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = 'millrace.config.ts';
const PARTITION = "partition: monthly('month', { from: '2024-01' }),";

// Nine processes, each of which loads the project.
test('schedules are applied, looked at, paused and filled on the command line, and removed only with a yes', async () => {
  const taskQueue = `commands-${randomBytes(5).toString('hex')}`;
  const schedule = `schedule: { cron: '0 2 1 * *', timezone: 'Europe/Berlin', start: '2024-01-15' },`;
  const folder = writtenProject({ [CONFIG]: [PARTITION, `${PARTITION}\n${schedule}`] });
  const config = readFileSync(path.join(folder, CONFIG), 'utf8').replace(
    'connections:',
    `taskQueue: '${taskQueue}',\n  connections:`,
  );
  writeFileSync(path.join(folder, CONFIG), config);
  const env = { TEMPORAL_ADDRESS: await temporalAddress() };
  const run = (...args: string[]) => millrace([...args, '--project', folder], env);

  const dry = await run('apply', '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toBe('+ sum  0 2 1 * * Europe/Berlin\nNothing was done; it would be: 1 created.\n');

  expect((await run('apply')).stdout).toContain('Schedules: 1 created.');
  const paused = await run('schedules', 'pause', 'sum', '--reason', 'a strike');
  expect(paused.stdout).toMatch(/^The schedule of sum is paused \(paused by .*: a strike\)\./);
  const [again] = jsonLines((await run('apply', '--json')).stdout);
  const note = expect.stringContaining('a strike): it stays paused') as unknown;
  expect(again).toEqual({ applied: false, changes: [expect.objectContaining({ pipeline: 'sum', change: 'unchanged', note })] });

  const missed = await run('schedules', 'missed', 'sum', '--from', '2024-01-01', '--to', '2024-05-01');
  expect(missed.stdout.match(/2024-0\d-\d\d \d\d:00:00 +2024-0\d +not made yet/g)).toHaveLength(3);
  expect(missed.stdout).toContain('2024-04-01 00:00:00');
  const fill = await run('schedules', 'fill', 'sum', '--from', '2024-01-01', '--to', '2024-05-01');
  expect(fill.stdout).toContain('Starting 3 missed runs of sum');
  expect(fill.stderr).toContain(`No worker polls task queue "${taskQueue}"`);

  writeFileSync(path.join(folder, CONFIG), config.replace(schedule, ''));
  const refused = await run('apply');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('This removes the schedule of sum') as unknown });
  expect((await run('apply', '--yes')).stdout).toBe('- sum  0 2 1 * * Europe/Berlin\nSchedules: 1 removed.\n');
}, 240_000);
