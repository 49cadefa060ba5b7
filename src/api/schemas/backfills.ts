import { z } from 'zod';
import { jsonObject, time } from './lists.js';
import { runError } from './runs.js';

export const BACKFILL_STATES = [
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'timed out',
  'forgotten',
  'unknown',
] as const;

/** A backfill's id, which is its workflow id: `backfill/flightDelays/0mf2k1x9c07a1`. */
export const backfillAddress = z.string().min(1).max(1100);

export const only = z
  .enum(['missing', 'failed', 'all'])
  .describe(
    'Which partitions: those whose latest run has not completed, or that never ran; those whose latest run ended without completing; or all.',
  );

const count = z.int().min(0);

const counts = z
  .object({ waiting: count, running: count, completed: count, failed: count, cancelled: count })
  .meta({ id: 'BackfillCounts' });

export const backfillSummary = z
  .object({
    id: z.string().describe('Its workflow id.'),
    pipeline: z.string(),
    from: z.string(),
    to: z.string(),
    only,
    concurrency: z.int(),
    params: jsonObject,
    stopOnFailure: z.boolean(),
    by: z.string().describe('Who started it, or took it up again.'),
    status: z.enum(BACKFILL_STATES).describe('As Temporal has it; `forgotten` once it has deleted the backfill.'),
    startedAt: time,
    finishedAt: time.nullable(),
    durationMs: z.number().nullable(),
    counts,
    leftOut: count.describe('Partitions of the range that were not its to do.'),
    error: runError.nullable(),
  })
  .meta({ id: 'BackfillSummary' });

export const backfillPartition = z
  .object({
    partition: z.string(),
    status: z.enum(['waiting', 'running', 'completed', 'failed', 'cancelled', 'left out']),
    workflowId: z.string(),
    runId: z.string().nullable(),
    attempts: count.describe('How often the backfill has begun it.'),
    changedAt: time,
    error: runError.nullable(),
    note: z.string().nullable().describe('Why it is left out.'),
  })
  .meta({ id: 'BackfillPartition' });

export const backfill = backfillSummary
  .extend({
    partitions: z.array(backfillPartition).describe('Every partition of the range, in order.'),
    worker: z.boolean().nullable().describe('Whether a worker takes its tasks; null where it has ended, or nobody can tell.'),
  })
  .meta({ id: 'Backfill' });

export const startedBackfill = z
  .object({
    id: z.string(),
    runId: z.string(),
    started: z.boolean().describe('False where the same call had started it before.'),
    worker: z.boolean().describe('Whether a worker takes its tasks: without one it waits.'),
  })
  .meta({ id: 'StartedBackfill' });

export const steeredBackfill = z
  .object({ id: z.string(), status: z.enum(['running', 'paused']), counts })
  .meta({ id: 'SteeredBackfill' });

export const backfillPreview = z
  .object({
    pipeline: z.string(),
    todo: z.array(
      z.object({
        partition: z.string(),
        latest: z.string().nullable().describe('How its latest run stands; null where it never ran.'),
        rows: z.number().nullable().describe('What its latest run loaded.'),
      }),
    ),
    leftOut: z.array(z.object({ partition: z.string(), reason: z.string() })),
    rows: z.number().nullable().describe('What it may load: as known, and as much as the mean where it is not.'),
    durationMs: z.number().nullable().describe('How long it may take; null where no run has completed yet.'),
    measuredRuns: count.describe('The runs that this is reckoned from.'),
  })
  .meta({ id: 'BackfillPreview' });
