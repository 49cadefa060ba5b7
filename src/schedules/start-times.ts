import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TerminalError } from '../core/errors.js';
import { START_WORKFLOW, type ScheduledStart } from '../core/schedule.js';
import type { TemporalClient } from '../temporal/connect.js';
import type { RunAddress } from '../temporal/run-id.js';
import { answered } from '../temporal/service-errors.js';

/**
 * Starts runs for times that somebody asks for, through the workflow that the schedule itself starts.
 *
 * @throws TerminalError SCHEDULE_FILLING when missed times are being filled already
 */
export async function startTimes(
  temporal: TemporalClient,
  taskQueue: string,
  start: ScheduledStart & Required<Pick<ScheduledStart, 'times' | 'asked'>>,
): Promise<Required<RunAddress>> {
  const { schedule, asked } = start;
  // One fill of a schedule at a time, so that two do not start the same times.
  const workflowId = asked.kind === 'fill' ? `${schedule}/fill` : `${schedule}/trigger-${start.times[0]}`;
  return answered(temporal, workflowId, async () => {
    try {
      const handle = await temporal.client.workflow.start(START_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [start],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      });
      return { workflowId, runId: handle.firstExecutionRunId };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const message = `Missed times of ${start.pipeline} are being filled already, by ${workflowId}. Wait for its end, or stop it: temporal workflow cancel --workflow-id '${workflowId}'`;
      throw new TerminalError('SCHEDULE_FILLING', message, { workflowId }, { cause: error });
    }
  });
}
