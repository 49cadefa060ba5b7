import type { Selectable } from 'kysely';
import type { AuditBegun, AuditEnded, AuditFilter, AuditOutcome, AuditRow } from './access-facts.js';
import type { AuditTable } from './access-tables.js';
import type { CatalogSession } from './tables.js';

/** Writes what is about to be done. Until its end is told, its outcome is unknown. */
export async function beginAudit(db: CatalogSession, entry: AuditBegun): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      id: entry.id,
      at: entry.at,
      actor: entry.actor,
      actor_kind: entry.actorKind,
      actor_id: entry.actorId,
      role: entry.role,
      from_address: entry.from,
      request_id: entry.requestId,
      operation: entry.operation,
      target: entry.target,
      input: entry.input,
      outcome: 'unknown',
      ended_at: null,
      code: null,
      message: null,
      result: null,
    })
    // A write that was done and whose answer was lost is tried again.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes how it ended. */
export async function endAudit(db: CatalogSession, id: string, end: AuditEnded): Promise<void> {
  await db
    .updateTable('audit')
    .set({
      outcome: end.outcome,
      ended_at: end.endedAt,
      code: end.code,
      message: end.message,
      result: end.result,
      ...(end.target !== null && { target: end.target }),
    })
    .where('id', '=', id)
    .where('outcome', '=', 'unknown')
    .execute();
}

/** Entries, the latest first. */
export async function listAudit(db: CatalogSession, filter: AuditFilter): Promise<AuditRow[]> {
  let query = db.selectFrom('audit').selectAll();
  for (const column of ['actor', 'operation', 'outcome', 'target'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since);
  if (filter.until !== undefined) query = query.where('at', '<', filter.until);
  if (filter.after !== undefined) query = query.where('id', '<', filter.after);
  const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
  return rows.map(toRow);
}

function toRow(row: Selectable<AuditTable>): AuditRow {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    role: row.role,
    from: row.from_address,
    requestId: row.request_id,
    operation: row.operation,
    target: row.target,
    input: row.input,
    outcome: row.outcome as AuditOutcome,
    endedAt: row.ended_at,
    code: row.code,
    message: row.message,
    result: row.result,
  };
}
