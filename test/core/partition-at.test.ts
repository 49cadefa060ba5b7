import { describe, expect, test } from 'vitest';
import { partitionAt } from '../../src/core/partition-at.js';
import { isTimeZone, startOfDay, zonedTime } from '../../src/core/zoned-time.js';

const daily = { kind: 'daily' } as const;
const monthly = { kind: 'monthly' } as const;

describe('the partition of a scheduled time', () => {
  test.each([
    ['2026-03-01T02:00:00Z', 'UTC', '2026-02'],
    ['2026-01-01T00:00:00Z', 'UTC', '2025-12'],
    // Berlin is an hour ahead: the month has begun there.
    ['2026-02-28T23:00:00Z', 'Europe/Berlin', '2026-02'],
    ['2026-02-28T22:59:59Z', 'Europe/Berlin', '2026-01'],
    // And behind in New York, where it has not.
    ['2026-03-01T02:00:00Z', 'America/New_York', '2026-01'],
    ['2024-03-31T23:00:00Z', 'Pacific/Kiritimati', '2024-03'],
  ])('%s in %s is of the month before, %s', (at, timezone, partition) => {
    expect(partitionAt(monthly, new Date(at), timezone, 'previous')).toBe(partition);
  });

  test('is the one under way where that is asked for', () => {
    const at = new Date('2026-02-28T23:00:00Z');
    expect(partitionAt(monthly, at, 'Europe/Berlin', 'current')).toBe('2026-03');
    expect(partitionAt(daily, at, 'Europe/Berlin', 'current')).toBe('2026-03-01');
    expect(partitionAt(daily, at, 'Europe/Berlin', 'previous')).toBe('2026-02-28');
  });

  test.each([
    // Clocks go forward in Berlin on 2026-03-29 at 02:00, and back on 2026-10-25 at 03:00.
    ['2026-03-28T23:30:00Z', 'Europe/Berlin', '2026-03-28'],
    ['2026-03-29T00:30:00Z', 'Europe/Berlin', '2026-03-28'],
    ['2026-03-29T21:59:59Z', 'Europe/Berlin', '2026-03-28'],
    ['2026-03-29T22:00:00Z', 'Europe/Berlin', '2026-03-29'],
    ['2026-10-24T22:00:00Z', 'Europe/Berlin', '2026-10-24'],
    ['2026-10-25T22:59:59Z', 'Europe/Berlin', '2026-10-24'],
    ['2026-10-25T23:00:00Z', 'Europe/Berlin', '2026-10-25'],
    // In Havana and in Santiago clocks go forward at midnight: that day begins at one.
    ['2026-03-08T04:59:59Z', 'America/Havana', '2026-03-06'],
    ['2026-03-08T05:00:00Z', 'America/Havana', '2026-03-07'],
    ['2026-09-06T04:00:00Z', 'America/Santiago', '2026-09-05'],
    // Lord Howe goes by half an hour.
    ['2026-10-03T13:30:00Z', 'Australia/Lord_Howe', '2026-10-03'],
    ['2026-10-03T13:29:59Z', 'Australia/Lord_Howe', '2026-10-02'],
    // Samoa left out 2011-12-30.
    ['2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-30'],
  ])('%s in %s is of the day before, %s, over changes of summer time', (at, timezone, partition) => {
    expect(partitionAt(daily, new Date(at), timezone, 'previous')).toBe(partition);
  });

  test('of runs at two in the morning names each day of the year once, also where that time is left out or comes twice', () => {
    for (const timezone of ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'America/Havana']) {
      const days = Array.from({ length: 365 }, (_, index) => new Date(Date.UTC(2026, 0, 2 + index)).toISOString().slice(0, 10));
      const named = days.map((day) =>
        partitionAt(daily, new Date(startOfDay(day, timezone).getTime() + 7_200_000), timezone, 'previous'),
      );
      expect(new Set(named).size).toBe(365);
      expect(named[0]).toBe('2026-01-01');
      expect(named.at(-1)).toBe('2026-12-31');
    }
  });
});

describe('a day begins', () => {
  test.each([
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
    ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
    ['2026-01-01', 'UTC', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01', 'Asia/Kathmandu', '2025-12-31T18:15:00.000Z'],
  ])('%s in %s at %s', (day, timezone, at) => {
    expect(startOfDay(day, timezone).toISOString()).toBe(at);
  });
});

test('a moment is shown as clocks show it, with the day of the week', () => {
  expect(zonedTime(new Date('2026-03-01T00:30:05Z'), 'America/New_York')).toEqual({
    year: 2026,
    month: 2,
    day: 28,
    hour: 19,
    minute: 30,
    second: 5,
    dayOfWeek: 6,
  });
  expect(zonedTime(new Date('2026-03-01T00:00:00Z'), 'UTC')).toMatchObject({ hour: 0, day: 1, dayOfWeek: 0 });
});

test('a time zone is known by its name', () => {
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  expect(isTimeZone('UTC')).toBe(true);
  expect(isTimeZone('Europe/Berlino')).toBe(false);
  expect(isTimeZone('+02:00')).toBe(false);
  expect(isTimeZone('')).toBe(false);
});
