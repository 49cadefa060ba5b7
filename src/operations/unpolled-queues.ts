import type { PendingStep, RunDescription } from '../temporal/describe-run.js';
import type { StepView } from './run-view.js';
import type { TemporalStates } from './temporal-states.js';
import { unbegunStep } from './unbegun-step.js';

/** A task queue for whose workers steps of a run wait, while there are none. */
export interface UnpolledQueue {
  readonly taskQueue: string;
  readonly steps: readonly string[];
}

/** The task queues that steps of a run wait for and that no worker polls. */
export async function unpolledQueues(
  states: Pick<TemporalStates, 'hasStepWorker'>,
  description: Pick<RunDescription, 'pending' | 'pinnedTo'> | undefined,
): Promise<UnpolledQueue[]> {
  const waiting = (description?.pending ?? []).filter(({ state }) => state === 'scheduled');
  const queues = [...new Set(waiting.flatMap(({ taskQueue }) => taskQueue ?? []))].toSorted();
  const found: UnpolledQueue[] = [];
  for (const taskQueue of queues) {
    if (await states.hasStepWorker(taskQueue, description?.pinnedTo ?? null)) continue;
    found.push({ taskQueue, steps: waiting.filter((each) => each.taskQueue === taskQueue).map(({ step }) => step) });
  }
  return found;
}

/** The steps of a run with those that nobody has begun, since no worker polls their queue: the catalog knows nothing of them. */
export function withUnpolled(
  steps: readonly StepView[],
  pending: readonly PendingStep[],
  unpolled: readonly UnpolledQueue[],
): StepView[] {
  const noteOf = (step: string): string | undefined => {
    const queue = unpolled.find((each) => each.steps.includes(step));
    return queue && `no worker polls task queue "${queue.taskQueue}"`;
  };
  const known = steps.map((view) => ({ ...view, note: noteOf(view.step) ?? view.note }));
  const others = pending.flatMap(({ step, state, attempt }) => {
    const note = noteOf(step);
    if (note === undefined || steps.some((view) => view.step === step)) return [];
    return [unbegunStep({ step, status: state, attempts: attempt, note })];
  });
  return [...known, ...others];
}
