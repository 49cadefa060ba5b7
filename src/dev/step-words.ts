import type { StepRow } from '../catalog/index.js';
import type { StepProgress } from '../core/steps.js';
import { rowsOf } from './run-facts.js';
import { count, duration } from './text-format.js';

/** A step in a few words: `validate flights done, 490,000 rows, 1.2 s`, `load delays_by_state copying 12,000 rows`. */
export function stepWords(step: StepRow, live?: StepProgress): string {
  const name = `${step.kind} ${step.name}`;
  if (step.status === 'running') {
    const attempt = step.attempt > 1 ? ` (attempt ${step.attempt})` : '';
    return `${name}${attempt}${live ? ` ${live.phase}${live.rows > 0 ? ` ${count(live.rows)} rows` : ''}` : ''}`;
  }
  if (step.status === 'failed')
    return `${name} failed${step.error?.willRetry ? ' and is tried again' : ''}: ${step.error?.message ?? ''}`;
  if (step.status === 'skipped') return `${name} skipped`;
  const rows = rowsOf(step);
  const time = step.startedAt && step.finishedAt ? duration(Date.parse(step.finishedAt) - Date.parse(step.startedAt)) : '';
  return [`${name} done`, rows === null ? '' : `${count(rows)} rows`, time].filter(Boolean).join(', ');
}
