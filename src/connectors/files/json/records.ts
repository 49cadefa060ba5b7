import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, TerminalError } from '../../../core/errors.js';
import { translateFileError, unreadable } from '../errors.js';
import type { FoundFile } from '../file-tree.js';
import { RecordCutter, type CutRecords, type OnRecord } from './record-cutter.js';
import type { JsonScanner } from './scanner.js';

/** What reading a file of records has shown. */
export interface JsonFacts extends CutRecords {
  readonly compression: 'gzip' | 'uncompressed';
}

export interface RecordReader {
  readonly scanner: JsonScanner;
  readonly onRecord?: OnRecord;
  /** Called after each piece of the file, with the number of records so far; reading goes on when it resolves. */
  readonly onPiece?: (records: number) => Promise<void> | void;
  readonly signal: AbortSignal;
}

const PIECE_BYTES = 512 * 1024;

/**
 * Reads a file of JSON objects from beginning to end: one list of them, or one after the other, a line each or not.
 *
 * @throws TerminalError FILE_FORMAT with line and column; FILE_EMPTY when there is nothing but white space
 */
export async function readRecords(connection: string, found: FoundFile, reader: RecordReader): Promise<JsonFacts> {
  const place = { connection, path: found.origin };
  const cutter = new RecordCutter(place, reader.scanner, reader.onRecord);
  const { signal } = reader;
  try {
    const gzip = await isGzip(found, signal);
    if (!gzip && found.origin.endsWith('.gz'))
      throw unreadable(place, 'its name ends in .gz, but it is not a gzip file. Rename or replace it.');
    const pieces = async (source: AsyncIterable<Buffer>): Promise<void> => {
      for await (const piece of source) {
        cutter.take(piece);
        await reader.onPiece?.(cutter.records);
      }
    };
    const file = await found.read({ signal });
    if (gzip) await pipeline(file, createGunzip({ chunkSize: PIECE_BYTES }), pieces, { signal });
    else await pipeline(file, pieces, { signal });
    const facts = cutter.finish();
    await reader.onPiece?.(cutter.records);
    return { ...facts, compression: gzip ? 'gzip' : 'uncompressed' };
  } catch (error) {
    if (signal.aborted || error instanceof TerminalError) throw error;
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw translateFileError(error, place);
    const read = `after ${cutter.bytes} decompressed bytes (${messageOf(error)})`;
    throw unreadable(place, `the gzip data is truncated or damaged ${read}. Replace the file.`);
  }
}

async function isGzip(found: FoundFile, signal: AbortSignal): Promise<boolean> {
  const pieces: Buffer[] = [];
  for await (const piece of await found.read({ bytes: 2, signal })) pieces.push(piece as Buffer);
  const [first, second] = Buffer.concat(pieces);
  return first === 0x1f && second === 0x8b;
}
