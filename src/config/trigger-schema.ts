import { z } from 'zod';
import { parseDuration } from '../core/duration.js';

const DAY_MS = 86_400_000;
const every = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'a number and a unit: "30 seconds", "5 minutes", "1 hour"')
  .refine((text) => (parseDuration(text) ?? DAY_MS) >= 1_000, 'it is at least one second')
  .refine((text) => (parseDuration(text) ?? 0) <= DAY_MS, 'it is at most one day')
  .optional();
const configurable = z.union([
  z.string().min(1),
  z.strictObject({ kind: z.literal('env'), name: z.string(), default: z.string().optional() }),
]);
const named = { connection: z.string().min(1), every, parameter: z.string().min(1).optional() };
const dataset = z
  .string()
  .max(300)
  .regex(/^[^.\s]+\.\S.*$/, 'a dataset is the connection and the target of a load: "warehouse.orders"');

/** The shape of a pipeline's triggers. */
export const triggersSchema = z
  .strictObject({
    after: z.array(dataset).min(1, 'name at least one dataset, or leave it out').max(50).optional(),
    files: z.strictObject({ ...named, path: z.string().min(1) }).optional(),
    sql: z.strictObject({ ...named, query: z.strictObject({ kind: z.literal('sql'), text: z.string().min(1) }) }).optional(),
    webhook: z.strictObject({ secret: configurable }).optional(),
    params: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(
    ({ after, files, sql, webhook }) => [after, files, sql, webhook].some((each) => each !== undefined),
    'give `after`, `files`, `sql` or `webhook`, or leave `triggers` out',
  );
