import { expect, test } from 'vitest';
import { clockGaps } from '../../src/core/clock-gaps.js';

test.each([
  ['Europe/Berlin', '2026-01-01T12:34:56Z', ['2026-03-29T02:00:00.000Z 2026-03-29T03:00:00.000Z']],
  ['America/New_York', '2026-01-01T00:00:00Z', ['2026-03-08T02:00:00.000Z 2026-03-08T03:00:00.000Z']],
  // Half an hour, and midnight itself.
  ['Australia/Lord_Howe', '2026-01-01T00:00:00Z', ['2026-10-04T02:00:00.000Z 2026-10-04T02:30:00.000Z']],
  ['America/Santiago', '2026-01-01T00:00:00Z', ['2026-09-06T00:00:00.000Z 2026-09-06T01:00:00.000Z']],
  ['UTC', '2026-01-01T00:00:00Z', []],
])('clocks in %s leave out what they are put forward by', (timezone, after, gaps) => {
  const found = clockGaps(timezone, new Date(after), 365);
  expect(found.map(({ from, to }) => `${from.toISOString()} ${to.toISOString()}`)).toEqual(gaps);
});
