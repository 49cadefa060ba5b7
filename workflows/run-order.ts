import { workflowInfo } from '@temporalio/workflow';
import type { AdmittedRun } from '../src/core/admission.js';
import type { Priority, TaskOrder } from '../src/core/step-policy.js';

/**
 * The order of a run's steps among those of others: as the run was started, as a backfill starts its runs with the lowest
 * priority; where the start said nothing, as the `temporal` CLI says nothing, as the pipeline's config has it.
 */
export function runOrder({ priority, fairness }: Pick<AdmittedRun, 'priority' | 'fairness'>): TaskOrder {
  const started = workflowInfo().priority;
  const key = started?.priorityKey as Priority | undefined;
  const { fairnessKey, fairnessWeight } = started ?? {};
  const ofStart = fairnessKey ? { key: fairnessKey, ...(fairnessWeight && { weight: fairnessWeight }) } : undefined;
  return { priority: key || priority, fairness: ofStart ?? fairness };
}
