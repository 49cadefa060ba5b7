import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { RunKey } from './facts.js';
import type { CatalogTables } from './tables.js';

/** Whether a run comes after another, by workflow id and run id. */
export function isAfterRun({
  workflowId,
  runId,
}: RunKey): (row: ExpressionBuilder<CatalogTables, 'runs'>) => Expression<SqlBool> {
  return (row) =>
    row.or([row('workflow_id', '>', workflowId), row.and([row('workflow_id', '=', workflowId), row('run_id', '>', runId)])]);
}
