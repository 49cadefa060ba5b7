/** No projection: what somebody has decided, which nothing else tells. */
export interface AuditOverridesTable {
  workflow_id: string;
  run_id: string;
  step: string;
  reason: string;
  by: string;
  at: string;
}

/** No projection once Temporal has deleted the run: what somebody did to it. */
export interface RunDecisionsTable {
  workflow_id: string;
  run_id: string;
  number: number;
  action: string;
  step: string | null;
  dataset: string | null;
  by: string;
  reason: string | null;
  at: string;
}

export interface RunHoldsTable {
  workflow_id: string;
  run_id: string;
  number: number;
  /** JSON. */
  holds: string;
}
