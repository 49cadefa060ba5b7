import { z } from 'zod';
import type { ResultOf } from '../api/index.js';
import type { ArchivedHeader } from '../archive/document.js';
import type { ArchiveFiles } from '../archive/files.js';
import { openArchived, type ArchivedHistory } from '../archive/read-archive.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { GRPC, grpcCode } from '../temporal/grpc-status.js';
import { historyPage } from '../temporal/history-page.js';
import type { EventJson } from '../temporal/history-json.js';
import { parseRunAddress, type RunAddress } from '../temporal/run-id.js';
import { requireScope, type Handlers, type OperationContext } from './context.js';
import { noCursor, readCursor, writeCursor } from './cursor.js';
import { findRun } from './find-run.js';
import { withArchive } from './with-archive.js';

type Event = ResultOf<'listRunHistory'>['items'][number];

/** Where somebody is in a history: behind an event, and where Temporal goes on, should it still have the rest. */
const place = z.object({ id: z.int().min(0), token: z.string().optional() });
type Place = z.output<typeof place>;

export const runHistoryHandlers: Handlers<'listRunHistory'> = {
  async listRunHistory(context, { run: address, cursor, limit }) {
    const run = await findHistory(context, parseRunAddress(address));
    const { workflowId, runId } = run;
    const after = cursor === undefined ? { id: 0 } : readCursor(cursor, place);
    const { states, temporal } = context;
    if (await states.describe(run)) return fromTemporal(context, run, after, limit);
    return withArchive(context.project, async (files) => {
      const archived = files && (await openArchived(files, runId));
      if (archived) return fromArchive(archived, after, limit);
      // Where Temporal can't be reached, that is what is to be told.
      if (states.offline) void temporal.client;
      throw new TerminalError(
        'HISTORY_FORGOTTEN',
        `Temporal no longer has the history of run ${workflowId} (${runId}), and ${files ? `the archive ${files.root} has none` : 'the config has no archive'}.`,
      );
    });
  },
};

/**
 * The run of an address, also one that has left the catalog and whose history is in the archive still: there it is found by its run id.
 *
 * @throws TerminalError RUN_UNKNOWN, FORBIDDEN
 */
async function findHistory(context: OperationContext, address: RunAddress): Promise<Required<RunAddress>> {
  try {
    const { workflowId, runId } = await findRun(context, address);
    return { workflowId, runId };
  } catch (error) {
    const { workflowId, runId } = address;
    if (runId === undefined || !(error instanceof MillraceError) || error.code !== 'RUN_UNKNOWN') throw error;
    const header = await withArchive(context.project, async (files) => files && headerOf(files, runId));
    // Several projects may share an archive.
    if (header?.workflowId !== workflowId || header.taskQueue !== context.project.taskQueue) throw error;
    requireScope(context, header.pipeline);
    return { workflowId, runId };
  }
}

async function headerOf(files: ArchiveFiles, runId: string): Promise<ArchivedHeader | undefined> {
  const archived = await openArchived(files, runId);
  archived?.close();
  return archived?.header;
}

async function fromTemporal(
  { temporal }: OperationContext,
  run: Required<RunAddress>,
  { token }: Place,
  limit: number,
): Promise<ResultOf<'listRunHistory'>> {
  const { events, next } = await historyPage(temporal, run, { size: limit, from: token }).catch((error: unknown) => {
    throw token !== undefined && grpcCode(error) === GRPC.invalidArgument ? noCursor() : error;
  });
  const items = events.map(viewOf);
  const last = items.at(-1);
  return { items, next: next === undefined || !last ? null : writeCursor({ id: last.id, token: next }) };
}

async function fromArchive(archived: ArchivedHistory, after: Place, limit: number): Promise<ResultOf<'listRunHistory'>> {
  const items: Event[] = [];
  try {
    for await (const event of archived.events) {
      const item = viewOf(event);
      if (item.id > after.id) items.push(item);
      if (items.length > limit) break;
    }
  } finally {
    archived.close();
  }
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { items: page, next: items.length > limit && last ? writeCursor({ id: last.id }) : null };
}

function viewOf(event: EventJson): Event {
  const { eventId, eventTime, eventType } = event as Readonly<Record<string, string>>;
  return {
    id: Number(eventId),
    at: new Date(eventTime ?? 0).toISOString(),
    type: nameOf(eventType ?? ''),
    event: { ...event },
  };
}

/** `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED` as people call it: ActivityTaskScheduled. */
function nameOf(type: string): string {
  const words = type.replace(/^EVENT_TYPE_/, '').toLowerCase();
  return words.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
