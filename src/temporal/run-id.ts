import { randomBytes } from 'node:crypto';
import { partitionRunId as idOfPartition } from '../core/backfill.js';
import type { Partitioning } from '../core/partitions.js';

/** Names one run: a workflow id, and perhaps one of its executions. */
export interface RunAddress {
  readonly workflowId: string;
  readonly runId?: string;
}

/**
 * The workflow id under which every starter starts the same work: `flightDelays/2001-01` for a partition, so that a
 * second start while the first runs is refused; `flightDelays-<time><chance>`, sorting by time, for any other run.
 */
export function canonicalRunId(
  pipeline: string,
  params: Readonly<Record<string, unknown>>,
  partitioning: Partitioning | undefined,
  now: number = Date.now(),
): string {
  const ofPartition = partitionRunId(pipeline, params, partitioning);
  // 36^9 ms reach past the year 5000, so the ids keep one length and sort as text.
  return ofPartition ?? `${pipeline}-${now.toString(36).padStart(9, '0')}${randomBytes(2).toString('hex')}`;
}

/** The id of a partition's run; `undefined` where the parameters name no partition. */
export function partitionRunId(
  pipeline: string,
  params: Readonly<Record<string, unknown>>,
  partitioning: Partitioning | undefined,
): string | undefined {
  const partition = partitioning && params[partitioning.parameter];
  return typeof partition === 'string' && partition !== '' ? idOfPartition(pipeline, partition) : undefined;
}

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads `id` or `id@runId`. A workflow id may hold an `@` itself: only a run id after the last one counts. */
export function parseRunAddress(text: string): RunAddress {
  const separator = text.lastIndexOf('@');
  const runId = text.slice(separator + 1);
  return separator > 0 && RUN_ID.test(runId) ? { workflowId: text.slice(0, separator), runId } : { workflowId: text };
}

/** The reverse of {@link parseRunAddress}. */
export function formatRunAddress({ workflowId, runId }: RunAddress): string {
  return runId === undefined ? workflowId : `${workflowId}@${runId}`;
}
