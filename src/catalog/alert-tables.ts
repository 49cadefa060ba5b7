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
  /** When it was decided which channels get it. */
  routed_at: string | null;
  /** 1: it went to no channel, since there were too many of its kind. */
  held_back: number | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  acknowledged_why: string | null;
}

/** One alert on its way to one channel. */
export interface AlertDeliveriesTable {
  alert: string;
  channel: string;
  state: string;
  attempts: number;
  /** The next attempt; while one is under way, when it counts as lost. */
  due_at: string;
  /** No attempt is made after this. */
  give_up_at: string;
  /** Of the attempt under way: who makes it. */
  claim: string | null;
  /** When it was sent, or given up. */
  ended_at: string | null;
  /** What the latest attempt failed with. */
  error: string | null;
}

/** How a promise of a pipeline stands, as who watches it saw last. */
export interface SloStatesTable {
  pipeline: string;
  slo: string;
  /** As the config has it. With another one, watching begins anew. */
  bound: string;
  watched_since: string;
  checked_at: string;
  state: string;
  since: string;
  /** The partition, day or run that it is about. */
  subject: string | null;
  /** When the pipeline last kept it: a run completed, or rows were loaded. */
  last_at: string | null;
  /** When it will be breached, if nothing comes. */
  next_at: string | null;
}

/** Since when somebody watches what happens. */
export interface AlertWatchesTable {
  name: string;
  began_at: string;
}
