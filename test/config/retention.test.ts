import { describe, expect, test } from 'vitest';
import { archivePlace } from '../../src/config/archive-place.js';
import { builtInPipelines } from '../../src/config/built-in-pipelines.js';
import { readRetention } from '../../src/config/retention.js';
import { retentionSchema } from '../../src/config/retention-schema.js';
import { settingsOf } from '../../src/schedules/settings.js';

const DAY = 86_400_000;

function problem(retention: unknown): string | undefined {
  const { error } = retentionSchema.safeParse(retention);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

describe('retention', () => {
  test('is read in days, weeks, months and years', () => {
    const retention = { staging: '14 days', quarantine: '6 weeks', logs: '1 month', catalog: '2 years' };
    expect(problem(retention)).toBeUndefined();
    expect(readRetention(retention)).toEqual({ staging: 14 * DAY, quarantine: 42 * DAY, logs: 30 * DAY, catalog: 730 * DAY });
  });

  test.each([
    [{}, ': say how long something is kept, as { staging: "14 days" }, or leave `retention` out'],
    [{ schedule: { cron: '0 2 * * *' } }, ': say how long something is kept'],
    [{ logs: 'for ever' }, 'logs: a number and a unit: "14 days", "6 weeks", "18 months", "2 years"'],
    [{ logs: '5 minutes' }, 'logs: it is at least one hour'],
    [{ quarantine: '90 days' }, 'quarantine: rejected rows go with their dataset: `quarantine` goes with `staging`'],
    [{ staging: '30 days', quarantine: '7 days' }, 'quarantine: rejected rows are part of their dataset'],
    [{ stagin: '14 days' }, ': Unrecognized key: "stagin"'],
    [{ logs: '7 days', schedule: { cron: 'tomorrow' } }, 'schedule.cron: '],
  ])('%j is refused: %s', (retention, told) => {
    expect(problem(retention)).toContain(told);
  });

  test('schedules housekeeping, every night unless it is told otherwise', () => {
    const of = (retention?: Parameters<typeof builtInPipelines>[0]) => {
      const { housekeeping } = builtInPipelines(retention);
      return housekeeping && settingsOf(housekeeping);
    };
    expect(of()).toBeUndefined();
    expect(of({ logs: '7 days' })).toMatchObject({ cron: ['23 3 * * *'], timezone: 'UTC', overlap: 'skip' });
    expect(of({ logs: '7 days', schedule: { every: '6 hours' } })).toMatchObject({ everyMs: 6 * 3_600_000 });
  });
});

describe('the archive', () => {
  const s3 = { endpoint: 'https://example.com' };

  test('is in staging, with its keys, unless it has a place of its own', () => {
    expect(archivePlace({ archive: {}, staging: { root: '/data/staging' } })).toEqual({ root: '/data/staging/archive' });
    expect(archivePlace({ archive: {}, staging: { root: 's3://lake/staging', s3 } })).toEqual({
      root: 's3://lake/staging/archive',
      s3,
    });
    expect(archivePlace({ archive: { root: '/data/old' }, staging: { root: 's3://lake/staging', s3 } })).toEqual({
      root: '/data/old',
    });
    expect(archivePlace({ archive: false, staging: { root: '/data/staging' } })).toBeUndefined();
  });
});
