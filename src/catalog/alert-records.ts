import type { Selectable } from 'kysely';
import type { Alert, AlertKind, AlertSeverity } from '../core/alerts.js';
import type { AlertsTable } from './alert-tables.js';
import type { CatalogDatabase } from './database.js';
import type { CatalogSession } from './tables.js';

/** What the catalog keeps of alerts. It is no projection: nothing else knows what people were told. */
export interface AlertRecords {
  /** Keeps an alert, to be delivered. @returns false when its key was known: nothing is told twice */
  raiseAlert(alert: Alert): Promise<boolean>;
  findAlert(key: string): Promise<Alert | undefined>;
}

export function alertRecords(database: CatalogDatabase): AlertRecords {
  return {
    raiseAlert: (alert) => database.write((db) => raiseAlert(db, alert)),
    findAlert: (key) => database.read((db) => findAlert(db, key)),
  };
}

async function raiseAlert(db: CatalogSession, alert: Alert): Promise<boolean> {
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

async function findAlert(db: CatalogSession, key: string): Promise<Alert | undefined> {
  const row = await db.selectFrom('alerts').selectAll().where('key', '=', key).executeTakeFirst();
  return row && alertOf(row);
}

/** A row as an alert. */
export function alertOf(row: Selectable<AlertsTable>): Alert {
  const { workflow_id: workflowId, run_id: runId, kind, severity, pipeline, partition, details, ...told } = row;
  return {
    ...told,
    kind: kind as AlertKind,
    severity: severity as AlertSeverity,
    ...(pipeline !== null && { pipeline }),
    ...(partition !== null && { partition }),
    ...(workflowId !== null && { workflowId }),
    ...(runId !== null && { runId }),
    ...(details !== null && { details: JSON.parse(details) as Record<string, unknown> }),
  };
}
