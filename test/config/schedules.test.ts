import { describe, expect, test } from 'vitest';
import { inspectProject, loadProject } from '../../src/config/load.js';
import { problemLine } from '../../src/core/problems.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = 'millrace.config.ts';

/** What is said of the sound project, a line each, with a schedule on the line that it has. */
async function problemsWith(schedule: string): Promise<string[]> {
  const folder = writtenProject({
    [CONFIG]: [
      "partition: monthly('month', { from: '2024-01' }),",
      `partition: monthly('month', { from: '2024-01' }),\n      schedule: ${schedule},`,
    ],
  });
  const { problems } = await inspectProject(folder);
  return problems.map((problem) => `${problem.severity}: ${problemLine(problem)}`);
}

describe('a schedule', () => {
  test.each([
    `{ cron: '0 2 1 * *', timezone: 'Europe/Berlin' }`,
    `{ cron: ['0 2 1 1-6 *', '0 3 1 7-12 *'], overlap: 'bufferAll', catchUp: '7 days', jitter: '5 minutes', paused: true }`,
    `{ every: '30 days', offset: '2 hours', start: '2026-01-01', end: '2027-01-01T00:00:00+02:00' }`,
    `{ every: '15 minutes', partitionOf: 'current' }`,
  ])('%s is fine', async (schedule) => {
    expect(await problemsWith(schedule)).toEqual([]);
  });

  test.each([
    [
      `{ cron: '0 25 1 * *' }`,
      /^error: millrace\.config\.ts:\d+:\d+: pipelines\.sum\.schedule\.cron: "0 25 1 \* \*": the hour "25" cannot be read/,
    ],
    [`{ cron: ['0 2 1 * *', 'nightly'] }`, /schedule\.cron.*"nightly" has 1 fields/],
    [`{ cron: [] }`, /schedule\.cron.*at least one expression/],
    [`{ cron: '0 2 1 * *', timezone: 'Europe/Berlino' }`, /schedule\.timezone: there is no time zone "Europe\/Berlino"/],
    [`{ cron: '0 2 1 * *', every: '1 day' }`, /schedule: give `cron` or `every`/],
    [`{ timezone: 'UTC' }`, /schedule: give `cron` or `every`/],
    [`{ cron: '0 2 1 * *', offset: '1 minute' }`, /schedule\.offset: `offset` goes with `every`/],
    [`{ every: 'often' }`, /schedule\.every: a number and a unit/],
    [`{ every: '0 seconds' }`, /schedule\.every: it is at least one second/],
    [`{ every: '1 day', offset: '2 days' }`, /schedule\.offset: it is shorter than `every`/],
    [`{ every: '40 days', catchUp: '1 second' }`, /schedule\.catchUp: it is at least ten seconds/],
    [`{ every: '40 days', start: 'soon' }`, /schedule\.start: a day, as "2026-01-01"/],
    [`{ every: '40 days', start: '2026-01-02', end: '2026-01-01' }`, /schedule\.end: it comes before `start`/],
    [`{ every: '40 days', overlap: 'wait' }`, /schedule\.overlap/],
    [`{ every: '40 days', retries: 3 }`, /schedule\.retries: There is no such key/],
    [`{ every: '40 days', params: { month: '2024-02' } }`, /schedule\.params\.month: "month" is the partition/],
    [`{ every: '40 days', params: { day: 1 } }`, /schedule\.params: Its runs would be refused:.*day/],
  ])('%s is refused, with its line', async (schedule, told) => {
    const problems = await problemsWith(schedule);
    expect(problems).toEqual([expect.stringMatching(told)]);
    expect(problems[0]).toMatch(/millrace\.config\.ts:1[6-9]:/);
  });

  test.each([
    [`{ cron: '0 2 * * *' }`, /^warning: .*schedule: It runs more than once a month/],
    [`{ cron: '0 2 1,15 * *' }`, /^warning: .*more than once a month/],
    [`{ cron: ['0 2 1 * *', '0 2 2 * *'] }`, /^warning: .*more than once a month/],
    [`{ cron: '0 2 * * MON' }`, /^warning: .*more than once a month/],
    [`{ every: '1 day' }`, /^warning: .*more than once a month/],
    [
      `{ cron: '30 2 * 3 SUN', partitionOf: 'current', timezone: 'Europe/Berlin' }`,
      /^warning: .*schedule\.cron: On 2\d{3}-03-\d\d nothing is started: clocks in Europe\/Berlin leave out what is between 02:00 and 03:00/,
    ],
    [`{ cron: '0 2 1-7 * MON' }`, /^warning: .*restricts both the day of the month and the day of the week/],
  ])('%s is doubted, and can be used', async (schedule, told) => {
    expect(await problemsWith(schedule)).toEqual([expect.stringMatching(told)]);
  });

  test.each([
    `{ cron: '0 3 * * *', partitionOf: 'current', timezone: 'Europe/Berlin' }`,
    `{ cron: '30 2,14 * * *', partitionOf: 'current', timezone: 'Europe/Berlin' }`,
    `{ cron: '30 2 * * *', partitionOf: 'current', timezone: 'Asia/Tokyo' }`,
    `{ cron: '30 2 1 * *', timezone: 'Europe/Berlin' }`,
  ])('%s has a time on every day that it names', async (schedule) => {
    expect(await problemsWith(schedule)).toEqual([]);
  });

  test('that is doubted keeps nobody from loading the project', async () => {
    const folder = writtenProject({
      [CONFIG]: [
        "partition: monthly('month', { from: '2024-01' }),",
        "partition: monthly('month', { from: '2024-01' }), schedule: { every: '1 day' },",
      ],
    });
    expect((await loadProject(folder)).pipelines['sum']?.schedule).toEqual({ every: '1 day' });
  });

  test('names no partition where its pipeline has none', async () => {
    const folder = writtenProject({
      [CONFIG]: [
        "partition: monthly('month', { from: '2024-01' }),",
        "schedule: { every: '1 day', partitionOf: 'previous', params: { month: 'x' } },",
      ],
    });
    const { problems } = await inspectProject(folder);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('The pipeline has no partitions')]);
  });
});
