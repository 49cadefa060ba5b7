import type { TemporalClient } from './connect.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import type { HistoryEvent } from './run-end.js';
import { answered } from './service-errors.js';

/** Events of one answer of the server's. */
const PAGE = 1_000;

/**
 * A run's history, event by event: never more than one answer of the server's is in memory.
 *
 * @throws TerminalError RUN_UNKNOWN
 */
export async function* historyEvents(temporal: TemporalClient, run: Required<RunAddress>): AsyncGenerator<HistoryEvent> {
  const { client, namespace } = temporal;
  let nextPageToken: Uint8Array | undefined;
  do {
    const request = {
      namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      maximumPageSize: PAGE,
      ...(nextPageToken && { nextPageToken }),
    };
    const answer = await answered(temporal, formatRunAddress(run), () =>
      client.workflowService.getWorkflowExecutionHistory(request),
    );
    yield* answer.history?.events ?? [];
    const token = answer.nextPageToken;
    nextPageToken = token && token.length > 0 ? token : undefined;
  } while (nextPageToken);
}
