/** No projection: what people were asked, and who answered what. */
export interface ApprovalsTable {
  workflow_id: string;
  run_id: string;
  step: string;
  /** Grows with each change. */
  change: number;
  pipeline: string;
  partition: string | null;
  title: string;
  /** JSON. */
  details: string | null;
  /** JSON. */
  roles: string;
  needed: number;
  four_eyes: number;
  on_expiry: string;
  since: string;
  expires_at: string | null;
  status: string;
  /** JSON. */
  answers: string;
  /** JSON. */
  taken_from: string | null;
  ended_at: string | null;
}
