import type { TaskOrder } from './step-policy.js';

/** The workflow that schedules start: the name is one that no pipeline can take. */
export const START_WORKFLOW = 'millrace.start';

/** What happens when a schedule's time comes while the run of an earlier one is still going. */
export type Overlap = 'skip' | 'bufferOne' | 'bufferAll' | 'cancelOther' | 'terminateOther' | 'allowAll';

/** Which partition a scheduled run does: the one that has ended by then, or the one that is under way. */
export type PartitionOf = 'previous' | 'current';

/** A pipeline's schedule with every default filled in: as a config wants it, or as Temporal has it. */
export interface ScheduleSettings {
  readonly cron: readonly string[];
  readonly everyMs: number | null;
  readonly offsetMs: number;
  /** The IANA name of the time zone in which cron expressions and partitions count. */
  readonly timezone: string;
  readonly overlap: Overlap;
  readonly catchUpMs: number;
  readonly jitterMs: number;
  /** ISO times; null for none. */
  readonly start: string | null;
  readonly end: string | null;
  /** Null for a pipeline without partitions. */
  readonly partitionOf: PartitionOf | null;
  /** Of each run, without its partition. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly paused: boolean;
}

/** What the workflow `millrace.start` is given: by a schedule, or by who fills in what a schedule has missed. */
export interface ScheduledStart {
  readonly pipeline: string;
  /** The id of the schedule. */
  readonly schedule: string;
  readonly timezone: string;
  readonly overlap: Overlap;
  readonly partitionOf: PartitionOf | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** ISO times to do in place of the one that Temporal's schedule names, one after another. */
  readonly times?: readonly string[];
  /** Who asks for these times, and how. */
  readonly asked?: { readonly kind: 'fill' | 'trigger'; readonly by: string };
}

/** How far back is looked for what a schedule has missed, where nobody says. */
export const MISSED_SPAN_MS = 30 * 86_400_000;
/** How far back runs are looked for that may have kept later ones from starting. */
export const LONGEST_RUN_MS = 7 * 86_400_000;

export type TickKind = 'schedule' | 'fill' | 'trigger';

/** What became of one of a schedule's times. */
export type TickOutcome = 'started' | 'reused' | 'skipped' | 'refused';

/** One of a schedule's times, and what its start came to. */
export interface ScheduleTick {
  readonly schedule: string;
  readonly pipeline: string;
  /** The time that the schedule names, ISO. */
  readonly scheduledAt: string;
  readonly kind: TickKind;
  /** Who asked, where somebody did. */
  readonly by: string | null;
  readonly partition: string | null;
  readonly outcome: TickOutcome;
  /** Why no run was started. */
  readonly code: string | null;
  readonly reason: string | null;
  /** The run that was started or was there. */
  readonly workflowId: string | null;
  readonly runId: string | null;
  /** The execution of `millrace.start` that decided it. */
  readonly starterRunId: string;
  readonly decidedAt: string;
  /** When the run that was started ended, and how. */
  readonly endedAt: string | null;
  readonly ended: 'completed' | 'failed' | 'cancelled' | null;
}

/** What a scheduled start comes to, before anything is started. */
export type PlannedTick =
  | {
      readonly ok: true;
      readonly workflowId: string;
      readonly partition: string | null;
      readonly params: Readonly<Record<string, unknown>>;
      readonly onConflict: 'reuse' | 'reject' | 'replace';
      /** The run's; absent in histories from before there was any. */
      readonly order?: TaskOrder;
    }
  | { readonly ok: false; readonly partition: string | null; readonly code: string; readonly reason: string };
