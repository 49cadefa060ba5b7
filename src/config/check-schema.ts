import { z } from 'zod';
import { parseDuration } from '../core/duration.js';

const shared = { severity: z.enum(['warn', 'error']).optional(), of: z.string().optional() };
const columns = z.array(z.string()).min(1, 'name at least one column');
const share = z.number().min(0);
const rows = z.int().min(0);
const bounds = z
  .strictObject({ atLeast: z.number().optional(), atMost: z.number().optional() })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'give `atLeast`, `atMost` or both')
  .refine(({ atLeast = -Infinity, atMost = Infinity }) => atLeast <= atMost, '`atLeast` is above `atMost`');

const isShare = (text: string): boolean => Number(text) > 0 && Number(text) <= 1;

const unique = z.strictObject({ check: z.literal('unique'), columns, ...shared });
const references = z
  .strictObject({ check: z.literal('references'), columns, input: z.string(), inputColumns: columns, ...shared })
  .refine(({ columns: own, inputColumns }) => own.length === inputColumns.length, {
    error: 'as many columns have to be named of the one input as of the other',
    path: ['inputColumns'],
  });
const rowCount = z
  .strictObject({
    check: z.literal('rowCount'),
    min: rows.optional(),
    max: rows.optional(),
    dropAtMost: share.max(1).optional(),
    growAtMost: share.optional(),
    ofLast: z.int().min(1).max(100).optional(),
    ...shared,
  })
  .refine(
    ({ min, max, dropAtMost, growAtMost }) => [min, max, dropAtMost, growAtMost].some((bound) => bound !== undefined),
    'give a bound: `min`, `max`, `dropAtMost` or `growAtMost`',
  )
  .refine(({ min = 0, max = Infinity }) => min <= max, '`min` is above `max`')
  .refine(
    ({ ofLast, dropAtMost, growAtMost }) => ofLast === undefined || dropAtMost !== undefined || growAtMost !== undefined,
    '`ofLast` says which runs `dropAtMost` and `growAtMost` compare with: give one of them',
  );
const freshness = z.strictObject({
  check: z.literal('freshness'),
  column: z.string(),
  within: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'a number and a unit: "2 days", "36 hours", "30 minutes"'),
  ...shared,
});
const nullShare = z.strictObject({ check: z.literal('nullShare'), column: z.string(), max: share.max(1), ...shared });
const distribution = z
  .strictObject({
    check: z.literal('distribution'),
    column: z.string(),
    min: bounds.optional(),
    max: bounds.optional(),
    mean: bounds.optional(),
    stddev: bounds.optional(),
    quantiles: z
      .record(z.string(), bounds)
      .refine((quantiles) => Object.keys(quantiles).every(isShare), 'a quantile is a share above 0, up to 1')
      .optional(),
    ...shared,
  })
  .refine(
    ({ min, max, mean, stddev, quantiles = {} }) =>
      [min, max, mean, stddev].some((bound) => bound !== undefined) || Object.keys(quantiles).length > 0,
    'give a bound: `min`, `max`, `mean`, `stddev` or `quantiles`',
  );
const noRows = z.strictObject({
  check: z.literal('noRows'),
  sql: z.strictObject({ kind: z.literal('sql'), text: z.string().min(1) }),
  dialect: z.enum(['duckdb', 'postgres']).optional(),
  ...shared,
});

/** The shape of one check of a whole dataset. */
export const checkSchema = z.discriminatedUnion('check', [
  unique,
  references,
  rowCount,
  freshness,
  nullShare,
  distribution,
  noRows,
]);
