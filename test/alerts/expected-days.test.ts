import { describe, expect, test } from 'vitest';
import { expectedDays } from '../../src/alerts/slos/expected-days.js';
import { promisesOf, type PromisedTime } from '../../src/alerts/slos/promises.js';
import { daily, monthly } from '../../src/core/partitions.js';
import { projectWith, type Pipelines } from './scene.js';

/** What is to be done by deadlines between two moments: subject, from when, and by when. */
function expected(pipeline: Pipelines[string], after: string, until: string): string[] {
  const [promised] = promisesOf(projectWith({}, { orders: pipeline }));
  const days = expectedDays(promised as PromisedTime, new Date(after), new Date(until));
  return days.map(({ subject, since, deadline }) => `${subject}: ${short(since)} to ${short(deadline)}`);
}

const short = (at: Date): string => at.toISOString().slice(5, 16);

describe('what is to be done by a time of day', () => {
  test('of a daily partition is that of the day that has ended by its time, and may be done from midnight on', () => {
    const orders = {
      partition: daily('day', { from: '2026-01-02' }),
      schedule: { cron: '0 2 * * *', timezone: 'Europe/Berlin' },
      slo: { finishBy: '06:00' },
    };
    expect(expected(orders, '2026-01-02T05:00:00Z', '2026-01-05T05:00:00Z')).toEqual([
      '2026-01-02: 01-02T23:00 to 01-03T05:00',
      '2026-01-03: 01-03T23:00 to 01-04T05:00',
      '2026-01-04: 01-04T23:00 to 01-05T05:00',
    ]);
  });

  test('follows summer time', () => {
    const orders = { schedule: { cron: '30 1 * * *', timezone: 'Europe/Berlin' }, slo: { finishBy: '06:00' } };
    expect(expected(orders, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-29: 03-29T00:30 to 03-29T04:00',
      '2026-03-30: 03-29T23:30 to 03-30T04:00',
    ]);
  });

  test('may be due the day after its time, in a zone of its own', () => {
    const orders = {
      schedule: { cron: '0 22 * * *', timezone: 'America/New_York' },
      slo: { finishBy: '08:00', timezone: 'UTC' },
    };
    expect(expected(orders, '2026-01-05T08:00:00Z', '2026-01-06T08:00:00Z')).toEqual(['2026-01-06: 01-06T03:00 to 01-06T08:00']);
  });

  test('is expected on the days of the schedule only, and of several times of a day for the first', () => {
    const orders = { schedule: { cron: ['0 2 * * MON', '0 3 * * MON'] }, slo: { finishBy: '06:00' } };
    expect(expected(orders, '2026-01-01T00:00:00Z', '2026-01-14T00:00:00Z')).toEqual([
      '2026-01-05: 01-05T02:00 to 01-05T06:00',
      '2026-01-12: 01-12T02:00 to 01-12T06:00',
    ]);
    const monthlyOne = {
      partition: monthly('month', { from: '2026-01' }),
      schedule: { cron: '0 2 1 * *' },
      slo: { finishBy: '06:00' },
    };
    expect(expected(monthlyOne, '2026-01-01T00:00:00Z', '2026-03-02T00:00:00Z')).toEqual([
      '2026-01: 02-01T00:00 to 02-01T06:00',
      '2026-02: 03-01T00:00 to 03-01T06:00',
    ]);
  });

  test('of the day under way is to be begun at its time', () => {
    const orders = {
      partition: daily('day', { from: '2026-01-01' }),
      schedule: { every: '1 day', offset: '12 hours', partitionOf: 'current' as const },
      slo: { finishBy: '18:00' },
    };
    expect(expected(orders, '2026-01-05T00:00:00Z', '2026-01-06T00:00:00Z')).toEqual(['2026-01-05: 01-05T12:00 to 01-05T18:00']);
  });

  test('without a schedule is a run of each day, or the partition of the day before', () => {
    expect(expected({ slo: { finishBy: '06:00' } }, '2026-01-05T00:00:00Z', '2026-01-06T07:00:00Z')).toEqual([
      '2026-01-05: 01-04T06:00 to 01-05T06:00',
      '2026-01-06: 01-05T06:00 to 01-06T06:00',
    ]);
    const orders = { partition: daily('day', { from: '2026-01-01' }), slo: { finishBy: '06:00' } };
    expect(expected(orders, '2026-01-05T00:00:00Z', '2026-01-05T07:00:00Z')).toEqual(['2026-01-04: 01-05T00:00 to 01-05T06:00']);
  });

  test('is nothing while the config has the schedule paused, or outside its time', () => {
    const slo = { finishBy: '06:00' };
    const [from, to] = ['2026-01-05T00:00:00Z', '2026-01-08T00:00:00Z'] as const;
    expect(expected({ schedule: { cron: '0 2 * * *', paused: true }, slo }, from, to)).toEqual([]);
    expect(expected({ schedule: { cron: '0 2 * * *', start: '2026-01-06', end: '2026-01-07' }, slo }, from, to)).toEqual([
      '2026-01-06: 01-06T02:00 to 01-06T06:00',
    ]);
  });
});
