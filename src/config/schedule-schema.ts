import { z } from 'zod';
import { parseCron } from '../core/cron.js';
import { parseDuration } from '../core/duration.js';
import { messageOf } from '../core/errors.js';
import { isTimeZone } from '../core/zoned-time.js';

const cron = z.string().superRefine((text, context) => {
  try {
    parseCron(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});
const SECOND = 1_000;
const TEN_YEARS = 3_650 * 86_400_000;
const span = (least: number, told: string) =>
  z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'a number and a unit: "15 minutes", "1 hour", "2 days"')
    .refine((text) => (parseDuration(text) ?? least) >= least, `it is at least ${told}`)
    .refine((text) => (parseDuration(text) ?? 0) <= TEN_YEARS, 'it is at most 10 years')
    .refine((text) => (parseDuration(text) ?? 0) % SECOND === 0, 'whole seconds');
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'a day, as "2026-01-01", or a moment with its zone, as "2026-01-01T06:00:00Z"',
});

/** The shape of a pipeline's schedule. */
export const scheduleSchema = z
  .strictObject({
    cron: z.union([cron, z.array(cron).min(1, 'give at least one expression')], { error: cronError }).optional(),
    every: span(SECOND, 'one second').optional(),
    offset: span(0, 'none').optional(),
    timezone: z
      .string()
      .refine(isTimeZone, { error: ({ input }) => `there is no time zone "${String(input)}": name it as "Europe/Berlin"` })
      .optional(),
    overlap: z.enum(['skip', 'bufferOne', 'bufferAll', 'cancelOther', 'terminateOther', 'allowAll']).optional(),
    catchUp: span(10 * SECOND, 'ten seconds').optional(),
    jitter: span(0, 'none').optional(),
    paused: z.boolean().optional(),
    start: moment.optional(),
    end: moment.optional(),
    partitionOf: z.enum(['previous', 'current']).optional(),
    params: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ cron: times, every }) => (times === undefined) !== (every === undefined), 'give `cron` or `every`, one of them')
  .refine(({ every, offset }) => offset === undefined || every !== undefined, {
    error: '`offset` goes with `every`',
    path: ['offset'],
  })
  .refine(
    ({ every, offset }) =>
      every === undefined || offset === undefined || Number(parseDuration(offset)) < Number(parseDuration(every)),
    { error: 'it is shorter than `every`', path: ['offset'] },
  )
  .refine(({ start, end }) => start === undefined || end === undefined || Date.parse(start) < Date.parse(end), {
    error: 'it comes before `start`',
    path: ['end'],
  });

// Of a union, zod tells only that nothing fits.
function cronError({ input }: { readonly input?: unknown }): string {
  for (const text of Array.isArray(input) ? input : [input]) {
    if (typeof text !== 'string') return 'a cron expression, as "0 2 * * *", or a list of them';
    const { error } = cron.safeParse(text);
    if (error) return error.issues[0]?.message ?? 'it is no cron expression';
  }
  return 'give at least one expression';
}
