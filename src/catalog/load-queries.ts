import type { Selectable } from 'kysely';
import type { LoadMode } from '../core/load.js';
import type { LoadOptions } from '../core/quarantine.js';
import type { StepId } from '../core/steps.js';
import type { LoadRow } from './use-facts.js';
import type { CatalogSession, LoadsTable } from './tables.js';

/** One load, by its id and what it loaded. */
export async function findLoad(db: CatalogSession, loadId: string, content: string): Promise<LoadRow | undefined> {
  const row = await db
    .selectFrom('loads')
    .selectAll()
    .where('load_id', '=', loadId)
    .where('content', '=', content)
    .executeTakeFirst();
  return row && toRow(row);
}

/** The loads that added rows to a load which had been rejected then, earliest first. */
export async function listAdditions(db: CatalogSession, loadId: string): Promise<LoadRow[]> {
  const rows = await db
    .selectFrom('loads')
    .selectAll()
    .where('adds_to', '=', loadId)
    .orderBy('loaded_at')
    .orderBy('load_id')
    .execute();
  return rows.map(toRow);
}

function toRow(row: Selectable<LoadsTable>): LoadRow {
  return {
    loadId: row.load_id,
    content: row.content,
    workflowId: row.workflow_id,
    runId: row.run_id,
    step: row.step as StepId,
    connection: row.connection,
    target: row.target,
    mode: row.mode as LoadMode,
    partition: row.partition,
    rows: row.rows,
    loadedAt: row.loaded_at,
    options: row.options === null ? null : (JSON.parse(row.options) as LoadOptions),
    addsTo: row.adds_to,
  };
}
