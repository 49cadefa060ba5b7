import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Alert, AlertKind, AlertSeverity } from '../core/alerts.js';
import type { AlertDelivery, AlertFilter, AlertRow, DeliveryState } from './alert-facts.js';
import type { AlertDeliveriesTable, AlertsTable } from './alert-tables.js';
import type { CatalogSession, CatalogTables } from './tables.js';

export async function raiseAlert(db: CatalogSession, alert: Alert): Promise<boolean> {
  const { workflowId, runId, pipeline, partition, details, ...told } = alert;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('alerts')
    .values({
      ...told,
      pipeline: pipeline ?? null,
      partition: partition ?? null,
      workflow_id: workflowId ?? null,
      run_id: runId ?? null,
      details: details === undefined ? null : JSON.stringify(details),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function findAlert(db: CatalogSession, key: string): Promise<AlertRow | undefined> {
  const row = await db.selectFrom('alerts').selectAll().where('key', '=', key).executeTakeFirst();
  return row && (await withDeliveries(db, [row]))[0];
}

export async function listAlerts(db: CatalogSession, filter: AlertFilter): Promise<AlertRow[]> {
  const { kind, pipelines, runId, state, after, limit } = filter;
  if (pipelines?.length === 0) return [];
  let query = db.selectFrom('alerts').selectAll();
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (pipelines) query = query.where('pipeline', 'in', pipelines);
  if (runId !== undefined) query = query.where('run_id', '=', runId);
  if (state === 'open') query = query.where('acknowledged_at', 'is', null);
  if (state === 'acknowledged') query = query.where('acknowledged_at', 'is not', null);
  if (state === 'dead') query = query.where((row) => hasDelivery(row, ['dead']));
  if (state === 'pending') {
    query = query.where((row) => row.or([row('routed_at', 'is', null), hasDelivery(row, ['pending', 'sending'])]));
  }
  if (after) {
    query = query.where((row) =>
      row.or([row('at', '<', after.at), row.and([row('at', '=', after.at), row('key', '<', after.key)])]),
    );
  }
  return withDeliveries(db, await query.orderBy('at', 'desc').orderBy('key', 'desc').limit(limit).execute());
}

function hasDelivery(row: ExpressionBuilder<CatalogTables, 'alerts'>, states: readonly DeliveryState[]) {
  return row.exists(
    row
      .selectFrom('alert_deliveries')
      .select('alert_deliveries.alert')
      .whereRef('alert_deliveries.alert', '=', 'alerts.key')
      .where('alert_deliveries.state', 'in', states),
  );
}

export async function acknowledgeAlert(
  db: CatalogSession,
  key: string,
  { by, at, why }: { readonly by: string; readonly at: string; readonly why: string | null },
): Promise<boolean> {
  const done = await db
    .updateTable('alerts')
    .set({ acknowledged_at: at, acknowledged_by: by, acknowledged_why: why })
    .where('key', '=', key)
    .where('acknowledged_at', 'is', null)
    .returning('key')
    .executeTakeFirst();
  return done !== undefined;
}

export async function listUnrouted(db: CatalogSession, limit: number): Promise<Alert[]> {
  const query = db.selectFrom('alerts').selectAll().where('routed_at', 'is', null);
  return (await query.orderBy('at').orderBy('key').limit(limit).execute()).map(alertOf);
}

export async function countRouted(
  db: CatalogSession,
  { kind, pipeline }: Pick<Alert, 'kind' | 'pipeline'>,
  since: string,
): Promise<{ readonly sent: number; readonly heldBack: number }> {
  let query = db
    .selectFrom('alerts')
    .select(({ fn }) => [fn.countAll().as('all'), fn.sum('held_back').as('held_back')])
    .where('kind', '=', kind)
    .where('routed_at', '>', since);
  query = pipeline === undefined ? query.where('pipeline', 'is', null) : query.where('pipeline', '=', pipeline);
  const counted = await query.executeTakeFirst();
  const heldBack = Number(counted?.held_back ?? 0);
  return { sent: Number(counted?.all ?? 0) - heldBack, heldBack };
}

/** A row as an alert. */
export function alertOf(row: Selectable<AlertsTable>): Alert {
  const { workflow_id: workflowId, run_id: runId, pipeline, partition, details } = row;
  return {
    key: row.key,
    kind: row.kind as AlertKind,
    severity: row.severity as AlertSeverity,
    title: row.title,
    text: row.text,
    at: row.at,
    ...(pipeline !== null && { pipeline }),
    ...(partition !== null && { partition }),
    ...(workflowId !== null && { workflowId }),
    ...(runId !== null && { runId }),
    ...(details !== null && { details: JSON.parse(details) as Record<string, unknown> }),
  };
}

async function withDeliveries(db: CatalogSession, rows: readonly Selectable<AlertsTable>[]): Promise<AlertRow[]> {
  if (rows.length === 0) return [];
  const keys = rows.map(({ key }) => key);
  const deliveries = await db.selectFrom('alert_deliveries').selectAll().where('alert', 'in', keys).orderBy('channel').execute();
  return rows.map((row) => ({
    ...alertOf(row),
    heldBack: row.held_back === 1,
    acknowledged:
      row.acknowledged_at === null ? null : { at: row.acknowledged_at, by: row.acknowledged_by ?? '', why: row.acknowledged_why },
    deliveries: deliveries.filter(({ alert }) => alert === row.key).map(deliveryOf),
  }));
}

function deliveryOf(row: Selectable<AlertDeliveriesTable>): AlertDelivery {
  const state = row.state as DeliveryState;
  return {
    alert: row.alert,
    channel: row.channel,
    state,
    attempts: row.attempts,
    dueAt: state === 'pending' ? row.due_at : null,
    endedAt: row.ended_at,
    error: row.error,
  };
}
