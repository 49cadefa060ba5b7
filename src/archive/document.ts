import type { RunState } from '../temporal/describe-run.js';
import type { EventJson } from '../temporal/history-json.js';
import type { RunLabels } from '../temporal/closed-run.js';

/*
 * An archived run is one JSON document, compressed by gzip. Its lines are its pieces, so that it is written and read event by
 * event; as a whole it is a history as `temporal workflow show --output json` writes it, with one more field.
 */

export const ARCHIVE_VERSION = 1;

/** What the archive keeps of a run beside its events. */
export interface ArchivedHeader extends RunLabels {
  readonly version: number;
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly pipeline: string;
  readonly taskQueue: string;
  readonly status: RunState;
  readonly startedAt: string;
  readonly closedAt: string;
}

const KEY = /^histories\/[0-9a-f]{2}\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.json\.gz$/;

/** Where a run's document is. A run id names one run, of whatever workflow id. */
export function archiveKey(runId: string): string {
  return `histories/${runId.slice(-2)}/${runId}.json.gz`;
}

/** The run id of such a place; `undefined` for any other file. */
export function runIdOfKey(key: string): string | undefined {
  return KEY.exec(key)?.[1];
}

/** The document's text, piece by piece. */
export async function* writeDocument(header: ArchivedHeader, events: AsyncIterable<EventJson>): AsyncGenerator<string> {
  yield `{"archive":${JSON.stringify(header)},\n"events":[\n`;
  let isFirst = true;
  for await (const event of events) {
    yield `${isFirst ? '' : ',\n'}${JSON.stringify(event)}`;
    isFirst = false;
  }
  yield '\n]}\n';
}

/** Reads such a text, line by line. @throws SyntaxError where it is none, or ends early */
export async function readHeader(lines: AsyncIterator<string>): Promise<ArchivedHeader> {
  const first = await lines.next();
  const begin = '{"archive":';
  if (first.done === true || !first.value.startsWith(begin)) throw new SyntaxError('it does not begin as an archive does');
  return JSON.parse(first.value.slice(begin.length).replace(/,$/, '')) as ArchivedHeader;
}

/** The events behind the header. @throws SyntaxError */
export async function* readEvents(lines: AsyncIterator<string>): AsyncGenerator<EventJson> {
  const head = await lines.next();
  if (head.value !== '"events":[') throw new SyntaxError('it has no events');
  for (let line = await lines.next(); ; line = await lines.next()) {
    if (line.done === true) throw new SyntaxError('it is cut off');
    if (line.value === ']}') return;
    if (line.value !== '') yield JSON.parse(line.value.replace(/,$/, '')) as EventJson;
  }
}
