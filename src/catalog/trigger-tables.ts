/* Tables of triggers, as Kysely types them; see `tables.ts`. */

export interface TriggerEvaluationsTable {
  trigger: string;
  id: string;
  /** Of the latest evaluation that came to the same; `id` is the first one's. */
  last_id: string;
  pipeline: string;
  kind: string;
  partition: string | null;
  first_at: string;
  at: string;
  times: number;
  outcome: string;
  code: string | null;
  reason: string | null;
  /** JSON: texts. */
  inputs: string;
  workflow_id: string | null;
  run_id: string | null;
}

export interface TriggerMarksTable {
  /** Whose it is. */
  name: string;
  /** JSON. */
  value: string;
  saved_at: string;
}
