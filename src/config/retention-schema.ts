import { z } from 'zod';
import { parseSpan } from '../core/duration.js';
import { RETAINED } from './retention.js';
import { scheduleSchema } from './schedule-schema.js';

const HOUR = 3_600_000;

/** What is younger is at work, or was a moment ago. */
const kept = z
  .string()
  .refine((text) => parseSpan(text) !== undefined, 'a number and a unit: "14 days", "6 weeks", "18 months", "2 years"')
  .refine((text) => (parseSpan(text) ?? HOUR) >= HOUR, 'it is at least one hour')
  .optional();

/** The shape of a project's retention. */
export const retentionSchema = z
  .strictObject({
    staging: kept,
    quarantine: kept,
    logs: kept,
    archive: kept,
    catalog: kept,
    audit: kept,
    schedule: scheduleSchema.optional(),
  })
  .refine((given) => RETAINED.some((kind) => given[kind] !== undefined), {
    error: 'say how long something is kept, as { staging: "14 days" }, or leave `retention` out',
  })
  .refine(({ staging, quarantine }) => quarantine === undefined || staging !== undefined, {
    error: 'rejected rows go with their dataset: `quarantine` goes with `staging`',
    path: ['quarantine'],
  })
  .refine(({ staging, quarantine }) => before(staging, quarantine), {
    error: 'rejected rows are part of their dataset: `quarantine` is at least as long as `staging`',
    path: ['quarantine'],
  });

function before(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return (parseSpan(one) ?? 0) <= (parseSpan(other) ?? 0);
}
