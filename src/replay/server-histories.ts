import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError } from '../core/errors.js';
import type { TemporalClient } from '../temporal/connect.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { answered } from '../temporal/service-errors.js';
import { encodeHistory } from './history-json.js';
import type { RecordedEvent, RecordedHistory } from './recorded-histories.js';

export interface HistorySelection {
  readonly taskQueue: string;
  /** Of one workflow type only. */
  readonly pipeline?: string;
  /** The most that are taken. */
  readonly limit: number;
  /** Of the open ones only those that a promotion moves: they have no version, or go on with the current one. @default false */
  readonly unpinned?: boolean;
}

/** A history of a server's, and what it was of. */
export interface ServerHistory extends RecordedHistory {
  readonly runId: string;
  readonly open: boolean;
}

/** A page of visibility's. */
const PAGE = 200;

/**
 * Takes the histories of a task queue's runs from a server: those that are open, the latest first, and then those that closed last.
 * A run that is gone meanwhile is left out.
 */
export async function* serverHistories(
  temporal: TemporalClient,
  { taskQueue, pipeline, limit, unpinned = false }: HistorySelection,
): AsyncGenerator<ServerHistory> {
  const queue = `TaskQueue = ${quoted(taskQueue)}${pipeline === undefined ? '' : ` AND WorkflowType = ${quoted(pipeline)}`}`;
  const open = `${queue} AND ExecutionStatus = 'Running'`;
  const only = ` AND (TemporalWorkflowVersioningBehavior IS NULL OR TemporalWorkflowVersioningBehavior != 'Pinned')`;
  const queries = unpinned ? [`${open}${only}`] : [open, `${queue} AND ExecutionStatus != 'Running'`];
  let left = limit;
  for (const [at, query] of queries.entries()) {
    for await (const run of runsOf(temporal, query)) {
      if (left <= 0) return;
      const history = await fetchHistory(temporal, run, at === 0);
      if (!history) continue;
      left -= 1;
      yield history;
    }
  }
}

async function* runsOf({ client, address, namespace }: TemporalClient, query: string): AsyncGenerator<Required<RunAddress>> {
  let nextPageToken: Uint8Array | undefined;
  do {
    const token = nextPageToken;
    const page = await answered({ address, namespace }, 'runs', () =>
      client.workflowService.listWorkflowExecutions({
        namespace,
        query,
        pageSize: PAGE,
        ...(token && { nextPageToken: token }),
      }),
    );
    for (const { execution } of page.executions ?? []) {
      if (execution?.workflowId && execution.runId) yield { workflowId: execution.workflowId, runId: execution.runId };
    }
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken);
}

/** The history of one run, as it is now; `undefined` when it is gone. */
export async function fetchHistory(
  temporal: TemporalClient,
  run: Required<RunAddress>,
  open: boolean,
): Promise<ServerHistory | undefined> {
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  try {
    const history = await answered(temporal, formatRunAddress(run), () => handle.fetchHistory());
    const events = (history.events ?? []) as readonly RecordedEvent[];
    const pipeline = events[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
    return { ...run, pipeline, events, history, open };
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}

/** Writes a history into a folder, as a file that can be replayed later. Gives its path. */
export async function saveHistory(folder: string, { workflowId, runId, history }: ServerHistory): Promise<string> {
  await mkdir(folder, { recursive: true });
  // Run ids begin with the time: those of one minute begin alike.
  const name = `${workflowId.replaceAll(/[^\w.-]+/g, '_').slice(0, 100)}-${runId.slice(-12)}.json`;
  const file = path.join(folder, name);
  await writeFile(file, `${JSON.stringify(encodeHistory(history), null, 2)}\n`);
  return file;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
