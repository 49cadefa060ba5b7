import type { AgedRun } from '../core/retention.js';
import { listAgedScopes, type AgedScope, type AgedScopeFilter } from './aged-runs.js';
import type { CatalogDatabase } from './database.js';
import type { RunKey } from './facts.js';
import { lastUsesOf, type LastUse } from './last-uses.js';
import { removeAlerts, removeEvaluations } from './removals-of-news.js';
import { removePauses, removeTicks } from './removals-of-schedules.js';
import { listEndedRuns, removeBackfills, removeDatasets, removeLoadsAlone, removeLogs, removeRuns } from './removals.js';
import { countAudit, removeAudit } from './removals-of-records.js';

export type { AgedScope, AgedScopeFilter, LastUse };

/** Counts by table. */
export type RemovedRows = Readonly<Record<string, number>>;

/** How housekeeping finds what is old, and removes it: each call is one small transaction. */
export interface RetentionRecords {
  /** When runs last used datasets: their own, or what runs that take steps over from one another share. */
  lastUsesOf(uris: readonly string[]): Promise<LastUse[]>;
  /** Groups of runs that have all ended before, in order of their scopes. */
  listAgedScopes(filter: AgedScopeFilter): Promise<AgedScope[]>;
  /** Runs that ended before, by workflow id and run id. */
  listEndedRuns(filter: {
    readonly before: string;
    readonly after?: RunKey | undefined;
    readonly limit: number;
  }): Promise<RunKey[]>;
  /** Removes runs with all that is known of them but records of people's decisions. One that has been told of since, stays. */
  removeRuns(runs: readonly AgedRun[]): Promise<RemovedRows>;
  removeLogs(runs: readonly RunKey[], dryRun: boolean): Promise<number>;
  /** Removes loads from before of which ledgers alone have told: their runs are not there. */
  removeLoadsAlone(before: string, limit: number): Promise<RemovedRows>;
  /** Removes datasets made before that no step and no other dataset names, so many at most; gives how many. */
  removeDatasets(before: string, limit: number): Promise<number>;
  /** Removes backfills that ended before, with their partitions. */
  removeBackfills(before: string, limit: number): Promise<RemovedRows>;
  /** Removes alerts that have arrived, or were given up, but for those of pipelines that keep a promise not. */
  removeAlerts(before: string, limit: number): Promise<RemovedRows>;
  /** Removes what triggers decided, but for the last decision about each partition. */
  removeEvaluations(before: string, limit: number): Promise<RemovedRows>;
  /** Removes what became of schedules' times before, but for the last time of each, and for runs that go on. */
  removeTicks(before: string, limit: number): Promise<RemovedRows>;
  /** Removes pauses of schedules and triggers that were over before, but for the last of each. */
  removePauses(before: string, limit: number): Promise<RemovedRows>;
  /** Removes entries of the audit, and approvals of and decisions about runs that are gone, from before. */
  removeAudit(before: string, limit: number): Promise<RemovedRows>;
  countAudit(before: string): Promise<RemovedRows>;
}

export function retentionRecords(database: CatalogDatabase): RetentionRecords {
  return {
    lastUsesOf: (uris) => database.read((db) => lastUsesOf(db, uris)),
    listAgedScopes: (filter) => database.read((db) => listAgedScopes(db, filter)),
    listEndedRuns: (filter) => database.read((db) => listEndedRuns(db, filter)),
    removeRuns: (runs) => database.write((db) => removeRuns(db, runs)),
    removeLogs: (runs, dryRun) =>
      dryRun ? database.read((db) => removeLogs(db, runs, true)) : database.write((db) => removeLogs(db, runs, false)),
    removeLoadsAlone: (before, limit) => database.write((db) => removeLoadsAlone(db, before, limit)),
    removeDatasets: (before, limit) => database.write((db) => removeDatasets(db, before, limit)),
    removeBackfills: (before, limit) => database.write((db) => removeBackfills(db, before, limit)),
    removeAlerts: (before, limit) => database.write((db) => removeAlerts(db, before, limit)),
    removeEvaluations: (before, limit) => database.write((db) => removeEvaluations(db, before, limit)),
    removeTicks: (before, limit) => database.write((db) => removeTicks(db, before, limit)),
    removePauses: (before, limit) => database.write((db) => removePauses(db, before, limit)),
    removeAudit: (before, limit) => database.write((db) => removeAudit(db, before, limit)),
    countAudit: (before) => database.read((db) => countAudit(db, before)),
  };
}
