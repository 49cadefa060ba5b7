import { expect, test } from 'vitest';
import { locateOutput } from '../../src/preflight/locate-output.js';

test.each([
  { sql: 'SELECT a AS b,\n  sum(x) AS total\nFROM t', column: 'total', place: { line: 2, column: 13 } },
  { sql: 'WITH t AS (SELECT 1 AS n)\nSELECT n as "n" FROM t', column: 'n', place: { line: 2, column: 13 } },
  { sql: 'SELECT id,\n  amount\nFROM t', column: 'amount', place: { line: 2, column: 3 } },
  { sql: 'SELECT * FROM t', column: 'amount', place: {} },
  { sql: 'SELECT x AS "a.b*" FROM t', column: 'a.b*', place: { line: 1, column: 13 } },
  { sql: 'SELECT x AS totals FROM t', column: 'total', place: {} },
  { sql: 'SELECT 1', column: undefined, place: {} },
])('the column $column of "$sql" is found where it gets its name', ({ sql, column, place }) => {
  expect(locateOutput(sql, column)).toEqual(place);
});
