/** No projection: what people were to be told. */
export interface AlertsTable {
  key: string;
  kind: string;
  severity: string;
  title: string;
  text: string;
  pipeline: string | null;
  partition: string | null;
  workflow_id: string | null;
  run_id: string | null;
  at: string;
  /** JSON. */
  details: string | null;
}
