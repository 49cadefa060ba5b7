import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { CsvDialect } from '../../core/manifest.js';
import { TerminalError, messageOf } from '../../core/errors.js';
import { quoteFile, quoteLiteral } from '../../core/filter.js';
import type { CallContext } from '../contract.js';
import { parseCsvHeader } from './csv-header.js';
import { describePlace, translateFileError, unreadable, type FilePlace } from './errors.js';
import { CsvLines, READ_FROM_START_BYTES } from './csv-lines.js';
import type { FoundFile } from './file-tree.js';

/** How much of a file is looked at to find its dialect, in bytes. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * How to read a CSV file. A compressed file is decompressed to its end, because DuckDB takes a truncated gzip for a
 * shorter file and says nothing. Any other is looked through only where `isRead` says that its rows are going to be read.
 *
 * @throws TerminalError FILE_EMPTY (nothing but white space), FILE_HEADER, FILE_FORMAT (truncated, binary, not UTF-8)
 */
export async function inspectCsv(
  context: CallContext,
  connection: string,
  found: FoundFile,
  isRead: boolean,
): Promise<CsvDialect> {
  const place = { connection, path: found.origin };
  try {
    const start = await readStart(found, context.signal);
    const gzip = start[0] === 0x1f && start[1] === 0x8b;
    if (!gzip && found.origin.endsWith('.gz'))
      throw unreadable(place, 'its name ends in .gz, but it is not a gzip file. Rename or replace it.');
    // The quote shows in the header, which is known when it is all decompressed.
    const lines = { '"': new CsvLines('"'), "'": new CsvLines("'") };
    const sample = gzip ? await gunzip(found, place, Object.values(lines), context.signal) : start;
    const text = decodeSample(sample, place);
    if (text.trim() === '')
      throw new TerminalError(
        'FILE_EMPTY',
        `${describePlace(place)} has no header: there is no text in it. Check what writes the file.`,
      );
    const header = parseCsvHeader(text, place);
    const dialect = { ...header, headerLines: 1, compression: gzip ? ('gzip' as const) : ('none' as const) };
    const escape = await sniffEscape(context, found, dialect, text);
    if (!isRead) return { ...dialect, escape };
    const read = lines[header.quote];
    if (!gzip && found.sizeBytes > READ_FROM_START_BYTES) {
      for await (const piece of await found.read({ signal: context.signal })) read.take(piece as Buffer);
    }
    return { ...dialect, escape, ...(needStart(read, escape, place) && { readFromStart: true }) };
  } catch (error) {
    throw context.signal.aborted ? error : translateFileError(error, place);
  }
}

async function readStart(found: FoundFile, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await found.read({ bytes: SAMPLE_BYTES, signal })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** @throws TerminalError FILE_FORMAT for a quote that nothing closes: read from the start, all that follows it would be missing */
function needStart(lines: CsvLines, escape: string, place: FilePlace): boolean {
  if (!lines.needStart) return false;
  if (escape !== '\\' && lines.openSince !== undefined) {
    throw unreadable(
      place,
      `a quote is opened at byte ${lines.openSince} and not closed, so that everything after it is one value. Close the quote.`,
    );
  }
  return true;
}

async function gunzip(found: FoundFile, place: FilePlace, lines: readonly CsvLines[], signal: AbortSignal): Promise<Buffer> {
  const sample: Buffer[] = [];
  let bytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (bytes < SAMPLE_BYTES) sample.push(chunk);
      bytes += chunk.length;
      for (const each of lines) each.take(chunk);
      done();
    },
  });
  try {
    await pipeline(await found.read({ signal }), createGunzip({ chunkSize: 1 << 20 }), sink, { signal });
  } catch (error) {
    if (signal.aborted || !String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw unreadable(
      place,
      `the gzip data is truncated or damaged after ${bytes} decompressed bytes (${messageOf(error)}). Replace the file.`,
    );
  }
  return Buffer.concat(sample).subarray(0, SAMPLE_BYTES);
}

function decodeSample(sample: Buffer, place: FilePlace): string {
  if (sample.subarray(0, 4).toString('latin1') === 'PAR1')
    throw unreadable(place, "it is a Parquet file, not CSV. Give the step format: 'parquet'.");
  if ((sample[0] === 0xff && sample[1] === 0xfe) || (sample[0] === 0xfe && sample[1] === 0xff)) {
    throw unreadable(place, 'it is UTF-16. Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8.');
  }
  if (sample.includes(0)) throw unreadable(place, 'it holds NUL bytes, so it is not text. Check that it is CSV in UTF-8.');
  return sample.toString('utf8');
}

/**
 * The escape character. Almost every file doubles its quotes; only where the sample has a backslash before one is DuckDB
 * asked which of the two fits.
 */
async function sniffEscape(
  context: CallContext,
  found: FoundFile,
  dialect: Omit<CsvDialect, 'escape'>,
  text: string,
): Promise<string> {
  const standard = dialect.quote;
  if (!text.includes(`\\${dialect.quote}`)) return standard;
  const options = [
    `delim = ${quoteLiteral(dialect.delimiter)}`,
    `quote = ${quoteLiteral(dialect.quote)}`,
    `compression = ${quoteLiteral(dialect.compression)}`,
    'header = true',
    'skip = 0',
    'all_varchar = true',
  ];
  try {
    const [row] = await context.session.rows<{ escape: string }>(
      `SELECT "Escape" AS escape FROM sniff_csv(${quoteFile(found.file)}, ${options.join(', ')})`,
    );
    return row?.escape === '\\' ? '\\' : standard;
  } catch {
    // A file too dirty for DuckDB to agree on is read by the standard, and its odd lines become rejects.
    return standard;
  }
}
