import type { SchemaChange } from '../core/load.js';
import type { SchemaChangeRow } from './facts.js';
import { listSteps } from './step-queries.js';
import type { CatalogSession } from './tables.js';

interface ChangingLoad {
  readonly loadId: string;
  readonly content: string;
  readonly target: string;
  readonly changes?: readonly SchemaChange[];
}

/** Writes how a load changed columns. Whoever tells of it again tells the same, or the first of them only. */
export async function recordSchemaChanges(db: CatalogSession, load: ChangingLoad): Promise<void> {
  const { loadId, content, target, changes = [] } = load;
  if (changes.length === 0) return;
  await db
    .insertInto('schema_changes')
    .values(
      changes.map(({ change, column, from, to, rows }, position) => ({
        load_id: loadId,
        content,
        position,
        target,
        change,
        column,
        from_type: from ?? null,
        to_type: to ?? null,
        rows: rows ?? null,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** How the loads of a run changed columns, step by step. */
export async function listSchemaChanges(db: CatalogSession, workflowId: string, runId: string): Promise<SchemaChangeRow[]> {
  const found: SchemaChangeRow[] = [];
  for (const step of await listSteps(db, workflowId, runId)) {
    if (step.kind !== 'load') continue;
    const rows = await db
      .selectFrom('loads')
      .innerJoin('schema_changes as changed', (join) =>
        join.onRef('changed.load_id', '=', 'loads.load_id').onRef('changed.content', '=', 'loads.content'),
      )
      .select(['changed.target', 'changed.change', 'changed.column', 'changed.from_type', 'changed.to_type', 'changed.rows'])
      .where('loads.workflow_id', '=', step.workflowId)
      .where('loads.run_id', '=', step.runId)
      .where('loads.step', '=', step.step)
      .orderBy('loads.loaded_at')
      .orderBy('changed.position')
      .execute();
    found.push(
      ...rows.map((row) => ({
        step: step.step,
        target: row.target,
        change: row.change as SchemaChange['change'],
        column: row.column,
        from: row.from_type,
        to: row.to_type,
        rows: row.rows,
      })),
    );
  }
  return found;
}
