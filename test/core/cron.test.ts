import { describe, expect, test } from 'vitest';
import { isSameCron, parseCron } from '../../src/core/cron.js';

describe('a cron expression', () => {
  test('is read with lists, ranges, steps and names', () => {
    expect(parseCron('*/15 2,4 1-10/3 JAN,jul MON-FRI')).toEqual({
      minutes: [0, 15, 30, 45],
      hours: [2, 4],
      daysOfMonth: [1, 4, 7, 10],
      months: [1, 7],
      daysOfWeek: [1, 2, 3, 4, 5],
    });
    expect(parseCron('50/5 0 ? * 5-7')).toMatchObject({ minutes: [50, 55], daysOfWeek: [0, 5, 6] });
  });

  test.each([
    ['@daily', '0 0 * * *'],
    ['@weekly', '0 0 * * 7'],
    ['@Monthly', '0 0 1 * ?'],
    ['@yearly', '0 0 1 JAN *'],
  ])('%s is %s', (nickname, expression) => {
    expect(isSameCron(parseCron(nickname), parseCron(expression))).toBe(true);
  });

  test.each([
    ['', 'has 1 fields'],
    ['0 2 * *', 'has 4 fields'],
    ['0 2 * * * *', 'has 6 fields'],
    ['@noon', 'none of the known nicknames'],
    ['@every 5m', 'five'],
    ['60 2 * * *', 'the minute "60"'],
    ['0 24 * * *', 'the hour "24"'],
    ['0 2 0 * *', 'the day of the month "0"'],
    ['0 2 * 13 *', 'the month "13"'],
    ['0 2 * FEV *', 'JAN to DEC'],
    ['0 2 * * 8', 'the day of the week "8"'],
    ['0 5-2 * * *', 'the hour "5-2"'],
    ['*/0 2 * * *', 'the minute "*/0"'],
    ['1,,2 2 * * *', 'the minute "1,,2"'],
    ['1-2-3 2 * * *', 'the minute "1-2-3"'],
    ['0 2 31 FEB,APR *', 'never comes'],
  ])('"%s" is refused: %s', (text, told) => {
    expect(() => parseCron(text)).toThrow(told);
  });
});
