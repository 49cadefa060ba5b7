import type { TemporalClient } from './connect.js';
import { eventToJson, type EventJson } from './history-json.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** Some events of a history, and where it goes on. */
export interface HistoryPage {
  readonly events: readonly EventJson[];
  /** The server's own token; absent at the end. */
  readonly next?: string;
}

/**
 * One answer of the server's, about `size` events long.
 *
 * @param from the `next` of the page before
 * @throws TerminalError RUN_UNKNOWN
 */
export async function historyPage(
  { client, namespace, address }: TemporalClient,
  run: Required<RunAddress>,
  { size, from }: { readonly size: number; readonly from?: string | undefined },
): Promise<HistoryPage> {
  const { history, nextPageToken } = await answered({ address, namespace }, formatRunAddress(run), () =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      maximumPageSize: size,
      ...(from !== undefined && { nextPageToken: Buffer.from(from, 'base64url') }),
    }),
  );
  const events = (history?.events ?? []).map(eventToJson);
  if (!nextPageToken || nextPageToken.length === 0) return { events };
  return { events, next: Buffer.from(nextPageToken).toString('base64url') };
}
