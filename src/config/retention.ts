import { parseSpan } from '../core/duration.js';
import type { Configurable } from './env.js';
import type { S3Options } from './s3.js';
import type { ScheduleConfig } from './schedule.js';

/** Where histories of closed runs go. */
export interface ArchiveConfig {
  /** A folder, or `s3://bucket/prefix`. @default `archive` in staging */
  readonly root?: Configurable;
  /** With a root on `s3://`: the server and the keys. @default Amazon S3, with the credentials of the environment */
  readonly s3?: S3Options;
}

/**
 * How long things are kept, as `'14 days'`, `'6 weeks'`, `'18 months'` or `'2 years'`. What has no time here is kept for good.
 */
export interface RetentionConfig {
  /** Datasets that no run has made or used for so long. @default for good */
  readonly staging?: string;
  /** Datasets with rejected rows, instead: at least as long as `staging`. @default for good */
  readonly quarantine?: string;
  /** What runs and their steps have logged, since the run ended. @default for good */
  readonly logs?: string;
  /** Archived histories, since the run ended. @default for good */
  readonly archive?: string;
  /**
   * What the catalog knows of runs, their steps, quality and loads, of backfills and of datasets, since the run ended; alerts (30
   * days at least), and what triggers decided. The latest completed run of each pipeline and partition stays. @default for good
   */
  readonly catalog?: string;
  /** The audit, and what people decided about runs: records that are nowhere else. @default for good */
  readonly audit?: string;
  /** When housekeeping runs by itself. @default every day at 03:23 UTC */
  readonly schedule?: ScheduleConfig;
}

/** What is kept for a time. */
export const RETAINED = ['staging', 'quarantine', 'logs', 'archive', 'catalog', 'audit'] as const;
export type Retained = (typeof RETAINED)[number];

/** Milliseconds. */
export type Retention = Readonly<Partial<Record<Retained, number>>>;

/** Retention in milliseconds. */
export function readRetention(config: RetentionConfig): Retention {
  return Object.fromEntries(
    RETAINED.flatMap((kind) => {
      const text = config[kind];
      const ms = text === undefined ? undefined : parseSpan(text);
      return ms === undefined ? [] : [[kind, ms]];
    }),
  );
}
