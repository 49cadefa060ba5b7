import type { QuarantineRow, StepRow } from '../catalog/index.js';
import type { ReasonCount } from '../core/manifest.js';
import type { StepResult } from '../core/steps.js';
import type { RunProgress } from './follow-run.js';

/** What came of a run, in numbers. */
export interface RunFacts {
  readonly workflowId: string;
  readonly runId: string | null;
  readonly pipeline: string;
  readonly partition: string | null;
  readonly status: RunProgress['status'];
  readonly error: RunProgress['error'];
  readonly durationMs: number | null;
  /** Rows that were judged, that passed, that did not, and that the targets got. */
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly loaded: number;
  readonly steps: readonly StepFacts[];
  readonly rejections: readonly RejectionFacts[];
}

export interface StepFacts {
  readonly step: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly rows: number | null;
  readonly durationMs: number | null;
  /** Why the same work did not have to be done again: it was found. */
  readonly reused: boolean;
}

export interface RejectionFacts extends ReasonCount {
  /** The dataset whose rows they were. */
  readonly dataset: string;
}

/**
 * Adds up what the steps of a run say.
 *
 * @param quarantine what the catalog knows of the rejected rows: more reasons than a step's result has room for
 */
export function runFacts(progress: RunProgress, quarantine: readonly QuarantineRow[] = []): RunFacts {
  const { run, steps } = progress;
  const judged = steps.filter((step) => step.kind === 'validate');
  const times = steps.flatMap((step) => [step.startedAt, step.finishedAt]).flatMap((time) => (time ? [Date.parse(time)] : []));
  const ended = progress.finishedAt !== null && progress.startedAt !== null;
  return {
    workflowId: run.workflowId,
    runId: progress.runId,
    pipeline: run.pipeline,
    partition: run.partition ?? null,
    status: progress.status,
    error: progress.error,
    durationMs: ended
      ? Math.max(progress.finishedAt - progress.startedAt, times.length > 0 ? Math.max(...times) - Math.min(...times) : 0)
      : null,
    read: sum(judged, (step) => rowsRead(step)),
    accepted: sum(judged, (step) => rowsOf(step) ?? 0),
    rejected: sum(judged, (step) => rejectedBy(step)),
    loaded: sum(steps, (step) => (step.result && 'load' in step.result ? step.result.load.rows : 0)),
    steps: steps.map(stepFacts),
    rejections: quarantine.flatMap(({ dataset, reasons }) => reasons.map((reason) => ({ ...reason, dataset }))),
  };
}

/** Rows that a step gave on. */
export function rowsOf(step: StepRow): number | null {
  const { result } = step;
  if (!result) return null;
  if ('load' in result) return result.load.rows;
  return 'dataset' in result ? result.dataset.rows : null;
}

function stepFacts(step: StepRow): StepFacts {
  const durationMs = step.startedAt && step.finishedAt ? Date.parse(step.finishedAt) - Date.parse(step.startedAt) : null;
  const reused = step.result !== null && isReused(step.result);
  return { step: step.step, kind: step.kind, name: step.name, status: step.status, rows: rowsOf(step), durationMs, reused };
}

function isReused(result: StepResult): boolean {
  if ('load' in result) return result.load.alreadyDone;
  return 'dataset' in result && result.reused;
}

function rowsRead(step: StepRow): number {
  if (!step.result || !('dataset' in step.result)) return 0;
  return step.result.rowsRead ?? (step.result.dataset.rows ?? 0) + rejectedBy(step);
}

function rejectedBy(step: StepRow): number {
  return step.result && 'dataset' in step.result ? (step.result.rejected ?? 0) : 0;
}

function sum(steps: readonly StepRow[], of: (step: StepRow) => number): number {
  return steps.reduce((total, step) => total + of(step), 0);
}
