import { sql } from 'kysely';
import type { CatalogSession } from './tables.js';

/** When a dataset was last of use to runs. */
export interface LastUse {
  readonly uri: string;
  /** Whether a run goes on that used it, or that takes steps over from one that did. */
  readonly running: boolean;
  /** ISO: the latest end of such a run; of one that goes on its start. */
  readonly at: string;
}

/**
 * When runs last used datasets. A run that retries another one uses what that one made without saying so: what one run of a
 * load scope used, all of them count on.
 */
export async function lastUsesOf(db: CatalogSession, uris: readonly string[]): Promise<LastUse[]> {
  if (uris.length === 0) return [];
  const latest = new Map<string, LastUse>();
  for (const table of ['step_runs', 'quarantine'] as const) {
    const rows = await db
      .selectFrom(table)
      .innerJoin('runs as own', (join) =>
        join.onRef('own.workflow_id', '=', `${table}.workflow_id`).onRef('own.run_id', '=', `${table}.run_id`),
      )
      .leftJoin('runs as mate', 'mate.load_scope', 'own.load_scope')
      .where(`${table}.dataset_uri`, 'in', uris)
      .groupBy(`${table}.dataset_uri`)
      .select(`${table}.dataset_uri as uri`)
      .select(sql<string | null>`max(coalesce(mate.finished_at, mate.started_at, own.finished_at, own.started_at))`.as('at'))
      .select(
        sql<number | string>`max(case when own.status = 'running' or mate.status = 'running' then 1 else 0 end)`.as('running'),
      )
      .execute();
    for (const { uri, at, running } of rows) {
      if (uri === null) continue;
      const known = latest.get(uri);
      const later = known && known.at > (at ?? '') ? known.at : (at ?? '');
      latest.set(uri, { uri, at: later, running: Number(running) === 1 || known?.running === true });
    }
  }
  return [...latest.values()];
}
