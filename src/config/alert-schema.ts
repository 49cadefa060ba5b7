import { z } from 'zod';
import { ALERT_KINDS, ALERT_SEVERITIES } from '../core/alerts.js';
import { parseDuration } from '../core/duration.js';
import { isTimeZone } from '../core/zoned-time.js';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, 'a name is a letter followed by at most 59 letters, digits or underscores');
const text = z.string().min(1);
const reference = z.strictObject({ kind: z.literal('env'), name: z.string(), default: z.string().optional() });
const configurable = z.union([text, reference], { error: 'text that is not empty, or env(…)' });
// What a URL is wrong in is not told, since it is a secret.
const NO_URL = 'a URL that begins with https:// or http://, or env(…)';
const url = z.union([z.url({ protocol: /^https?$/, error: NO_URL }), reference], { error: NO_URL });
const share = z.number().min(0).max(1, 'a share is between 0 and 1: 0.05 is five in a hundred');
const some = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'name at least one, or leave it out').optional();

const channel = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('webhook'),
      url,
      secret: configurable.optional(),
      headers: z
        .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'the name of a header has letters, digits and hyphens'), configurable)
        .optional(),
    }),
    z.strictObject({ kind: z.literal('slack'), url }),
    z
      .strictObject({
        kind: z.literal('smtp'),
        host: configurable,
        port: z.int().min(1).max(65_535).optional(),
        tls: z.enum(['starttls', 'always', 'never']).optional(),
        ca: configurable.optional(),
        user: configurable.optional(),
        password: configurable.optional(),
        from: configurable,
        to: z.union([configurable, z.array(configurable).min(1, 'an address, or several')], {
          error: 'an address, or several, or env(…)',
        }),
      })
      .refine(({ user, password }) => (user === undefined) === (password === undefined), 'give `user` and `password`, or neither')
      .refine(({ tls, ca }) => tls !== 'never' || ca === undefined, {
        error: 'without TLS it is used for nothing',
        path: ['ca'],
      }),
  ],
  { error: 'made by webhook(…), slack(…) or smtp(…)' },
);

/** The shape of `alerts` in the config. */
export const alertsSchema = z.strictObject({
  channels: z.record(name, channel).optional(),
  rules: z
    .array(
      z.strictObject({
        to: z.union([text, z.array(text).min(1)], { error: 'the name of a channel, or several' }),
        kinds: some(z.enum(ALERT_KINDS)),
        severities: some(z.enum(ALERT_SEVERITIES)),
        pipelines: some(text),
        owners: some(text),
        tags: some(text),
      }),
    )
    .optional(),
  rejects: share.optional(),
  mostPerHour: z.int().min(1).max(10_000).optional(),
});

/** The shape of a pipeline's own `alerts`. */
export const pipelineAlertsSchema = z.strictObject({ rejects: share.optional() });

const MINUTE = 60_000;
const YEAR = 366 * 86_400_000;
const span = z
  .string()
  .refine((value) => parseDuration(value) !== undefined, 'a number and a unit: "90 minutes", "26 hours", "2 days"')
  .refine((value) => (parseDuration(value) ?? MINUTE) >= 1_000, 'it is at least one second')
  .refine((value) => (parseDuration(value) ?? 0) <= YEAR, 'it is at most a year');

/** The shape of a pipeline's `slo`. */
export const sloSchema = z
  .strictObject({
    finishWithin: span.optional(),
    finishBy: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, as "06:00"')
      .optional(),
    timezone: z
      .string()
      .refine(isTimeZone, { error: ({ input }) => `there is no time zone "${String(input)}": name it as "Europe/Berlin"` })
      .optional(),
    freshness: span.optional(),
  })
  .refine(({ finishWithin, finishBy, freshness }) => [finishWithin, finishBy, freshness].some((each) => each !== undefined), {
    error: 'give `finishWithin`, `finishBy` or `freshness`, or leave `slo` out',
  })
  .refine(({ finishBy, timezone }) => timezone === undefined || finishBy !== undefined, {
    error: '`timezone` goes with `finishBy`',
    path: ['timezone'],
  });
