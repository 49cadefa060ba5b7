import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { TemporalClient } from '../temporal/connect.js';
import { describeWithLabels, type RunLabels } from '../temporal/closed-run.js';
import type { RunDescription } from '../temporal/describe-run.js';
import { historyEvents } from '../temporal/history-events.js';
import { eventToJson, type EventJson } from '../temporal/history-json.js';
import type { RunAddress } from '../temporal/run-id.js';
import { ARCHIVE_VERSION, archiveKey, writeDocument, type ArchivedHeader } from './document.js';
import type { ArchiveFiles } from './files.js';

export interface WrittenArchive {
  readonly events: number;
  /** Compressed. */
  readonly bytes: number;
}

/**
 * Writes a closed run's history into the archive, page by page. Done again it writes the same file, since a closed run does
 * not change.
 *
 * @returns `undefined` for a run that is not closed: nothing is written then
 * @throws TerminalError RUN_UNKNOWN when Temporal has forgotten it
 */
export async function archiveRun(
  temporal: TemporalClient,
  files: ArchiveFiles,
  run: Required<RunAddress>,
): Promise<WrittenArchive | undefined> {
  const described = await describeWithLabels(temporal, run);
  if (described.closedAt === null) return undefined;
  let events = 0;
  async function* asJson(): AsyncGenerator<EventJson> {
    for await (const event of historyEvents(temporal, run)) {
      events += 1;
      yield eventToJson(event);
    }
  }
  const text = Readable.from(writeDocument(headerOf(temporal, described, described.closedAt), asJson()));
  const packed = createGzip();
  // An error of the text has to reach whoever reads the packed bytes.
  text.on('error', (error) => packed.destroy(error));
  const bytes = await files.write(archiveKey(run.runId), text.pipe(packed));
  return { events, bytes };
}

function headerOf({ namespace }: TemporalClient, run: RunDescription & RunLabels, closedAt: string): ArchivedHeader {
  const { workflowId, runId, pipeline, taskQueue, state: status, startedAt, memo, searchAttributes } = run;
  return {
    version: ARCHIVE_VERSION,
    namespace,
    workflowId,
    runId,
    pipeline,
    taskQueue,
    status,
    startedAt,
    closedAt,
    memo,
    searchAttributes,
  };
}
