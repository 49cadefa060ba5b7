import { poolId, waitsForPool } from '../core/pools.js';
import { stepsOfActivity } from '../core/paired-steps.js';
import type { OperationContext } from './context.js';
import type { RunView, StepView } from './run-view.js';
import { unbegunStep } from './unbegun-step.js';

/**
 * The steps of an open run with those that wait for a pool, and at which place: the catalog's steps are those that have begun. As
 * the pools last told the catalog, so that nothing more is asked.
 */
export async function withQueuedSteps({ project, catalog }: OperationContext, view: RunView): Promise<readonly StepView[]> {
  if (view.finishedAt !== null || Object.keys(project.config.pools ?? {}).length === 0) return view.steps;
  const queue = view.taskQueue ?? project.taskQueue;
  const waiting = (await catalog.listPools(poolId(queue, ''))).flatMap(({ pool, queued }) =>
    queued.flatMap(({ workflowId, runId, step }, index) =>
      workflowId === view.workflowId && runId === view.runId
        ? stepsOfActivity(step).map((each) => ({ step: each, note: `${waitsForPool(pool)} (position ${index + 1})` }))
        : [],
    ),
  );
  const isNewer = ({ status }: StepView): boolean => ['running', 'scheduled', 'cancelling', 'done'].includes(status);
  const known = view.steps.map((step) => {
    const wait = waiting.find((each) => each.step === step.step);
    return wait && !isNewer(step) ? { ...step, status: 'queued', note: wait.note } : step;
  });
  const others = waiting.filter(({ step }) => !view.steps.some((each) => each.step === step));
  return [...known, ...others.map(({ step, note }) => unbegunStep({ step, status: 'queued', attempts: 0, note }))];
}
