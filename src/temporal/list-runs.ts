import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** Runs of one answer. */
const PAGE = 500;

/**
 * Every run of these pipelines on a task queue that Temporal still has, running or closed.
 *
 * @param mayAsk is awaited before each visibility request
 */
export async function* listRuns(
  temporal: TemporalClient,
  wanted: { readonly pipelines: readonly string[]; readonly taskQueue: string },
  mayAsk: () => Promise<unknown>,
): AsyncGenerator<Required<RunAddress>> {
  const { client, namespace } = temporal;
  if (wanted.pipelines.length === 0) return;
  const query = `WorkflowType IN (${wanted.pipelines.map(quote).join(', ')}) AND TaskQueue = ${quote(wanted.taskQueue)}`;
  let nextPageToken: Uint8Array | undefined;
  do {
    await mayAsk();
    const request = { namespace, query, pageSize: PAGE, ...(nextPageToken && { nextPageToken }) };
    const answer = await answered(temporal, 'runs', () => client.workflowService.listWorkflowExecutions(request));
    for (const { execution } of answer.executions ?? []) {
      if (execution?.workflowId && execution.runId) yield { workflowId: execution.workflowId, runId: execution.runId };
    }
    nextPageToken = answer.nextPageToken && answer.nextPageToken.length > 0 ? answer.nextPageToken : undefined;
  } while (nextPageToken);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
