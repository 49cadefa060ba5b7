import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** The most runs that one look finds. */
const MOST = 200;

export interface RunningRun extends Required<RunAddress> {
  /** The workflow type: a pipeline, or one of Millrace's own workflows. */
  readonly type: string;
  readonly startedAt: string;
}

/** The workflows of a task queue that run, those that began last first: by one visibility request, which may be a moment late. */
export async function listRunning({ client, address, namespace }: TemporalClient, taskQueue: string): Promise<RunningRun[]> {
  const query = `TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
  const { executions } = await answered({ address, namespace }, 'runs', () =>
    client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: MOST }),
  );
  return (executions ?? []).flatMap(({ execution, type, startTime }) =>
    execution?.workflowId && execution.runId
      ? [
          {
            workflowId: execution.workflowId,
            runId: execution.runId,
            type: type?.name ?? '',
            startedAt: new Date(Number(startTime?.seconds ?? 0) * 1000 + (startTime?.nanos ?? 0) / 1e6).toISOString(),
          },
        ]
      : [],
  );
}
