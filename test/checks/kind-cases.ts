import { expect } from 'vitest';
import {
  distribution,
  freshness,
  noRows,
  nullShare,
  references,
  rowCount,
  sql,
  unique,
  type DatasetCheck,
} from '../../src/config/index.js';
import type { CheckResult } from '../../src/core/checks.js';

/** When the run began that judges. */
export const STARTED_AT = '2024-03-10T12:00:00.000Z';

/** A check over rows, and what it has to find in them, whatever the engine. */
export interface KindCase {
  readonly title: string;
  readonly check: DatasetCheck;
  /** In SQL that DuckDB and Postgres share. @default five orders of two customers */
  readonly orders?: string;
  readonly earlier?: readonly number[];
  readonly finds: Partial<CheckResult>;
}

type Value = string | number | null;

/** Orders as a SELECT: id, customer, amount, at. */
export function orders(...rows: readonly (readonly [id: Value, customer: Value, amount: Value, at: Value])[]): string {
  const literal = (value: Value): string => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : `'${value}'`);
  const list = rows.map(
    ([id, customer, amount, at]) =>
      `SELECT CAST(${literal(id)} AS BIGINT) AS id, CAST(${literal(customer)} AS BIGINT) AS customer, CAST(${literal(amount)} AS DOUBLE PRECISION) AS amount, CAST(${literal(at)} AS TIMESTAMP WITH TIME ZONE) AS at`,
  );
  if (list.length > 0) return list.join(' UNION ALL ');
  return `SELECT * FROM (${orders([1, 1, 1, null])}) AS one WHERE FALSE`;
}

export const FIVE = orders(
  [1, 1, 10, '2024-03-10T00:00:00Z'],
  [2, 1, 20, '2024-03-09T00:00:00Z'],
  [3, 2, 30, '2024-03-08T00:00:00Z'],
  [4, 2, null, null],
  [5, null, 40, null],
);
export const CUSTOMERS = 'SELECT CAST(1 AS BIGINT) AS id UNION ALL SELECT 2';
const NONE = orders();

export const KIND_CASES: readonly KindCase[] = [
  { title: 'unique passes keys that are there once', check: unique(['id']), finds: { passed: true, value: 0, examples: [] } },
  {
    title: 'unique tells how many keys are repeated, in how many rows, and which',
    check: unique(['customer']),
    finds: {
      passed: false,
      value: 2,
      observed: '2 keys more than once (4 rows)',
      bound: 'each (customer) once',
      examples: ['{"customer":1}', '{"customer":2}'],
    },
  },
  {
    title: 'unique leaves out rows that lack a part of the key',
    check: unique(['customer', 'amount']),
    orders: orders([1, null, 5, null], [2, null, 5, null], [3, 1, null, null], [4, 1, null, null]),
    finds: { passed: true },
  },
  { title: 'unique passes no rows', check: unique(['id']), orders: NONE, finds: { passed: true } },
  {
    title: 'references passes rows whose match is there, and those that lack the value',
    check: references(['customer'], 'customers', ['id']),
    finds: { passed: true, value: 0 },
  },
  {
    title: 'references tells the keys that have no match, each once',
    check: references(['customer'], 'customers', ['id']),
    orders: orders([1, 7, 1, null], [2, 7, 1, null], [3, 8, 1, null], [4, 1, 1, null]),
    finds: { passed: false, value: 3, observed: '3 rows without a match', examples: ['{"customer":7}', '{"customer":8}'] },
  },
  { title: 'rowCount counts', check: rowCount({ min: 5, max: 5 }), finds: { passed: true, value: 5, observed: '5 rows' } },
  {
    title: 'rowCount refuses too few rows',
    check: rowCount({ min: 6 }),
    finds: { passed: false, observed: '5 rows', bound: 'at least 6' },
  },
  { title: 'rowCount refuses too many rows', check: rowCount({ max: 4 }), finds: { passed: false, bound: 'at most 4' } },
  {
    title: 'rowCount refuses no rows where some are wanted',
    check: rowCount({ min: 1 }),
    orders: NONE,
    finds: { passed: false },
  },
  {
    title: 'rowCount compares with the median of the last runs',
    check: rowCount({ dropAtMost: 0.5, ofLast: 3 }),
    earlier: [11, 1000, 10, 1],
    finds: { passed: false, bound: 'no more than 50 % below the median 11 of the last 3 runs' },
  },
  {
    title: 'rowCount allows what lies just within the share',
    check: rowCount({ dropAtMost: 0.5, growAtMost: 0 }),
    earlier: [10, 2, 4],
    finds: {
      passed: false,
      bound: 'no more than 50 % below the median 4 of the last 3 runs, no more than 0 % above the median 4 of the last 3 runs',
    },
  },
  {
    title: 'rowCount passes while there is no earlier run',
    check: rowCount({ dropAtMost: 0.1 }),
    finds: { passed: true, bound: 'nothing yet: there is no earlier run to compare with' },
  },
  {
    title: 'freshness passes a latest value that is new enough',
    check: freshness('at', { within: '12 hours' }),
    finds: { passed: true, value: Date.parse('2024-03-10T00:00:00Z') },
  },
  {
    title: 'freshness refuses a latest value that is older, and says since when',
    check: freshness('at', { within: '11 hours' }),
    finds: { passed: false, bound: 'at or after 2024-03-10T01:00:00.000Z, 11 hours before the run began' },
  },
  {
    title: 'freshness refuses rows without any value',
    check: freshness('at', { within: '1 week' }),
    orders: orders([1, 1, 1, null]),
    finds: { passed: false, observed: 'no value in at', value: null },
  },
  { title: 'freshness refuses no rows', check: freshness('at', { within: '1 week' }), orders: NONE, finds: { passed: false } },
  {
    title: 'freshness takes an infinite time for a fresh one',
    check: freshness('at', { within: '1 week' }),
    orders: orders([1, 1, 1, 'infinity']),
    finds: { passed: true, value: null },
  },
  {
    title: 'nullShare passes a share within its bound',
    check: nullShare('amount', { max: 0.2 }),
    finds: { passed: true, value: 0.2, observed: '20 % of amount without a value (1 of 5 rows)' },
  },
  {
    title: 'nullShare refuses a larger one',
    check: nullShare('amount', { max: 0.1 }),
    finds: { passed: false, bound: 'at most 10 %' },
  },
  { title: 'nullShare passes no rows', check: nullShare('amount', { max: 0 }), orders: NONE, finds: { passed: true, value: 0 } },
  {
    title: 'distribution passes values within all bounds',
    check: distribution('amount', {
      min: { atLeast: 10 },
      max: { atMost: 40 },
      mean: { atLeast: 25, atMost: 25 },
      stddev: { atLeast: 12.9, atMost: 13 },
      quantiles: { 0.5: { atLeast: 20, atMost: 20 }, 0.75: { atMost: 30 }, 1: { atLeast: 40 } },
    }),
    finds: { passed: true },
  },
  {
    title: 'distribution tells the statistics that are out of bounds, and only those',
    check: distribution('amount', { min: { atLeast: 0 }, mean: { atMost: 20 }, quantiles: { 0.9: { atMost: 35.5 } } }),
    finds: {
      passed: false,
      observed: 'amount: mean 25, 0.9-quantile 40',
      bound: 'mean at most 20, 0.9-quantile at most 35.5',
      value: 25,
    },
  },
  {
    title: 'distribution takes NaN to be within no bounds',
    check: distribution('amount', { max: { atMost: 1e300 } }),
    orders: orders([1, 1, 'NaN', null], [2, 1, 3, null]),
    finds: { passed: false, observed: 'amount: max NaN', value: null },
  },
  {
    title: 'distribution passes rows without any value',
    check: distribution('amount', { mean: { atLeast: 1 }, quantiles: { 0.5: { atLeast: 1 } } }),
    orders: orders([1, 1, null, null]),
    finds: { passed: true },
  },
  {
    title: 'noRows passes a SELECT that gives none',
    check: noRows(sql`SELECT * FROM orders WHERE amount > 40;`),
    finds: { passed: true },
  },
  {
    title: 'noRows tells how many rows there are, and the first of them as JSON',
    check: noRows(
      sql`SELECT o.id, o.amount AS "an ""amount""" FROM orders AS o JOIN customers AS c ON c.id = o.customer WHERE o.id = ${2} -- the second`,
    ),
    finds: {
      passed: false,
      value: 1,
      observed: '1 row',
      bound: 'no rows',
      examples: [expect.stringMatching(/^\{"id":2,"an \\"amount\\"":20(\.0)?\}$/)],
    },
  },
  {
    title: 'a check may judge another input than the first',
    check: unique(['id'], { of: 'customers', severity: 'warn' }),
    finds: { passed: true, input: 'customers', severity: 'warn' },
  },
];
