import type { CatalogSession } from './tables.js';

/** A lease as it stands: who holds it, and how often it was taken or renewed. */
export interface Lease {
  readonly holder: string;
  readonly beat: number;
}

/** A lease as it stands now; `undefined` while nobody holds it. */
export function readLease(db: CatalogSession, name: string): Promise<Lease | undefined> {
  return db.selectFrom('leases').select(['holder', 'beat']).where('name', '=', name).executeTakeFirst();
}

/**
 * Takes or renews a lease, if it still stands as the caller has `seen` it: of several who try, one has it then.
 *
 * @returns the lease as it is now held, or `undefined` when somebody was faster
 */
export async function takeLease(
  db: CatalogSession,
  name: string,
  holder: string,
  seen: Lease | undefined,
): Promise<Lease | undefined> {
  if (seen === undefined) {
    return db
      .insertInto('leases')
      .values({ name, holder, beat: 1 })
      .onConflict((conflict) => conflict.doNothing())
      .returning(['holder', 'beat'])
      .executeTakeFirst();
  }
  return db
    .updateTable('leases')
    .set({ holder, beat: seen.beat + 1 })
    .where('name', '=', name)
    .where('holder', '=', seen.holder)
    .where('beat', '=', seen.beat)
    .returning(['holder', 'beat'])
    .executeTakeFirst();
}

/** Gives a lease up, if the holder still has it. */
export async function dropLease(db: CatalogSession, name: string, holder: string): Promise<void> {
  await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
