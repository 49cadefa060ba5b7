import { z } from 'zod';
import { BACKFILL_CHOICES, MAX_CONCURRENCY, MAX_PARTITIONS, type BackfillRequest } from '../core/backfill.js';
import { TerminalError } from '../core/errors.js';
import { partitionRange, partitionsBetween, type Partitioning } from '../core/partitions.js';
import { admissible, checkPartition, findPipeline } from './parameters.js';
import type { PipelineConfig } from './project.js';

const requestSchema = z.strictObject({
  pipeline: z.string().min(1),
  from: z.string().min(1),
  to: z.string().min(1),
  only: z.enum(BACKFILL_CHOICES).default('missing'),
  concurrency: z.int().min(1).max(MAX_CONCURRENCY).default(2),
  params: z.record(z.string(), z.unknown()).default({}),
  stopOnFailure: z.boolean().default(false),
  by: z.string().min(1).max(200).default('unknown'),
});

/** What a backfill is to do, and all partitions of its range. */
export interface CheckedBackfill {
  readonly request: BackfillRequest;
  readonly partitions: readonly string[];
  /** The run parameter that names the partition. */
  readonly parameter: string;
}

/**
 * Holds what a backfill is asked to do against its pipeline: its partitions, and the parameters of its runs.
 *
 * @throws TerminalError PIPELINE_UNKNOWN; PARAMETERS_INVALID for what is no partition of the pipeline, or parameters that its
 * runs would refuse; BACKFILL_INVALID for anything else
 */
export function checkBackfill(pipelines: Readonly<Record<string, PipelineConfig>>, input: unknown): CheckedBackfill {
  const parsed = requestSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
    throw new TerminalError('BACKFILL_INVALID', `What the backfill is asked to do is wrong: ${problems.join('; ')}.`);
  }
  const request = parsed.data;
  const { pipeline, from, to, params } = request;
  const partitions = checkBackfillRange(pipelines, request);
  const { parameter } = partitioningOf(pipelines, pipeline);
  if (Object.hasOwn(params, parameter)) {
    throw new TerminalError(
      'BACKFILL_INVALID',
      `The parameter "${parameter}" names the partition, which the backfill sets itself. Leave it out of the parameters.`,
    );
  }
  for (const end of [from, to]) admissible(pipelines, pipeline, { ...params, [parameter]: end });
  return { request, partitions, parameter };
}

/**
 * All partitions of a range, whatever the parameters of their runs.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, BACKFILL_INVALID
 */
export function checkBackfillRange(
  pipelines: Readonly<Record<string, PipelineConfig>>,
  { pipeline, from, to }: Pick<BackfillRequest, 'pipeline' | 'from' | 'to'>,
): string[] {
  const config = findPipeline(pipelines, pipeline);
  const { parameter } = partitioningOf(pipelines, pipeline);
  for (const end of [from, to]) checkPartition(config, { [parameter]: end });
  requireBounded(from, to);
  return partitionsBetween(from, to);
}

function partitioningOf(pipelines: Readonly<Record<string, PipelineConfig>>, pipeline: string): Partitioning {
  const { partition } = findPipeline(pipelines, pipeline);
  if (partition) return partition;
  const others = Object.keys(pipelines).filter((name) => pipelines[name]?.partition);
  const known = others.length === 0 ? 'The project has none.' : `Those that have: ${others.join(', ')}.`;
  throw new TerminalError(
    'BACKFILL_INVALID',
    `The pipeline "${pipeline}" has no partitions, so there is nothing to backfill. Give it \`partition: monthly(…)\` or \`daily(…)\` in the config, or start a run of it. ${known}`,
  );
}

// Counted before they are named: a range of millennia would be.
function requireBounded(from: string, to: string): void {
  const days = (Date.parse(partitionRange(to).gte) - Date.parse(partitionRange(from).gte)) / 86_400_000 + 1;
  const count = from.length === 7 ? Math.ceil(days / 28) : days;
  if (count <= MAX_PARTITIONS) return;
  throw new TerminalError(
    'BACKFILL_INVALID',
    `"${from}" to "${to}" are more than ${MAX_PARTITIONS} partitions, the most of one backfill. Split the range into several backfills.`,
  );
}
