import type { Selectable } from 'kysely';
import type { CursorRange } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import type { ReasonCount } from '../core/manifest.js';
import type { CatalogSession, DatasetsTable } from './tables.js';

/** A dataset as it is listed. */
export interface DatasetRow {
  /** The manifest's place in staging, by which it is known. */
  readonly uri: string;
  readonly name: string;
  readonly content: string;
  readonly contract: string | null;
  readonly rows: number | null;
  readonly bytes: number;
  readonly reproducible: boolean;
  readonly createdAt: string;
}

/** A dataset with what it was made from, what was made of it, and what was found out about it. */
export interface DatasetDetail extends DatasetRow {
  readonly key: string;
  readonly schema: string;
  readonly contractHash: string | null;
  readonly engine: string;
  readonly columns: readonly Column[];
  readonly range: CursorRange | null;
  readonly parents: readonly RelatedDataset[];
  readonly children: readonly RelatedDataset[];
  /** The steps that made it or found it, the latest first. */
  readonly steps: readonly DatasetStep[];
  /** What its contract said of the rows that were read, when it was judged last. */
  readonly quality: DatasetQuality | null;
  /** Loads of what it holds, the latest first. */
  readonly loads: readonly DatasetLoad[];
}

/** A dataset, or a table of a connection (`table:…`). */
export interface RelatedDataset {
  readonly uri: string;
  readonly name: string;
}

export interface DatasetStep {
  readonly workflowId: string;
  readonly runId: string;
  readonly step: string;
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly finishedAt: string | null;
}

export interface DatasetQuality {
  readonly rowsRead: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly reasons: readonly ReasonCount[];
}

export interface DatasetLoad {
  readonly loadId: string;
  readonly target: string;
  readonly mode: string;
  readonly partition: string | null;
  readonly rows: number;
  readonly loadedAt: string;
  readonly workflowId: string;
  readonly runId: string;
}

export interface DatasetFilter {
  readonly name?: string;
  readonly contract?: string;
  /** Only those that runs of these pipelines made or found. @default of any */
  readonly pipelines?: readonly string[];
  readonly after?: { readonly createdAt: string; readonly uri: string };
  readonly limit: number;
}

/** Steps and loads that a dataset shows. */
const MOST_SHOWN = 50;

/** Datasets, the latest first. */
export async function listDatasets(db: CatalogSession, filter: DatasetFilter): Promise<DatasetRow[]> {
  const { name, contract, pipelines, after, limit } = filter;
  if (pipelines?.length === 0) return [];
  let query = db.selectFrom('datasets').selectAll();
  if (name !== undefined) query = query.where('name', '=', name);
  if (contract !== undefined) query = query.where('contract', '=', contract);
  if (pipelines) {
    query = query.where('uri', 'in', (select) =>
      select
        .selectFrom('step_runs')
        .innerJoin('runs', (join) =>
          join.onRef('runs.workflow_id', '=', 'step_runs.workflow_id').onRef('runs.run_id', '=', 'step_runs.run_id'),
        )
        .where('runs.pipeline', 'in', pipelines)
        .where('step_runs.dataset_uri', 'is not', null)
        .select((row) => row.ref('step_runs.dataset_uri').$notNull().as('uri')),
    );
  }
  if (after) {
    query = query.where((row) =>
      row.or([
        row('created_at', '<', after.createdAt),
        row.and([row('created_at', '=', after.createdAt), row('uri', '<', after.uri)]),
      ]),
    );
  }
  const rows = await query.orderBy('created_at', 'desc').orderBy('uri', 'desc').limit(limit).execute();
  return rows.map(toRow);
}

/** One dataset; `undefined` for one that is not known. */
export async function findDataset(db: CatalogSession, uri: string): Promise<DatasetDetail | undefined> {
  const row = await db.selectFrom('datasets').selectAll().where('uri', '=', uri).executeTakeFirst();
  if (!row) return undefined;
  return {
    ...toRow(row),
    key: row.key,
    schema: row.schema,
    contractHash: row.contract_hash,
    engine: row.engine,
    columns: JSON.parse(row.columns) as Column[],
    range: row.range === null ? null : (JSON.parse(row.range) as CursorRange),
    parents: await parentsOf(db, uri),
    children: await childrenOf(db, uri),
    steps: await stepsOf(db, uri),
    quality: await qualityOf(db, uri),
    loads: await loadsOf(db, row.content),
  };
}

function toRow(row: Selectable<DatasetsTable>): DatasetRow {
  return {
    uri: row.uri,
    name: row.name,
    content: row.content,
    contract: row.contract,
    rows: row.rows,
    bytes: row.bytes,
    reproducible: row.reproducible === 1,
    createdAt: row.created_at,
  };
}

async function parentsOf(db: CatalogSession, uri: string): Promise<RelatedDataset[]> {
  const rows = await db.selectFrom('dataset_parents').selectAll().where('uri', '=', uri).orderBy('parent_name').execute();
  return rows.map(({ parent_uri: parent, parent_name: name }) => ({ uri: parent, name }));
}

function childrenOf(db: CatalogSession, uri: string): Promise<RelatedDataset[]> {
  return db
    .selectFrom('dataset_parents')
    .innerJoin('datasets', 'datasets.uri', 'dataset_parents.uri')
    .where('parent_uri', '=', uri)
    .select(['datasets.uri', 'datasets.name'])
    .orderBy('created_at', 'desc')
    .limit(MOST_SHOWN)
    .execute();
}

async function stepsOf(db: CatalogSession, uri: string): Promise<DatasetStep[]> {
  const rows = await db
    .selectFrom('step_runs')
    .innerJoin('runs', (join) =>
      join.onRef('runs.workflow_id', '=', 'step_runs.workflow_id').onRef('runs.run_id', '=', 'step_runs.run_id'),
    )
    .where('dataset_uri', '=', uri)
    .select(['step_runs.workflow_id', 'step_runs.run_id', 'step', 'pipeline', 'partition', 'step_runs.finished_at'])
    .orderBy('step_runs.finished_at', 'desc')
    .orderBy('step_runs.run_id')
    .limit(MOST_SHOWN)
    .execute();
  return rows.map(({ workflow_id: workflowId, run_id: runId, finished_at: finishedAt, step, pipeline, partition }) => ({
    workflowId,
    runId,
    step,
    pipeline,
    partition,
    finishedAt,
  }));
}

async function qualityOf(db: CatalogSession, uri: string): Promise<DatasetQuality | null> {
  const judged = await db
    .selectFrom('quality_results')
    .innerJoin('step_runs', (join) =>
      join
        .onRef('step_runs.workflow_id', '=', 'quality_results.workflow_id')
        .onRef('step_runs.run_id', '=', 'quality_results.run_id')
        .onRef('step_runs.step', '=', 'quality_results.step')
        .onRef('step_runs.attempt', '=', 'quality_results.attempt'),
    )
    .where('quality_results.dataset_uri', '=', uri)
    .selectAll('quality_results')
    .orderBy('step_runs.finished_at', 'desc')
    .executeTakeFirst();
  if (!judged) return null;
  const reasons = await db
    .selectFrom('quality_reasons')
    .select(['code', 'path', 'message', 'rows'])
    .where('workflow_id', '=', judged.workflow_id)
    .where('run_id', '=', judged.run_id)
    .where('step', '=', judged.step)
    .where('attempt', '=', judged.attempt)
    .orderBy('position')
    .execute();
  return { rowsRead: judged.rows_read, accepted: judged.accepted, rejected: judged.rejected, reasons };
}

async function loadsOf(db: CatalogSession, content: string): Promise<DatasetLoad[]> {
  const rows = await db
    .selectFrom('loads')
    .select(['load_id', 'target', 'mode', 'partition', 'rows', 'loaded_at', 'workflow_id', 'run_id'])
    .where('content', '=', content)
    .orderBy('loaded_at', 'desc')
    .limit(MOST_SHOWN)
    .execute();
  return rows.map(({ load_id: loadId, loaded_at: loadedAt, workflow_id: workflowId, run_id: runId, ...load }) => ({
    loadId,
    ...load,
    loadedAt,
    workflowId,
    runId,
  }));
}
