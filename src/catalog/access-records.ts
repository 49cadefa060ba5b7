import type { AuditBegun, AuditEnded, AuditFilter, AuditRow, TokenRecord } from './access-facts.js';
import { beginAudit, endAudit, listAudit } from './audit-statements.js';
import type { CatalogDatabase } from './database.js';
import { createToken, findToken, hasTokens, listTokens, revokeToken, touchToken } from './token-statements.js';

/** Tokens and the audit: records, which nothing else knows and no rebuild brings back. */
export interface AccessRecords {
  createToken(token: TokenRecord): Promise<void>;
  findToken(id: string): Promise<TokenRecord | undefined>;
  /** Every token that ever was, the latest first. */
  listTokens(): Promise<TokenRecord[]>;
  /** Whether there ever was a token, be it expired or revoked by now. */
  hasTokens(): Promise<boolean>;
  /** Revokes a token for good; the first to say it counts. */
  revokeToken(id: string, by: string, at: string): Promise<void>;
  /** Keeps when a token was last used. */
  touchToken(id: string, at: string): Promise<void>;
  /** Writes what is about to be changed. Until its end is told, its outcome is unknown. */
  beginAudit(entry: AuditBegun): Promise<void>;
  endAudit(id: string, end: AuditEnded): Promise<void>;
  /** The latest first. */
  listAudit(filter: AuditFilter): Promise<AuditRow[]>;
}

export function accessRecords(database: CatalogDatabase): AccessRecords {
  return {
    createToken: (token) => database.write((db) => createToken(db, token)),
    findToken: (id) => database.read((db) => findToken(db, id)),
    listTokens: () => database.read((db) => listTokens(db)),
    hasTokens: () => database.read((db) => hasTokens(db)),
    revokeToken: (id, by, at) => database.write((db) => revokeToken(db, id, by, at)),
    touchToken: (id, at) => database.write((db) => touchToken(db, id, at)),
    beginAudit: (entry) => database.write((db) => beginAudit(db, entry)),
    endAudit: (id, end) => database.write((db) => endAudit(db, id, end)),
    listAudit: (filter) => database.read((db) => listAudit(db, filter)),
  };
}
