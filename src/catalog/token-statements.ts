import type { Selectable } from 'kysely';
import type { TokenRecord, TokenScope } from './access-facts.js';
import type { TokensTable } from './access-tables.js';
import type { CatalogSession } from './tables.js';

export async function createToken(db: CatalogSession, token: TokenRecord): Promise<void> {
  await db
    .insertInto('tokens')
    .values({
      id: token.id,
      name: token.name,
      role: token.role,
      scope: token.scope ? JSON.stringify(token.scope) : null,
      groups: token.groups.length > 0 ? JSON.stringify(token.groups) : null,
      secret_hash: token.secretHash,
      created_at: token.createdAt,
      created_by: token.createdBy,
      expires_at: token.expiresAt,
      revoked_at: token.revokedAt,
      revoked_by: token.revokedBy,
      last_used_at: token.lastUsedAt,
    })
    .execute();
}

export async function findToken(db: CatalogSession, id: string): Promise<TokenRecord | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRecord(row);
}

/** Every token that ever was, the latest first. */
export async function listTokens(db: CatalogSession): Promise<TokenRecord[]> {
  const rows = await db.selectFrom('tokens').selectAll().orderBy('created_at', 'desc').orderBy('id').execute();
  return rows.map(toRecord);
}

/** Whether there ever was a token, be it expired or revoked by now. */
export async function hasTokens(db: CatalogSession): Promise<boolean> {
  return (await db.selectFrom('tokens').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Revokes a token; the first to say it counts. */
export async function revokeToken(db: CatalogSession, id: string, by: string, at: string): Promise<void> {
  await db
    .updateTable('tokens')
    .set({ revoked_at: at, revoked_by: by })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
}

export async function touchToken(db: CatalogSession, id: string, at: string): Promise<void> {
  await db.updateTable('tokens').set({ last_used_at: at }).where('id', '=', id).execute();
}

function toRecord(row: Selectable<TokensTable>): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    scope: row.scope === null ? null : (JSON.parse(row.scope) as TokenScope),
    groups: row.groups === null ? [] : (JSON.parse(row.groups) as string[]),
    secretHash: row.secret_hash,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    lastUsedAt: row.last_used_at,
  };
}
