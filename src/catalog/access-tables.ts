/** No projection: who may call the service. */
export interface TokensTable {
  id: string;
  name: string;
  role: string;
  /** JSON. */
  scope: string | null;
  /** JSON. */
  groups: string | null;
  secret_hash: string;
  created_at: string;
  created_by: string;
  expires_at: string | null;
  revoked_at: string | null;
  revoked_by: string | null;
  last_used_at: string | null;
}

/** No projection: what was changed, by whom. */
export interface AuditTable {
  id: string;
  at: string;
  actor: string;
  actor_kind: string;
  actor_id: string | null;
  role: string;
  from_address: string | null;
  request_id: string | null;
  operation: string;
  target: string | null;
  /** JSON. */
  input: string;
  outcome: string;
  ended_at: string | null;
  code: string | null;
  message: string | null;
  /** JSON. */
  result: string | null;
}
