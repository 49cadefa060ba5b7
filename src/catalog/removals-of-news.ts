import type { CatalogSession } from './tables.js';

/*
 * What people were told, and what triggers decided: nothing stands on it once it is old, but what is named here.
 */

/**
 * Removes alerts with their deliveries. One that is still on its way stays; so does one of a promise, while a promise of its
 * pipeline is broken, since that would be told again.
 */
export async function removeAlerts(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const old = await db
    .selectFrom('alerts')
    .select('key')
    .where('at', '<', before)
    .where((row) =>
      row.or([
        row('kind', '<>', 'slo'),
        row.not(
          row.exists(
            row
              .selectFrom('slo_states')
              .select('slo')
              .whereRef('slo_states.pipeline', '=', 'alerts.pipeline')
              .where('slo_states.state', '=', 'breached'),
          ),
        ),
      ]),
    )
    .where('routed_at', 'is not', null)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('alert_deliveries')
            .select('channel')
            .whereRef('alert_deliveries.alert', '=', 'alerts.key')
            .where('alert_deliveries.ended_at', 'is', null),
        ),
      ),
    )
    .orderBy('at')
    .limit(limit)
    .execute();
  const keys = old.map(({ key }) => key);
  if (keys.length === 0) return {};
  const deliveries = await db.deleteFrom('alert_deliveries').where('alert', 'in', keys).executeTakeFirst();
  await db.deleteFrom('alerts').where('key', 'in', keys).execute();
  return { alerts: keys.length, alert_deliveries: Number(deliveries.numDeletedRows) };
}

/** Removes evaluations of triggers that a later one of the same kind and partition has followed: the last one tells what waits. */
export async function removeEvaluations(db: CatalogSession, before: string, limit: number): Promise<Record<string, number>> {
  const old = await db
    .selectFrom('trigger_evaluations as old')
    .select(['old.trigger', 'old.id'])
    .where('old.at', '<', before)
    .where((row) =>
      row.exists(
        row
          .selectFrom('trigger_evaluations as later')
          .select('later.id')
          .whereRef('later.trigger', '=', 'old.trigger')
          .whereRef('later.kind', '=', 'old.kind')
          .where((same) =>
            same.or([
              same('later.partition', '=', same.ref('old.partition')),
              same.and([same('later.partition', 'is', null), same('old.partition', 'is', null)]),
            ]),
          )
          .whereRef('later.last_id', '>', 'old.last_id'),
      ),
    )
    .orderBy('old.id')
    .limit(limit)
    .execute();
  for (const { trigger, id } of old)
    await db.deleteFrom('trigger_evaluations').where('trigger', '=', trigger).where('id', '=', id).execute();
  return old.length === 0 ? {} : { trigger_evaluations: old.length };
}
