import type { StepView } from './run-view.js';

/** A step that no worker has begun, so that the catalog knows nothing of it. */
export function unbegunStep({ step, status, attempts, note }: Pick<StepView, 'step' | 'status' | 'attempts' | 'note'>): StepView {
  return {
    step,
    status,
    rows: null,
    rowsRead: null,
    rejected: null,
    dataset: null,
    contract: null,
    startedAt: null,
    durationMs: null,
    attempts,
    target: null,
    range: null,
    watermark: null,
    deleted: null,
    reasons: [],
    note,
  };
}
