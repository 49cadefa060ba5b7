import { CancellationScope, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { BackfillControl, BackfillInput, BackfillPlan, BackfillResult } from '../src/core/backfill.js';
import { BackfillOrders } from './backfill-orders.js';
import { BackfillWork } from './backfill-work.js';
import { asRunFailure } from './failures.js';

const { planBackfill } = proxyActivities<Pick<Activities, 'planBackfill'>>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

/**
 * Runs a pipeline over many partitions: each as the partition's own run, so many at once, at a low priority. It continues as
 * new when Temporal suggests it: the runs at work go on, and the next execution waits for their ends.
 *
 * @throws ApplicationFailure BACKFILL_INCOMPLETE when partitions have not completed; what is wrong with the input
 */
export async function backfill(input: BackfillInput, control: BackfillControl = {}): Promise<BackfillResult> {
  const orders = new BackfillOrders();
  orders.listen();
  const plan = control.carried ?? (await makePlan(input, control));
  if (control.carried?.paused) orders.paused = true;
  // What a cancellation does is decided by the work itself.
  const outcome = await CancellationScope.nonCancellable(() => new BackfillWork(plan, orders).execute());
  if ('result' in outcome) return outcome.result;
  return continueAsNew<typeof backfill>(input, { carried: outcome.carried });
}

async function makePlan(input: BackfillInput, { again }: BackfillControl): Promise<BackfillPlan> {
  const { workflowId, runStartTime } = workflowInfo();
  try {
    return await planBackfill({ backfill: workflowId, startedAt: runStartTime.toISOString(), input, ...(again && { again }) });
  } catch (error) {
    throw asRunFailure(error);
  }
}
