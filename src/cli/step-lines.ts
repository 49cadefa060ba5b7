import { count, duration } from '../dev/text-format.js';
import type { RunSnapshot } from '../temporal/follow-run.js';

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

/** The steps of a run as they stand: what the run tells, and the heartbeats of those at work. */
export function stepLines(snapshot: RunSnapshot, now: number = Date.now()): StepLine[] {
  const pending = new Map(snapshot.run.pending.map((step) => [step.step, step]));
  const told = (snapshot.steps?.steps ?? []).map((step): StepLine => {
    const live = step.status === 'running' ? pending.get(step.step) : undefined;
    pending.delete(step.step);
    return {
      step: step.step,
      status: live?.state === 'cancelling' ? 'cancelling' : live?.state === 'scheduled' ? 'waiting' : step.status,
      rows: step.rows ?? live?.progress?.rows ?? null,
      rejected: step.rejected ?? null,
      durationMs: step.durationMs ?? (step.status === 'running' ? Math.max(0, now - Date.parse(step.startedAt)) : null),
      note: live ? noteOf(live) : (step.error ?? ''),
    };
  });
  // Normal activities that are not steps have ids that are not theirs.
  const others = [...pending.values()].filter((step) => step.step.includes(':') && snapshot.steps === undefined);
  return [
    ...told,
    ...others.map((step) => ({
      step: step.step,
      status: step.state === 'scheduled' ? 'waiting' : step.state,
      rows: step.progress?.rows ?? null,
      rejected: null,
      durationMs: null,
      note: noteOf(step),
    })),
  ];
}

/** The cells of a step's row, under {@link STEP_HEAD}. */
export function stepCells(line: StepLine): string[] {
  const time = line.durationMs === null ? '' : duration(line.durationMs);
  return [line.step, line.status, count(line.rows), count(line.rejected), time, line.note];
}

function noteOf(step: RunSnapshot['run']['pending'][number]): string {
  const phase = step.progress?.phase ?? '';
  if (step.attempt === 1) return phase;
  const before = step.lastFailure === null ? '' : `, after: ${step.lastFailure}`;
  return `attempt ${step.attempt}${before}`;
}
