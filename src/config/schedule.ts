import type { Overlap, PartitionOf } from '../core/schedule.js';

interface ScheduleOptions {
  /**
   * The IANA name of the time zone in which cron expressions and partitions count, as `Europe/Berlin`.
   * @default 'UTC'
   */
  readonly timezone?: string;
  /**
   * What happens when a time comes while the run of an earlier one is still going: `'skip'` leaves it out, `'bufferOne'` and
   * `'bufferAll'` start afterwards, `'cancelOther'` and `'terminateOther'` stop the earlier one, `'allowAll'` starts beside it.
   * @default 'skip'
   */
  readonly overlap?: Overlap;
  /**
   * How far back Temporal makes up for times at which it was down: `'1 hour'`, `'7 days'`. Older ones are listed as missed.
   * @default '1 day'
   */
  readonly catchUp?: string;
  /**
   * Starts each run at a moment by chance within so long after its time, so that many schedules do not start at once.
   * @default none
   */
  readonly jitter?: string;
  /**
   * Creates it paused, or pauses it.
   * @default false
   */
  readonly paused?: boolean;
  /** The first moment, as `2026-01-01` (midnight in its time zone) or `2026-01-01T06:00:00Z`. @default at once */
  readonly start?: string;
  /** The last moment. @default never */
  readonly end?: string;
  /**
   * Which partition a run does: the month or day that had ended at its time, or the one under way.
   * @default 'previous'
   */
  readonly partitionOf?: PartitionOf;
  /** The parameters of each run, without the partition's. @default none */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** When a pipeline runs by itself: at the times of cron expressions, or every so often. `millrace apply` makes it so. */
export type ScheduleConfig = ScheduleOptions &
  (
    | {
        /** Five fields (minute, hour, day of the month, month, day of the week), or several such expressions. */
        readonly cron: string | readonly string[];
      }
    | {
        /** How long between two times: `'15 minutes'`, `'6 hours'`. They count from 1970, not from when it was made. */
        readonly every: string;
        /** How long after these: `'5 minutes'`. @default none */
        readonly offset?: string;
      }
  );
