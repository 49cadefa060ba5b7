import type { DatasetUse } from '../core/staging-sweep.js';
import type { CatalogSession } from './tables.js';

/**
 * Every dataset that a run's steps made or used again, with the run: also those whose rows a step refused as too bad. A run
 * that is at work is there once more, with an empty `uri`.
 */
export async function listDatasetUses(db: CatalogSession): Promise<DatasetUse[]> {
  const made = await db
    .selectFrom('step_runs')
    .innerJoin('runs', (join) =>
      join.onRef('runs.workflow_id', '=', 'step_runs.workflow_id').onRef('runs.run_id', '=', 'step_runs.run_id'),
    )
    .where('step_runs.dataset_uri', 'is not', null)
    .select(['step_runs.dataset_uri as uri', 'runs.workflow_id', 'runs.run_id', 'load_scope', 'runs.status'])
    .select(['runs.started_at', 'runs.finished_at'])
    .execute();
  const refused = await db
    .selectFrom('quarantine')
    .innerJoin('runs', (join) =>
      join.onRef('runs.workflow_id', '=', 'quarantine.workflow_id').onRef('runs.run_id', '=', 'quarantine.run_id'),
    )
    .select(['quarantine.dataset_uri as uri', 'runs.workflow_id', 'runs.run_id', 'load_scope', 'runs.status'])
    .select(['runs.started_at', 'runs.finished_at'])
    .execute();
  // One that has made nothing yet may need what it took over.
  const atWork = await db
    .selectFrom('runs')
    .where('status', '=', 'running')
    .select(['workflow_id', 'run_id', 'load_scope', 'status', 'started_at', 'finished_at'])
    .execute();
  const uses = new Map<string, DatasetUse>();
  for (const row of [...made, ...refused, ...atWork.map((run) => ({ ...run, uri: '' }))]) {
    const uri = row.uri ?? '';
    uses.set(`${uri} ${row.workflow_id} ${row.run_id}`, {
      uri,
      workflowId: row.workflow_id,
      runId: row.run_id,
      loadScope: row.load_scope,
      status: row.status as DatasetUse['status'],
      at: row.finished_at ?? row.started_at ?? '',
    });
  }
  return [...uses.values()];
}
