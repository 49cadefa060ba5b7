import type { TemporalClient } from './connect.js';
import type { RunningRun } from './list-running.js';
import { isoTime } from './iso-time.js';
import { answered } from './service-errors.js';

/** Runs of one answer. */
const PAGE = 500;

/**
 * The runs of some pipelines that run and started before a moment. One visibility request for each 500, which may be a moment
 * late: who minds sees with `describeRun` whether one still runs.
 *
 * @param between is awaited between two requests
 */
export async function listLongRunning(
  temporal: TemporalClient,
  asked: { readonly taskQueue: string; readonly pipelines: readonly string[]; readonly startedBefore: Date },
  between: () => Promise<void>,
): Promise<RunningRun[]> {
  const { client, namespace } = temporal;
  const types = asked.pipelines.map(quoted).join(', ');
  const query = `TaskQueue = ${quoted(asked.taskQueue)} AND ExecutionStatus = 'Running' AND WorkflowType IN (${types}) AND StartTime <= '${asked.startedBefore.toISOString()}'`;
  const found: RunningRun[] = [];
  let nextPageToken: Uint8Array | null | undefined;
  do {
    if (nextPageToken) await between();
    const answer = await answered(temporal, 'runs', () =>
      client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE, nextPageToken }),
    );
    for (const { execution, type, startTime } of answer.executions ?? []) {
      if (!execution?.workflowId || !execution.runId || !startTime) continue;
      const { workflowId, runId } = execution;
      found.push({ workflowId, runId, type: type?.name ?? '', startedAt: isoTime(startTime) });
    }
    ({ nextPageToken } = answer);
  } while (nextPageToken?.length);
  return found;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
