import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { withPriority, type TaskOrder } from '../src/core/step-policy.js';
import type { AdmittedRun } from '../src/core/admission.js';
import type { StepCall } from './step-calls.js';

/** How a step's activity is run. */
export function activityOptions(
  activityId: string,
  { policy, summary }: Pick<StepCall, 'policy' | 'summary'>,
  { heartbeatTimeout, stepQueue }: Pick<AdmittedRun, 'heartbeatTimeout' | 'stepQueue'>,
  order: TaskOrder = {},
): ActivityOptions {
  const { timeout, retry, taskQueue = stepQueue } = policy;
  return {
    activityId,
    // Temporal refuses summaries over 400 bytes.
    summary: summary.slice(0, 100),
    startToCloseTimeout: duration(timeout) ?? '6 hours',
    heartbeatTimeout: duration(heartbeatTimeout),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: duration(retry?.initialInterval) ?? '1s',
      maximumInterval: duration(retry?.maximumInterval) ?? '1 minute',
      maximumAttempts: attemptsOf(policy),
    },
    ...(taskQueue !== undefined && { taskQueue }),
    ...withPriority({ priority: policy.priority ?? order.priority, fairness: policy.fairness ?? order.fairness }),
  };
}

/** How often a step is tried, unless its cause can't pass. */
export function attemptsOf(policy: StepCall['policy']): number {
  return policy.retry?.attempts ?? 10;
}

// Temporal types its durations as template literals; ours come from users as plain strings and are checked by Temporal.
function duration(value: string | number | undefined): '1s' | number | undefined {
  return value as '1s' | number | undefined;
}
