/* Tables of schedules, as Kysely types them; see `tables.ts`. */

export interface ScheduleTicksTable {
  schedule: string;
  scheduled_at: string;
  starter_run_id: string;
  pipeline: string;
  kind: string;
  by: string | null;
  partition: string | null;
  outcome: string;
  code: string | null;
  reason: string | null;
  workflow_id: string | null;
  run_id: string | null;
  decided_at: string;
  ended_at: string | null;
  ended: string | null;
}

export interface ScheduleHorizonsTable {
  schedule: string;
  forgotten_until: string;
}

export interface SchedulePausesTable {
  schedule: string;
  paused_at: string;
  by: string;
  reason: string | null;
  resumed_at: string | null;
  resumed_by: string | null;
}
