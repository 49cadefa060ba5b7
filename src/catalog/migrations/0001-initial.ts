import type { CreateTableBuilder, Kysely, Migration } from 'kysely';

const STEP_KEY = ['workflow_id', 'run_id', 'step', 'attempt'] as const;

function withStepKey<T extends string>(table: CreateTableBuilder<T>): CreateTableBuilder<T, (typeof STEP_KEY)[number]> {
  return table
    .addColumn('workflow_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull());
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('workflow_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('first_run_id', 'text')
    .addColumn('pipeline', 'text')
    .addColumn('partition', 'text')
    .addColumn('params', 'text')
    .addColumn('owner', 'text')
    .addColumn('load_scope', 'text')
    .addColumn('task_queue', 'text')
    .addColumn('worker_identity', 'text')
    .addColumn('retry_of', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('result', 'text')
    .addColumn('announced', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('runs_pk', ['workflow_id', 'run_id'])
    .execute();
  await db.schema.createIndex('runs_by_start').on('runs').column('started_at').execute();
  await db.schema.createIndex('runs_by_pipeline').on('runs').columns(['pipeline', 'started_at']).execute();
}

async function createStepRuns(db: Kysely<unknown>): Promise<void> {
  await withStepKey(db.schema.createTable('step_runs'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addColumn('worker_identity', 'text')
    .addColumn('result', 'text')
    .addColumn('inputs', 'text', (column) => column.notNull())
    .addColumn('dataset_uri', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('will_retry', 'integer')
    .addPrimaryKeyConstraint('step_runs_pk', [...STEP_KEY])
    .execute();
  await db.schema.createIndex('step_runs_by_dataset').on('step_runs').column('dataset_uri').execute();
}

async function createDatasets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('datasets')
    .addColumn('uri', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('schema', 'text', (column) => column.notNull())
    .addColumn('columns', 'text', (column) => column.notNull())
    .addColumn('contract', 'text')
    .addColumn('contract_hash', 'text')
    .addColumn('rows', 'bigint')
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('reproducible', 'integer', (column) => column.notNull())
    .addColumn('engine', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('datasets_by_content').on('datasets').column('content').execute();
  await db.schema
    .createTable('dataset_parents')
    .addColumn('uri', 'text', (column) => column.notNull())
    .addColumn('parent_uri', 'text', (column) => column.notNull())
    .addColumn('parent_name', 'text', (column) => column.notNull())
    .addColumn('parent_content', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('dataset_parents_pk', ['uri', 'parent_uri'])
    .execute();
  await db.schema.createIndex('dataset_parents_by_parent').on('dataset_parents').column('parent_uri').execute();
  await db.schema
    .createTable('contract_versions')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('definition', 'text', (column) => column.notNull())
    .addColumn('first_seen_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('contract_versions_pk', ['name', 'hash'])
    .execute();
}

async function createQuality(db: Kysely<unknown>): Promise<void> {
  await withStepKey(db.schema.createTable('quality_results'))
    .addColumn('dataset_uri', 'text', (column) => column.notNull())
    .addColumn('dataset', 'text', (column) => column.notNull())
    .addColumn('contract', 'text')
    .addColumn('contract_hash', 'text')
    .addColumn('rows_read', 'bigint', (column) => column.notNull())
    .addColumn('accepted', 'bigint', (column) => column.notNull())
    .addColumn('rejected', 'bigint', (column) => column.notNull())
    .addColumn('judged_by_sql', 'bigint', (column) => column.notNull())
    .addColumn('undecided', 'bigint', (column) => column.notNull())
    .addColumn('judged_by_zod', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('quality_results_pk', [...STEP_KEY])
    .execute();
  await withStepKey(db.schema.createTable('quality_reasons'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('rows', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('quality_reasons_pk', [...STEP_KEY, 'position'])
    .execute();
  await withStepKey(db.schema.createTable('quarantine'))
    .addColumn('dataset_uri', 'text', (column) => column.notNull())
    .addColumn('rejects_uri', 'text', (column) => column.notNull())
    .addColumn('rows', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('quarantine_pk', [...STEP_KEY])
    .execute();
}

async function createLoads(db: Kysely<unknown>): Promise<void> {
  await withStepKey(db.schema.createTable('loads'))
    .addColumn('load_id', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('partition', 'text')
    .addColumn('rows', 'bigint', (column) => column.notNull())
    .addColumn('replaced', 'bigint', (column) => column.notNull())
    .addColumn('already_done', 'integer', (column) => column.notNull())
    .addColumn('created', 'integer', (column) => column.notNull())
    .addColumn('loaded_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('loads_pk', ['load_id', 'content'])
    .execute();
  await db.schema.createIndex('loads_by_target').on('loads').columns(['target', 'loaded_at']).execute();
}

/** The tables of the first release. */
export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createRuns(db);
    await createStepRuns(db);
    await createDatasets(db);
    await createQuality(db);
    await createLoads(db);
  },
};
