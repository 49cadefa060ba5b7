import { z } from 'zod';
import { alertsSchema, pipelineAlertsSchema, sloSchema } from './alert-schema.js';
import { checkSchema } from './check-schema.js';
import { retentionSchema } from './retention-schema.js';
import { scheduleSchema } from './schedule-schema.js';
import { serviceSchema } from './service-schema.js';
import { triggersSchema } from './trigger-schema.js';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, 'a name is a letter followed by at most 59 letters, digits or underscores');
const configurable = z.union([
  z.string(),
  z.strictObject({ kind: z.literal('env'), name: z.string(), default: z.string().optional() }),
]);
const zodObject = z.custom<z.ZodObject>(
  (value) => typeof value === 'object' && value !== null && (value as z.ZodObject).type === 'object',
  {
    error: ({ input }) =>
      isOfZod3(input)
        ? 'this is an object of zod 3; Millrace needs zod 4: run `npm install zod@4`, and import from "zod"'
        : 'expected a zod object: z.object({ … })',
  },
);
function isOfZod3(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '_def' in value && !('_zod' in value);
}

const sqlText = z.strictObject({ kind: z.literal('sql'), text: z.string().min(1) });
const namedChecks = z.record(z.string().min(1).max(200), checkSchema);
const contract = z.strictObject({
  kind: z.literal('contract'),
  schema: zodObject,
  key: z.array(z.string()),
  rules: z.record(z.string(), sqlText),
  checks: namedChecks,
});
const aFunction = z.custom((value) => typeof value === 'function', { error: 'expected a function' });
const inputsAndOutput = { inputs: z.record(name, contract), output: contract };
const transform = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sqlFile'),
    path: z.string().min(1),
    dialect: z.enum(['duckdb', 'postgres']).optional(),
    ...inputsAndOutput,
  }),
  z.strictObject({
    kind: z.literal('query'),
    params: zodObject.optional(),
    build: aFunction,
    ...inputsAndOutput,
  }),
  z.strictObject({
    kind: z.literal('rows'),
    params: zodObject.optional(),
    deterministic: z.boolean().optional(),
    memoryMb: z.int().min(16).optional(),
    load: aFunction,
    ...inputsAndOutput,
  }),
]);
const partitioning = z.strictObject({ kind: z.enum(['monthly', 'daily']), parameter: z.string(), from: z.string() });

const slots = z.int().min(1).max(1000);
const pool = z.union([slots, z.strictObject({ slots, description: z.string().optional() })], {
  error: 'a pool is a number of slots from 1 to 1000, or { slots, description }',
});
const fairness = z.strictObject({
  key: z
    .string()
    .min(1)
    .refine((key) => Buffer.byteLength(key) <= 64, 'a key has at most 64 bytes'),
  weight: z.number().min(0.001).max(1000).optional(),
});

const duration = z.string().regex(/^\d+\s?(ms|s|m|minutes?|seconds?)$/, 'a duration such as 15s');
const s3 = z.strictObject({
  endpoint: configurable.optional(),
  region: configurable.optional(),
  accessKeyId: configurable.optional(),
  secretAccessKey: configurable.optional(),
  sessionToken: configurable.optional(),
  urlStyle: z.enum(['path', 'vhost']).optional(),
});

/** The shape of `millrace.config.ts`. Strict: a key that is not here does nothing, so it is refused. */
export const projectSchema = z.strictObject({
  connections: z.record(
    name,
    z.strictObject({ kind: z.string(), options: z.record(z.string(), z.unknown()), folders: z.array(z.string()).optional() }),
  ),
  contracts: z.record(name, contract),
  transforms: z.record(name, transform),
  checks: z
    .record(name, z.strictObject({ kind: z.literal('checks'), inputs: z.record(name, contract), checks: namedChecks }))
    .optional(),
  pipelines: z.record(
    name,
    z.strictObject({
      params: zodObject,
      partition: partitioning.optional(),
      owner: z.string().optional(),
      tags: z.array(z.string().min(1)).optional(),
      onConflict: z.enum(['reuse', 'reject', 'replace']).optional(),
      schedule: scheduleSchema.optional(),
      slo: sloSchema.optional(),
      alerts: pipelineAlertsSchema.optional(),
      priority: z.int().min(1).max(5).optional(),
      fairness: fairness.optional(),
      triggers: triggersSchema.optional(),
      stepQueue: z.string().min(1).optional(),
      description: z.string().optional(),
    }),
  ),
  pools: z.record(name, pool).optional(),
  taskQueue: configurable.optional(),
  staging: z
    .strictObject({ root: configurable.optional(), s3: s3.optional(), maxBytes: z.int().positive().optional() })
    .optional(),
  archive: z.union([z.literal(false), z.strictObject({ root: configurable.optional(), s3: s3.optional() })]).optional(),
  retention: retentionSchema.optional(),
  engine: z
    .strictObject({
      memoryLimit: z
        .string()
        .regex(/^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/, 'a size such as 512MB or 2GB')
        .optional(),
      threads: z.int().positive().optional(),
      spillDirectory: configurable.optional(),
      extensionsDirectory: configurable.optional(),
    })
    .optional(),
  steps: z.strictObject({ heartbeatTimeout: duration.optional() }).optional(),
  worker: z
    .strictObject({
      steps: z.int().positive().optional(),
      cachedRuns: z.int().positive().optional(),
      grace: duration.optional(),
    })
    .optional(),
  catalog: z
    .strictObject({
      path: configurable.optional(),
      url: configurable.optional(),
      schema: z.string().min(1).max(63).optional(),
    })
    .refine(({ path, url }) => path === undefined || url === undefined, 'give `path` (SQLite) or `url` (Postgres), not both')
    .optional(),
  service: serviceSchema.optional(),
  alerts: alertsSchema.optional(),
  dev: z
    .strictObject({
      postgres: z.array(z.string()).optional(),
      runs: z
        .array(
          z.strictObject({
            pipeline: z.string(),
            partitions: z.tuple([z.string(), z.string()]).optional(),
            params: z.record(z.string(), z.unknown()).optional(),
          }),
        )
        .optional(),
      concurrency: z.int().positive().optional(),
    })
    .optional(),
});
