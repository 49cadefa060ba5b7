import type { Fairness } from './step-policy.js';

/*
 * A backfill: a pipeline run over many partitions. The words are those of the workflow, of the catalog and of whoever calls.
 */

/** The workflow type. No pipeline can have such a name. */
export const BACKFILL_WORKFLOW = 'millrace.backfill';

/** How the workflow ids of backfills begin. */
export const BACKFILL_IDS = 'backfill/';

/** The most partitions of one backfill: twenty-seven years of days. They have to fit into one payload of Temporal's. */
export const MAX_PARTITIONS = 10_000;

/** The most runs that one backfill has at work. */
export const MAX_CONCURRENCY = 100;

/** Temporal's lowest priority by default: of 1 to 5, where anything else has 3. */
export const BACKFILL_PRIORITY = 5;

/**
 * Which partitions are done: those whose latest run has not completed, or that never ran; those whose latest run ended
 * without completing; or all.
 */
export const BACKFILL_CHOICES = ['missing', 'failed', 'all'] as const;
export type BackfillChoice = (typeof BACKFILL_CHOICES)[number];

/** What is asked for, checked and complete. */
export interface BackfillRequest {
  readonly pipeline: string;
  /** The first and the last partition. */
  readonly from: string;
  readonly to: string;
  readonly only: BackfillChoice;
  /** Runs at work at once. */
  readonly concurrency: number;
  /** The runs' parameters besides their partition. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether no further partition is begun once one has failed. */
  readonly stopOnFailure: boolean;
  /** Who asks. */
  readonly by: string;
}

/** What is asked for, as somebody gives it. */
export type BackfillInput = Pick<BackfillRequest, 'pipeline' | 'from' | 'to'> &
  Partial<Omit<BackfillRequest, 'pipeline' | 'from' | 'to'>>;

/** `left out`: not the backfill's to do. */
export const PARTITION_STATUSES = ['waiting', 'running', 'completed', 'failed', 'cancelled', 'left out'] as const;
export type PartitionStatus = (typeof PARTITION_STATUSES)[number];

/** One partition of a backfill. */
export interface BackfillPartition {
  readonly partition: string;
  readonly status: PartitionStatus;
  /** The run that did it, or does. */
  readonly runId?: string;
  /** How often the backfill has begun it. */
  readonly attempts: number;
  /** Why it failed. */
  readonly code?: string;
  readonly message?: string;
}

/** A partition as it changed, for the catalog. */
export interface PartitionChange extends BackfillPartition {
  /** Grows with each change of the backfill, so that an earlier one that comes late changes nothing. */
  readonly change: number;
  /** ISO. */
  readonly at: string;
  /** Why it is left out. */
  readonly note?: string;
}

export type BackfillStatus = 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

/** A backfill as it stands, told by itself. Told again or late, an earlier word changes nothing. */
export interface BackfillRecorded {
  /** The backfill's workflow id. */
  readonly backfill: string;
  /** Absent where nothing but partitions has changed. */
  readonly head?: BackfillHead;
  readonly partitions: readonly PartitionChange[];
}

export interface BackfillHead {
  readonly request: BackfillRequest;
  readonly status: BackfillStatus;
  /** ISO. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Grows with each change of the backfill. */
  readonly change: number;
}

/** How many partitions are in which state; those that are left out are not among them. */
export type BackfillCounts = Readonly<Record<Exclude<PartitionStatus, 'left out'>, number>>;

/** What the `state` query answers. */
export interface BackfillView {
  readonly pipeline: string;
  readonly from: string;
  readonly to: string;
  readonly status: BackfillStatus;
  readonly counts: BackfillCounts;
  /** Those that are the backfill's to do. A partition's workflow id is that of its pipeline and itself. */
  readonly partitions: readonly (BackfillPartition & { readonly workflowId: string })[];
}

/** What a backfill gives whose partitions have all completed. */
export interface BackfillResult {
  readonly completed: number;
  /** Partitions of the range that were not its to do. */
  readonly leftOut: number;
}

/** The argument of the updates `pause` and `resume`. */
export interface BackfillSteering {
  readonly by: string;
}

/** The argument of the update `retryFailed`. */
export interface BackfillRetry extends BackfillSteering {
  /** @default every partition that failed or was cancelled */
  readonly partitions?: readonly string[];
}

/** The reserved second argument: what a backfill goes on from. */
export interface BackfillControl {
  /** From the execution before it. */
  readonly carried?: BackfillCarried;
  /** A closed backfill of this id is taken up again. */
  readonly again?: BackfillRetry;
}

export interface BackfillCarried extends BackfillPlan {
  readonly paused: boolean;
}

/** What its first activity is told. */
export interface PlanBackfillInput {
  /** The backfill's workflow id. */
  readonly backfill: string;
  /** ISO. */
  readonly startedAt: string;
  /** The first argument as it came. */
  readonly input: unknown;
  readonly again?: BackfillRetry;
}

/** What the updates answer. */
export interface BackfillSteered {
  readonly status: BackfillStatus;
  readonly counts: BackfillCounts;
}

/** What a backfill has to do, and where it stands. */
export interface BackfillPlan {
  readonly request: BackfillRequest;
  /** The run parameter that names the partition. */
  readonly parameter: string;
  /** The pipeline's. */
  readonly fairness?: Fairness;
  /** ISO. */
  readonly startedAt: string;
  /** Its own to do, in their order. */
  readonly partitions: readonly BackfillPartition[];
  readonly leftOut: number;
  /** The number of the latest {@link PartitionChange}. */
  readonly changes: number;
}

/** How a partition's run stands or ended. */
export interface PartitionOutcome {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly runId?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Longest reason that a backfill keeps of a failed partition, in characters. */
const MAX_REASON = 400;

/** Why a partition failed, without the code at its end and not too long. */
export function reasonText(code: string, message: string): string {
  const text = message.endsWith(` [${code}]`) ? message.slice(0, -code.length - 3) : message;
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text;
}

/** The workflow id of a partition's run, whoever starts it. */
export function partitionRunId(pipeline: string, partition: string): string {
  return `${pipeline}/${partition}`;
}

export function countPartitions(partitions: readonly Pick<BackfillPartition, 'status'>[]): BackfillCounts {
  const counts = { waiting: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
  for (const { status } of partitions) if (status !== 'left out') counts[status] += 1;
  return counts;
}
