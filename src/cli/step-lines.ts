import { count, duration } from '../dev/text-format.js';
import type { Run } from './outcome.js';

/** One step as a table's row shows it. */
export interface StepLine {
  readonly step: string;
  readonly status: string;
  readonly rows: number | null;
  readonly rejected: number | null;
  readonly durationMs: number | null;
  /** What is happening, or what went wrong. */
  readonly note: string;
}

export const STEP_HEAD = ['step', 'state', 'rows', 'rejected', 'time', ''] as const;

/** The steps of a run as they stand. */
export function stepLines({ steps }: Pick<Run, 'steps'>, now: number = Date.now()): StepLine[] {
  return steps.map(({ step, status, rows, rejected, startedAt, durationMs, attempts, note }) => ({
    step,
    status: status === 'scheduled' ? 'waiting' : status,
    rows,
    rejected,
    durationMs: durationMs ?? (status === 'running' && startedAt !== null ? Math.max(0, now - Date.parse(startedAt)) : null),
    note: attempts > 1 && status !== 'done' ? [`attempt ${attempts}`, note].filter(Boolean).join(', ') : note,
  }));
}

/** The cells of a step's row, under {@link STEP_HEAD}. */
export function stepCells(line: StepLine): string[] {
  const time = line.durationMs === null ? '' : duration(line.durationMs);
  return [line.step, line.status, count(line.rows), count(line.rejected), time, line.note];
}
