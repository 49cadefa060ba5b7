import { z } from 'zod';
import { messageOf } from '../core/errors.js';
import { parseTablePattern } from '../core/table-patterns.js';
import type { PipelineConfig } from './project.js';
import type { RetentionConfig } from './retention.js';
import type { ScheduleConfig } from './schedule.js';

const patterns = z.array(
  z.string().superRefine((text, context) => {
    try {
      parseTablePattern(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
    }
  }),
);

const replicate = {
  params: z.object({
    /** The connection whose tables are copied. */
    from: z.string().min(1),
    /** The connection that gets them. */
    to: z.string().min(1),
    tables: patterns.min(1, 'name tables, as ["public.*"]'),
    /** Tables that match `tables` and are left out. */
    exclude: patterns.default([]),
    /** `replace` makes each target equal to its source; `merge` updates and adds rows by their key, and takes none away. */
    mode: z.enum(['replace', 'merge']).default('replace'),
    /** The schema of all targets; without it each has its source's. */
    schema: z.string().min(1).max(63).optional(),
    /** What becomes of columns that are new in a source, or wider than in its target: as a load's `schema`. */
    evolution: z.enum(['freeze', 'evolve', 'discard']).default('freeze'),
    /** Tables on their way at once. */
    concurrency: z.int().min(1).max(32).default(4),
  }),
  description: 'Copies tables of one connection into another.',
} as const satisfies PipelineConfig;

const replayQuarantine = {
  params: z.object({
    /** The run that rejected the rows. */
    workflowId: z.string().min(1),
    /** Its execution. */
    runId: z.string().min(1),
    /** The id of its step: `validate:orders`. */
    step: z.string().startsWith('validate:', 'name a validate step, as validate:orders'),
    /** The manifest of edited rows, as `millrace quarantine replay --from` has staged them. */
    edited: z.string().min(1).optional(),
  }),
  description: 'Judges rejected rows of a run again, and loads what passes now.',
} as const satisfies PipelineConfig;

const housekeeping = {
  params: z.object({
    /** Says what would go, and leaves it. */
    dryRun: z.boolean().default(false),
  }),
  description: 'Removes what the config keeps no longer: see `retention`.',
} as const satisfies PipelineConfig;

/** Pipelines that every project has. Their names are taken. */
export const BUILT_IN_PIPELINES = { replicate, replayQuarantine, housekeeping } as const;

/** At night in UTC, at a minute at which nobody else begins. */
const HOUSEKEEPING_TIMES: ScheduleConfig = { cron: '23 3 * * *' };

/** These pipelines as a project has them: with retention, housekeeping comes by itself. */
export function builtInPipelines(retention: RetentionConfig | undefined): Readonly<Record<string, PipelineConfig>> {
  if (retention === undefined) return BUILT_IN_PIPELINES;
  return {
    ...BUILT_IN_PIPELINES,
    housekeeping: { ...housekeeping, schedule: retention.schedule ?? HOUSEKEEPING_TIMES },
  };
}

export const BUILT_IN_NAMES: readonly string[] = Object.keys(BUILT_IN_PIPELINES);
