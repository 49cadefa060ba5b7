import type {
  BackfillFilter,
  BackfillPartitionRow,
  BackfillRecorded,
  BackfillRow,
  PartitionRange,
  PartitionRunRow,
} from './backfill-facts.js';
import { findBackfill, latestRunsOf, listBackfillPartitions, listBackfills, runDurations } from './backfill-queries.js';
import { recordBackfill } from './backfill-statements.js';
import type { CatalogDatabase } from './database.js';

/** Backfills, and what one has to know of earlier runs. No rebuild brings a backfill back. */
export interface BackfillRecords {
  recordBackfill(fact: BackfillRecorded): Promise<void>;
  findBackfill(backfill: string): Promise<BackfillRow | undefined>;
  /** Latest first. */
  listBackfills(filter: BackfillFilter): Promise<BackfillRow[]>;
  /** In their order, those that are left out with the others. */
  listBackfillPartitions(backfill: string): Promise<BackfillPartitionRow[]>;
  /** The latest run of each partition that has any, whatever its workflow id. */
  latestRunsOf(range: PartitionRange): Promise<PartitionRunRow[]>;
  /** How long the latest completed runs of a pipeline took, in milliseconds. */
  runDurations(pipeline: string, limit: number): Promise<number[]>;
}

export function backfillRecords(database: CatalogDatabase): BackfillRecords {
  return {
    recordBackfill: (fact) => database.write((db) => recordBackfill(db, fact)),
    findBackfill: (backfill) => database.read((db) => findBackfill(db, backfill)),
    listBackfills: (filter) => database.read((db) => listBackfills(db, filter)),
    listBackfillPartitions: (backfill) => database.read((db) => listBackfillPartitions(db, backfill)),
    latestRunsOf: (range) => database.read((db) => latestRunsOf(db, range)),
    runDurations: (pipeline, limit) => database.read((db) => runDurations(db, pipeline, limit)),
  };
}
