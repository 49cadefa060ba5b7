import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, MillraceError, TerminalError } from '../core/errors.js';
import { eventFromJson, type EventJson } from '../temporal/history-json.js';
import type { HistoryEvent } from '../temporal/run-end.js';
import { ARCHIVE_VERSION, archiveKey, readEvents, readHeader, type ArchivedHeader } from './document.js';
import type { ArchiveFiles } from './files.js';

/** A run as the archive has it. */
export interface ArchivedHistory {
  readonly header: ArchivedHeader;
  /** In their order, to be read once. @throws TerminalError ARCHIVE_DAMAGED at the place where it is */
  readonly events: AsyncGenerator<EventJson>;
  /** Ends the reading before the events have. */
  close(): void;
}

/**
 * Opens an archived run; events are read as they are asked for, so that a long history needs no more memory than a short one.
 * Whoever does not read all of them closes it.
 *
 * @returns `undefined` where the archive has none
 * @throws TerminalError ARCHIVE_DAMAGED naming the file
 */
export async function openArchived(files: ArchiveFiles, runId: string): Promise<ArchivedHistory | undefined> {
  const key = archiveKey(runId);
  const packed = await files.read(key);
  if (packed === undefined) return undefined;
  const { lines, close } = linesOf(packed);
  try {
    const header = await readHeader(lines);
    requireRun(header, runId);
    return { header, events: guarded(files, key, readEvents(lines), close), close };
  } catch (error) {
    close();
    throw damaged(files, key, error);
  }
}

/** The same, with the events as the server would give them. */
export async function* archivedEvents({ events }: ArchivedHistory): AsyncGenerator<HistoryEvent> {
  for await (const event of events) yield eventFromJson(event);
}

function linesOf(packed: Readable): { readonly lines: AsyncIterator<string>; readonly close: () => void } {
  const unpacked = createGunzip();
  // Its error reaches whoever reads the lines.
  pipeline(packed, unpacked, () => undefined);
  return { lines: splitLines(unpacked), close: () => void unpacked.destroy() };
}

async function* splitLines(bytes: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* guarded(
  files: ArchiveFiles,
  key: string,
  events: AsyncGenerator<EventJson>,
  close: () => void,
): AsyncGenerator<EventJson> {
  try {
    yield* events;
  } catch (error) {
    throw damaged(files, key, error);
  } finally {
    close();
  }
}

function requireRun({ version, runId }: ArchivedHeader, wanted: string): void {
  if (version > ARCHIVE_VERSION) throw new SyntaxError(`a newer Millrace has written it (format ${version})`);
  if (runId !== wanted) throw new SyntaxError(`it is of another run, ${runId}`);
}

function damaged(files: ArchiveFiles, key: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  return new TerminalError(
    'ARCHIVE_DAMAGED',
    `The archived history ${files.root}/${key} cannot be read: ${messageOf(error)}. Restore the file from a backup, or delete it.`,
    { key },
    { cause: error },
  );
}
