import { randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { AlertRouting, ClaimedDelivery, DeliveryOutcome } from './alert-facts.js';
import { alertOf } from './alert-statements.js';
import type { AlertDeliveriesTable } from './alert-tables.js';
import type { CatalogSession } from './tables.js';

/** Deliveries that are tried for one claim, since others may be faster. */
const CANDIDATES = 5;

/** Decides whom an alert reaches: what decides first counts. */
export async function routeAlert(db: CatalogSession, routing: AlertRouting): Promise<boolean> {
  const { key, channels, heldBack, at, giveUpAt } = routing;
  const routed = await db
    .updateTable('alerts')
    .set({ routed_at: at, held_back: heldBack ? 1 : 0 })
    .where('key', '=', key)
    .where('routed_at', 'is', null)
    .returning('key')
    .executeTakeFirst();
  if (routed === undefined) return false;
  if (channels.length === 0) return true;
  await db
    .insertInto('alert_deliveries')
    .values(channels.map((channel) => ({ alert: key, channel, state: 'pending', attempts: 0, due_at: at, give_up_at: giveUpAt })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return true;
}

/** Takes a delivery that is due, or whose attempt counts as lost. */
export async function claimDelivery(
  db: CatalogSession,
  { channel, now, until }: { readonly channel: string; readonly now: string; readonly until: string },
): Promise<ClaimedDelivery | undefined> {
  const due = await db
    .selectFrom('alert_deliveries')
    .selectAll()
    .where('state', 'in', ['pending', 'sending'])
    .where('channel', '=', channel)
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .orderBy('alert')
    .limit(CANDIDATES)
    .execute();
  for (const seen of due) {
    const claimed = await claimSeen(db, seen, until);
    if (claimed) return claimed;
  }
  return undefined;
}

async function claimSeen(
  db: CatalogSession,
  seen: Selectable<AlertDeliveriesTable>,
  until: string,
): Promise<ClaimedDelivery | undefined> {
  const claim = randomBytes(8).toString('hex');
  const { alert: key, channel, attempts } = seen;
  const taken = await db
    .updateTable('alert_deliveries')
    .set({ state: 'sending', claim, due_at: until, attempts: attempts + 1 })
    .where('alert', '=', key)
    .where('channel', '=', channel)
    .where('state', '=', seen.state)
    .where('due_at', '=', seen.due_at)
    .where('attempts', '=', attempts)
    .returning('alert')
    .executeTakeFirst();
  if (taken === undefined) return undefined;
  const alert = await db.selectFrom('alerts').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
  return { alert: alertOf(alert), channel, attempts: attempts + 1, giveUpAt: seen.give_up_at, claim };
}

/** Writes what became of an attempt, unless it had counted as lost and somebody else has made another. */
export async function endDelivery(
  db: CatalogSession,
  { alert, channel, claim, attempts }: ClaimedDelivery,
  outcome: DeliveryOutcome,
): Promise<boolean> {
  const ended = await db
    .updateTable('alert_deliveries')
    .set({ claim: null, ...columnsOf(outcome, attempts) })
    .where('alert', '=', alert.key)
    .where('channel', '=', channel)
    .where('claim', '=', claim)
    .returning('alert')
    .executeTakeFirst();
  return ended !== undefined;
}

function columnsOf(outcome: DeliveryOutcome, attempts: number): Partial<AlertDeliveriesTable> {
  if (outcome.state === 'sent') return { state: 'sent', ended_at: outcome.at, error: null };
  if (outcome.state === 'dead') return { state: 'dead', ended_at: outcome.at, error: outcome.error };
  if (outcome.state === 'interrupted') return { state: 'pending', due_at: outcome.dueAt, attempts: attempts - 1 };
  return { state: 'pending', due_at: outcome.dueAt, error: outcome.error };
}

/** Gives up what was not sent in its time. */
export async function expireDeliveries(db: CatalogSession, now: string): Promise<void> {
  await db
    .updateTable('alert_deliveries')
    .set((row) => ({
      state: 'dead',
      claim: null,
      ended_at: now,
      error: row.fn.coalesce(
        'error',
        row.val('Nobody delivers to a channel of this name: the config has none, or not any more.'),
      ),
    }))
    .where('state', 'in', ['pending', 'sending'])
    .where('due_at', '<=', now)
    .where('give_up_at', '<', now)
    .execute();
}

/** Has deliveries that were given up tried again, as if for the first time. */
export async function retryDeliveries(
  db: CatalogSession,
  { key, at, giveUpAt }: { readonly key: string; readonly at: string; readonly giveUpAt: string },
): Promise<string[]> {
  const again = await db
    .updateTable('alert_deliveries')
    .set({ state: 'pending', attempts: 0, due_at: at, give_up_at: giveUpAt, ended_at: null })
    .where('alert', '=', key)
    .where('state', '=', 'dead')
    .returning('channel')
    .execute();
  return again.map(({ channel }) => channel).toSorted();
}
