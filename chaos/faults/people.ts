import { randomUUID } from 'node:crypto';
import { NAMESPACE } from '../runs.js';
import type { Fault } from './fault.js';

/** Resets a run, at work or finished, to one of its earlier points, as Temporal's UI offers it. */
export const resetRun: Fault = async ({ stage: { temporal }, moment, runs, random }) => {
  try {
    const workflowId = moment.workflowId ?? (await runs.any(random));
    const handle = temporal.client.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    const points = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    if (points.length === 0) return;
    await temporal.client.workflowService.resetWorkflowExecution({
      namespace: NAMESPACE,
      workflowExecution: { workflowId, runId },
      reason: 'chaos',
      requestId: randomUUID(),
      workflowTaskFinishEventId: random.pick(points).eventId,
    });
  } finally {
    moment.release();
  }
};

/** Cancels a run at work; it is retried. */
export const cancelRun: Fault = async ({ stage: { temporal }, moment, runs, random }) => {
  try {
    const workflowId = moment.workflowId ?? (await runs.anyAtWork(random));
    await temporal.client.workflow.getHandle(workflowId).cancel().catch(ignoreClosed);
  } finally {
    moment.release();
  }
};

function ignoreClosed(error: unknown): void {
  if ((error as Error).name !== 'WorkflowNotFoundError') throw error;
}
