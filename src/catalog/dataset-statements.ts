import type { Manifest } from '../core/manifest.js';
import type { ContractRecorded, LedgerLoadRecorded, RecordedLoad, StepKey } from './facts.js';
import { filledIn } from './filled-in.js';
import { recordSchemaChanges } from './schema-changes.js';
import type { CatalogSession, DatasetsTable } from './tables.js';

const COLUMNS = [
  'uri',
  'name',
  'key',
  'content',
  'schema',
  'columns',
  'contract',
  'contract_hash',
  'rows',
  'bytes',
  'reproducible',
  'engine',
  'created_at',
  'range',
] as const satisfies readonly (keyof DatasetsTable)[];

const insertDataset = filledIn<Pick<DatasetsTable, (typeof COLUMNS)[number]>>(COLUMNS, (db, values) =>
  db
    .insertInto('datasets')
    .values(values)
    .onConflict((conflict) => conflict.doNothing()),
);

/** Writes a dataset and its parents. A dataset never changes, so one that is known stays as it is. */
export async function recordDataset(db: CatalogSession, uri: string, manifest: Manifest): Promise<void> {
  await insertDataset(db, {
    uri,
    name: manifest.name,
    key: manifest.key,
    content: manifest.content,
    schema: manifest.schema,
    columns: JSON.stringify(manifest.columns),
    contract: manifest.contract?.name ?? null,
    contract_hash: manifest.contract?.hash ?? null,
    rows: manifest.rows,
    bytes: manifest.bytes,
    reproducible: manifest.reproducible ? 1 : 0,
    engine: manifest.engine,
    created_at: manifest.createdAt,
    range: manifest.range ? JSON.stringify(manifest.range) : null,
  });
  if (manifest.parents.length === 0) return;
  await db
    .insertInto('dataset_parents')
    .values(
      manifest.parents.map((parent) => ({
        uri,
        parent_uri: parent.uri,
        parent_name: parent.name,
        parent_content: parent.content,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes what a contract said about the rows of one attempt, and where the rejected ones are. */
export async function recordVerdict(db: CatalogSession, key: StepKey, uri: string, manifest: Manifest): Promise<void> {
  const verdict = manifest.verdict;
  if (!verdict) return;
  const step = { workflow_id: key.workflowId, run_id: key.runId, step: key.step, attempt: key.attempt };
  await db
    .insertInto('quality_results')
    .values({
      ...step,
      dataset_uri: uri,
      dataset: manifest.name,
      contract: manifest.contract?.name ?? null,
      contract_hash: manifest.contract?.hash ?? null,
      rows_read: verdict.rowsRead,
      accepted: verdict.accepted,
      rejected: verdict.rejected,
      judged_by_sql: verdict.judgedBySql,
      undecided: verdict.undecided,
      judged_by_zod: verdict.judgedByZod,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (verdict.reasons.length > 0) {
    await db
      .insertInto('quality_reasons')
      .values(
        verdict.reasons.map(({ code, path, message, rows }, position) => ({ ...step, position, code, path, message, rows })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  if (verdict.rejects !== undefined) {
    await db
      .insertInto('quarantine')
      .values({ ...step, dataset_uri: uri, rejects_uri: verdict.rejects, rows: verdict.rejected })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/**
 * Writes a load, once for its id and content. The attempt that did the work is kept rather than one that found it done.
 */
export async function recordLoad(db: CatalogSession, key: StepKey, load: RecordedLoad, loadedAt: string): Promise<void> {
  await db
    .insertInto('loads')
    .values({
      load_id: load.loadId,
      content: load.content,
      workflow_id: key.workflowId,
      run_id: key.runId,
      step: key.step,
      attempt: key.attempt,
      connection: load.connection,
      target: load.target,
      mode: load.mode,
      partition: load.partition ?? null,
      rows: load.rows,
      replaced: load.replaced,
      already_done: load.alreadyDone ? 1 : 0,
      created: load.created ? 1 : 0,
      loaded_at: loadedAt,
      watermark: load.moved ? JSON.stringify(load.moved) : null,
      deleted: load.deleted ?? null,
      options: load.options ? JSON.stringify(load.options) : null,
      adds_to: load.addsTo ?? null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['load_id', 'content'])
        .doUpdateSet((row) => ({
          workflow_id: row.ref('excluded.workflow_id'),
          run_id: row.ref('excluded.run_id'),
          step: row.ref('excluded.step'),
          attempt: row.ref('excluded.attempt'),
          rows: row.ref('excluded.rows'),
          replaced: row.ref('excluded.replaced'),
          already_done: row.ref('excluded.already_done'),
          created: row.ref('excluded.created'),
          loaded_at: row.ref('excluded.loaded_at'),
          deleted: row.ref('excluded.deleted'),
          options: row.ref('excluded.options'),
        }))
        .where('loads.already_done', '=', 1)
        .where((row) => row(row.ref('excluded.already_done'), '=', 0)),
    )
    .execute();
  await recordSchemaChanges(db, load);
}

/**
 * Writes a load that only the ledger of its destination tells of; what is known of it stays. It counts as found done, so
 * that what the attempt itself told, if that is told later, takes its place.
 *
 * @returns whether it was not known
 */
export async function recordLedgerLoad(db: CatalogSession, load: LedgerLoadRecorded): Promise<boolean> {
  const written = await db
    .insertInto('loads')
    .values({
      load_id: load.loadId,
      content: load.content,
      workflow_id: load.workflowId,
      run_id: load.runId,
      step: load.step,
      attempt: 0,
      connection: load.connection,
      target: load.target,
      mode: load.mode,
      partition: load.partition ?? null,
      rows: load.rows,
      replaced: 0,
      already_done: 1,
      created: 0,
      loaded_at: load.loadedAt,
      watermark: load.watermark ? JSON.stringify(load.watermark) : null,
      deleted: load.deleted ?? null,
      options: null,
      adds_to: load.addsTo ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('load_id')
    .executeTakeFirst();
  await recordSchemaChanges(db, load);
  return written !== undefined;
}

/** Writes a version of a contract, once for its name and hash. */
export async function recordContractVersion(db: CatalogSession, fact: ContractRecorded): Promise<void> {
  await db
    .insertInto('contract_versions')
    .values({
      name: fact.name,
      hash: fact.hash,
      definition: fact.definition,
      first_seen_at: fact.seenAt ?? new Date().toISOString(),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['name', 'hash'])
        .doUpdateSet((row) => ({ first_seen_at: row.ref('excluded.first_seen_at') }))
        .where((row) => row('contract_versions.first_seen_at', '>', row.ref('excluded.first_seen_at'))),
    )
    .execute();
}
