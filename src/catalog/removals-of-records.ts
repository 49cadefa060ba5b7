import { sql } from 'kysely';
import { count, ofRun } from './removals.js';
import type { CatalogSession } from './tables.js';

/*
 * What people did and decided. It is no projection: nothing brings it back, so that it has a time of its own.
 */

/** When what was decided about runs was over. It goes with the audit, once the run that it is about is gone. */
const DECIDED_AT = { run_decisions: 'at', audit_overrides: 'at', approvals: 'ended_at' } as const;
type Decisions = keyof typeof DECIDED_AT;
const DECISIONS = Object.keys(DECIDED_AT) as Decisions[];

export async function removeAudit(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  const old = await db.selectFrom('audit').select('id').where('at', '<', before).orderBy('id').limit(limit).execute();
  const ids = old.map(({ id }) => id);
  if (ids.length > 0) {
    const { numDeletedRows } = await db.deleteFrom('audit').where('id', 'in', ids).executeTakeFirst();
    count(removed, 'audit', numDeletedRows);
  }
  for (const table of DECISIONS) {
    const runs = await oldDecisions(db, table, before).select(['workflow_id', 'run_id']).distinct().limit(limit).execute();
    for (const run of runs) {
      const key = { workflowId: run.workflow_id, runId: run.run_id };
      count(removed, table, (await ofRun(db.deleteFrom(table), key).executeTakeFirst()).numDeletedRows);
    }
  }
  return removed;
}

export async function countAudit(db: CatalogSession, before: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const rows = sql<number | string>`count(*)`.as('rows');
  const audit = await db.selectFrom('audit').where('at', '<', before).select(rows).executeTakeFirst();
  count(found, 'audit', audit?.rows ?? 0);
  for (const table of DECISIONS)
    count(found, table, (await oldDecisions(db, table, before).select(rows).executeTakeFirst())?.rows ?? 0);
  return found;
}

function oldDecisions(db: CatalogSession, table: Decisions, before: string) {
  return db
    .selectFrom(table)
    .where(sql.ref(DECIDED_AT[table]), '<', before)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('runs')
            .select('runs.run_id')
            .whereRef('runs.workflow_id', '=', `${table}.workflow_id`)
            .whereRef('runs.run_id', '=', `${table}.run_id`),
        ),
      ),
    );
}
