import type { CatalogDatabase } from './database.js';
import type { RunKey } from './facts.js';
import { isAfterRun } from './run-order.js';
import type { CatalogSession } from './tables.js';

/** `missed`: Temporal had forgotten the run before it was archived. `removed`: housekeeping has taken the archive away. */
export type ArchiveState = 'archived' | 'missed' | 'removed';

/** A run that has ended and of whose history nobody has said what became of it. */
export interface RunToArchive extends RunKey {
  readonly pipeline: string | null;
  readonly finishedAt: string;
  /** Temporal had forgotten the run before anybody saw its end. */
  readonly forgotten: boolean;
}

/** What became of a run's history. */
export interface ArchiveFact extends RunKey {
  readonly state: ArchiveState;
  readonly at: string;
  readonly events?: number;
  /** Compressed. */
  readonly bytes?: number;
}

export interface ArchivedRun extends RunKey {
  readonly state: ArchiveState;
  readonly at: string;
  readonly events: number | null;
  readonly bytes: number | null;
  readonly finishedAt: string | null;
}

export interface ToArchiveFilter {
  readonly namespace: string;
  /** Only runs after this one, in the order of the answer. */
  readonly after?: RunToArchive | undefined;
  readonly limit: number;
}

/** Which histories are in the archive: a projection of what is there. */
export interface ArchiveRecords {
  /** Those that ended first come first. */
  listRunsToArchive(filter: ToArchiveFilter): Promise<RunToArchive[]>;
  recordArchive(fact: ArchiveFact): Promise<void>;
  findArchive(run: RunKey): Promise<ArchivedRun | undefined>;
  /** Whether any history was ever archived. */
  hasArchives(): Promise<boolean>;
  /** Archived runs that ended before, by workflow id and run id. */
  listArchives(filter: { readonly before: string; readonly after?: RunKey; readonly limit: number }): Promise<ArchivedRun[]>;
}

export function archiveRecords(database: CatalogDatabase): ArchiveRecords {
  return {
    listRunsToArchive: (filter) => database.read((db) => listRunsToArchive(db, filter)),
    recordArchive: (fact) => database.write((db) => recordArchive(db, fact)),
    findArchive: (run) => database.read((db) => findArchive(db, run)),
    hasArchives: () => database.read((db) => hasArchives(db)),
    listArchives: (filter) => database.read((db) => listArchives(db, filter)),
  };
}

async function listRunsToArchive(db: CatalogSession, { namespace, after, limit }: ToArchiveFilter): Promise<RunToArchive[]> {
  let query = db
    .selectFrom('runs')
    .select(['workflow_id', 'run_id', 'pipeline', 'finished_at', 'status'])
    .where('archive', 'is', null)
    .where('namespace', '=', namespace)
    .where('finished_at', 'is not', null);
  if (after) {
    query = query.where((row) =>
      row.or([
        row('finished_at', '>', after.finishedAt),
        row.and([row('finished_at', '=', after.finishedAt), row('run_id', '>', after.runId)]),
      ]),
    );
  }
  const rows = await query.orderBy('finished_at').orderBy('run_id').limit(limit).execute();
  return rows.map((row) => ({
    workflowId: row.workflow_id,
    runId: row.run_id,
    pipeline: row.pipeline,
    finishedAt: row.finished_at ?? '',
    forgotten: row.status === 'forgotten',
  }));
}

async function recordArchive(db: CatalogSession, { workflowId, runId, state, at, events, bytes }: ArchiveFact): Promise<void> {
  await db
    .updateTable('runs')
    .set({
      archive: state,
      archived_at: at,
      ...(events !== undefined && { archive_events: events }),
      ...(bytes !== undefined && { archive_bytes: bytes }),
    })
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .execute();
}

function archives(db: CatalogSession) {
  return db
    .selectFrom('runs')
    .select(['workflow_id', 'run_id', 'archive', 'archived_at', 'archive_events', 'archive_bytes', 'finished_at']);
}

async function findArchive(db: CatalogSession, { workflowId, runId }: RunKey): Promise<ArchivedRun | undefined> {
  const row = await archives(db)
    .where('workflow_id', '=', workflowId)
    .where('run_id', '=', runId)
    .where('archive', 'is not', null)
    .executeTakeFirst();
  return row && toArchived(row);
}

async function hasArchives(db: CatalogSession): Promise<boolean> {
  const row = await db.selectFrom('runs').select('run_id').where('archive', '=', 'archived').limit(1).executeTakeFirst();
  return row !== undefined;
}

async function listArchives(
  db: CatalogSession,
  { before, after, limit }: Parameters<ArchiveRecords['listArchives']>[0],
): Promise<ArchivedRun[]> {
  let query = archives(db).where('archive', '=', 'archived').where('finished_at', '<', before);
  if (after) query = query.where(isAfterRun(after));
  const rows = await query.orderBy('workflow_id').orderBy('run_id').limit(limit).execute();
  return rows.map(toArchived);
}

type StoredArchive = Awaited<ReturnType<ReturnType<typeof archives>['executeTakeFirstOrThrow']>>;

function toArchived(row: StoredArchive): ArchivedRun {
  return {
    workflowId: row.workflow_id,
    runId: row.run_id,
    state: row.archive as ArchiveState,
    at: row.archived_at ?? '',
    events: row.archive_events,
    bytes: row.archive_bytes,
    finishedAt: row.finished_at,
  };
}
