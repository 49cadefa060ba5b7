import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  startChild,
  TerminatedFailure,
  TimeoutFailure,
  type ChildWorkflowHandle,
  type Workflow,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import { BACKFILL_PRIORITY, partitionRunId, reasonText, type BackfillPlan, type PartitionOutcome } from '../src/core/backfill.js';
import { STARTED_BY } from '../src/core/started-by.js';
import { messageOf } from '../src/core/errors.js';
import { withPriority } from '../src/core/step-policy.js';
import { unwrap } from './failures.js';

// Asked again and again for as long as the run is under way: in moments at first, then twice a minute.
const { awaitRun } = proxyActivities<Pick<Activities, 'awaitRun'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '30s' },
});

/**
 * Does one partition: starts its run and waits for its end. Where a run of it is under way, that one is waited for instead.
 *
 * @param begun is called as soon as Temporal has answered the start: with the run's id where it has begun
 */
export async function runPartition(
  { request: { pipeline, params, by }, parameter, fairness }: BackfillPlan,
  partition: string,
  begun: (runId?: string) => void,
): Promise<PartitionOutcome> {
  const workflowId = partitionRunId(pipeline, partition);
  let child: ChildWorkflowHandle<Workflow> | undefined;
  try {
    child = await startChild(pipeline, {
      workflowId,
      args: [{ ...params, [parameter]: partition }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { [STARTED_BY]: by },
      // It outlives the backfill: one that continues as new, or is terminated, leaves it at work.
      parentClosePolicy: 'ABANDON',
      ...withPriority({ priority: BACKFILL_PRIORITY, fairness }),
    });
    begun(child.firstExecutionRunId);
    await child.result();
    return { status: 'completed', runId: child.firstExecutionRunId };
  } catch (error) {
    if (!child) begun();
    return (await otherEnding(error, workflowId)) ?? { ...endingOf(error), ...(child && { runId: child.firstExecutionRunId }) };
  }
}

/**
 * Waits for the end of a partition's run that an earlier execution has begun, or waited for. When the backfill is cancelled, a
 * run of its own is asked to stop, and waited for.
 *
 * @param runId of a run that the backfill has begun
 */
export async function awaitPartition(workflowId: string, runId: string | undefined): Promise<PartitionOutcome> {
  try {
    return await awaitRun(workflowId);
  } catch (error) {
    if (!isCancellation(error)) return endingOf(error);
    if (runId === undefined) return othersRun(workflowId);
    return CancellationScope.nonCancellable(async () => {
      // It may have ended meanwhile.
      await getExternalWorkflowHandle(workflowId, runId)
        .cancel()
        .catch(() => undefined);
      return awaitRun(workflowId);
    });
  }
}

/** What Temporal has as the truth, where the end that was seen here is not that of the partition. */
async function otherEnding(error: unknown, workflowId: string): Promise<PartitionOutcome | undefined> {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  const isUnderWay = cause instanceof WorkflowExecutionAlreadyStartedError;
  // A run that was reset ends as terminated, and another goes on in its place.
  const mayGoOn = cause instanceof TerminatedFailure || cause instanceof TimeoutFailure;
  if (!isUnderWay && !mayGoOn) return undefined;
  try {
    return await awaitRun(workflowId);
  } catch (failure) {
    if (!isCancellation(failure)) return endingOf(failure);
    return othersRun(workflowId);
  }
}

function othersRun(workflowId: string): PartitionOutcome {
  return { status: 'cancelled', code: 'CANCELLED', message: `Run ${workflowId} was started by somebody else, and goes on.` };
}

function endingOf(error: unknown): PartitionOutcome {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : unwrap(error);
  if (cause instanceof CancelledFailure || isCancellation(error)) {
    return { status: 'cancelled', code: 'CANCELLED', message: 'The run was cancelled.' };
  }
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'STEP_FAILED') : 'STEP_FAILED';
  return { status: 'failed', code, message: reasonText(code, messageOf(cause)) };
}
