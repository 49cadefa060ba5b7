import { TerminalError } from '../../../core/errors.js';
import { describePlace, unreadable, type FilePlace } from '../errors.js';
import type { JsonScanner } from './scanner.js';
import { Malformed, NEEDS_MORE, skipSpace, type Window } from './window.js';

/** Hears that a record was read. */
export type OnRecord = () => void;

export interface CutRecords {
  readonly records: number;
  /** Bytes of the longest record. */
  readonly longest: number;
  /** How DuckDB's reader must take the file: one record a line, one list of records, or records one after the other. */
  readonly form: 'newline_delimited' | 'array' | 'unstructured';
  readonly hasByteOrderMark: boolean;
}

/** A longer record is refused: DuckDB holds a few of them in memory at once. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
const TOO_LARGE = `the object that begins here has more than ${MAX_RECORD_BYTES / 1024 / 1024} MiB`;

const NEWLINE = 0x0a;

/**
 * What comes next: at the `start` a list or a record; in a list the `first` record or its end, a `separator` or its end, the
 * `next` record; without a list, any number of `records`; after a list its `end`, nothing.
 */
type Expected = 'start' | 'first' | 'separator' | 'next' | 'records' | 'end';

/** Cuts the bytes of a file, piece by piece, into records. Memory holds one piece and one record. */
export class RecordCutter {
  records = 0;
  /** Bytes taken so far. */
  bytes = 0;
  private longest = 0;
  private isLines = true;
  private isArray = false;
  private hasByteOrderMark = false;
  private expected: Expected = 'start';
  /** Whether there was a line break since the last record. */
  private hasBreak = true;
  private pieces: Buffer[] = [];
  private pending = 0;
  /** Bytes that must be pending before a record that went on is read again: twice as many each time. */
  private awaited = 0;
  /** Where the record that is being read begins in the pending bytes. */
  private recordStart: number | undefined;
  /** Line breaks before the pending bytes, and what their line has before them. */
  private lines = 0;
  private lineStart = Buffer.alloc(0);

  constructor(
    private readonly place: FilePlace,
    private readonly scanner: JsonScanner,
    private readonly onRecord?: OnRecord,
  ) {}

  /** @throws TerminalError FILE_FORMAT */
  take(piece: Buffer): void {
    this.bytes += piece.length;
    this.pieces.push(piece);
    this.pending += piece.length;
    if (this.pending >= this.awaited) this.cut(false);
  }

  /** @throws TerminalError FILE_FORMAT, FILE_EMPTY */
  finish(): CutRecords {
    this.cut(true);
    if (this.expected === 'start') {
      throw new TerminalError(
        'FILE_EMPTY',
        `${describePlace(this.place)} is empty: there is no JSON in it. Check what writes the file.`,
      );
    }
    const form = this.isArray ? 'array' : this.isLines ? 'newline_delimited' : 'unstructured';
    return { records: this.records, longest: this.longest, form, hasByteOrderMark: this.hasByteOrderMark };
  }

  private cut(isLast: boolean): void {
    this.recordStart = undefined;
    const bytes = this.pieces.length === 1 ? (this.pieces[0] as Buffer) : Buffer.concat(this.pieces, this.pending);
    const window = { bytes, isLast };
    let at = 0;
    try {
      at = this.skipMarks(window);
      for (;;) {
        const next = skipSpace(bytes, at);
        this.hasBreak ||= this.expected === 'records' && bytes.subarray(at, next).includes(NEWLINE);
        at = next;
        if (at >= bytes.length) break;
        at = this.step(window, at);
      }
      if (isLast && !['start', 'records', 'end'].includes(this.expected))
        throw new Malformed(at, 'the file ends before its list does');
    } catch (error) {
      if (error instanceof Malformed) throw this.describe(bytes, error);
      if (error !== NEEDS_MORE) throw error;
      at = this.recordStart ?? at;
    }
    this.keep(bytes, at);
  }

  private skipMarks({ bytes }: Window): number {
    if (this.bytes !== this.pending || this.expected !== 'start') return 0;
    const [first, second, third] = bytes;
    if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
      throw unreadable(this.place, 'it is UTF-16. Convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8.');
    this.hasByteOrderMark = first === 0xef && second === 0xbb && third === 0xbf;
    return this.hasByteOrderMark ? 3 : 0;
  }

  /** Reads what stands at a place; gives the place after it. */
  private step(window: Window, at: number): number {
    const byte = window.bytes[at];
    if (this.expected === 'end') throw new Malformed(at, 'there is something after the end of the list');
    if (this.expected === 'start' && byte === 0x5b) {
      this.isArray = true;
      this.expected = 'first';
      return at + 1;
    }
    if (this.expected === 'start') this.expected = 'records';
    if (byte === 0x5d && (this.expected === 'first' || this.expected === 'separator')) {
      this.expected = 'end';
      return at + 1;
    }
    if (this.expected === 'separator') {
      if (byte !== 0x2c) throw new Malformed(at, 'a comma or ] is expected here');
      this.expected = 'next';
      return at + 1;
    }
    return this.readRecord(window, at);
  }

  private readRecord(window: Window, at: number): number {
    const { bytes } = window;
    if (bytes[at] !== 0x7b) throw new Malformed(at, `an object is expected here${this.hint(bytes[at] as number)}`);
    this.recordStart = at;
    const end = this.scanner.scanRecord(window, at);
    if (end - at > MAX_RECORD_BYTES) throw new Malformed(at, TOO_LARGE);
    this.recordStart = undefined;
    this.records += 1;
    this.longest = Math.max(this.longest, end - at);
    this.onRecord?.();
    if (this.isArray) this.expected = 'separator';
    else if (this.isLines) {
      const newline = bytes.indexOf(NEWLINE, at);
      this.isLines = this.hasBreak && (newline === -1 || newline >= end);
    }
    this.hasBreak = false;
    return end;
  }

  private hint(byte: number): string {
    if (byte === 0x5b) return ', and this is a list: each row is an object with its columns as keys';
    return byte === 0x2c && !this.isArray ? ', and this is a comma: objects stand one a line, or in one list in []' : '';
  }

  /** Keeps what was not used up for the next piece. */
  private keep(bytes: Buffer, from: number): void {
    const rest = bytes.subarray(from);
    this.advanceLines(bytes.subarray(0, from));
    this.pieces = rest.length === 0 ? [] : [rest];
    this.pending = rest.length;
    this.awaited = rest.length * 2;
    if (rest.length > MAX_RECORD_BYTES) throw this.describe(rest, new Malformed(0, TOO_LARGE));
  }

  private advanceLines(used: Buffer): void {
    let last = -1;
    for (let at = used.indexOf(NEWLINE); at !== -1; at = used.indexOf(NEWLINE, at + 1)) {
      this.lines += 1;
      last = at;
    }
    // A copy, so that the piece can go; of a line's beginning no more than a message can use.
    const start = last === -1 ? Buffer.concat([this.lineStart, used]) : used.subarray(last + 1);
    this.lineStart = Buffer.from(start.subarray(-MAX_COLUMN_BYTES));
  }

  private describe(bytes: Buffer, { at, message }: Malformed): TerminalError {
    const start = Math.min(this.recordStart ?? at, at);
    this.advanceLines(bytes.subarray(0, start));
    const first = this.lines + 1;
    this.advanceLines(bytes.subarray(start, at));
    const line = this.lines + 1;
    const column = this.lineStart.toString('utf8').replace(/^\uFEFF/, '').length + 1;
    const where = this.lineStart.length < MAX_COLUMN_BYTES ? `line ${line}, column ${column}` : `line ${line}`;
    // In a file of lines, the line that is wrong is the one before.
    const since = first === line ? '' : ` (in the object that begins in line ${first})`;
    const file = this.place.path;
    return new TerminalError(
      'FILE_FORMAT',
      `${describePlace(this.place)}, ${where}: ${message}${since}. Nothing of the file was taken. Mend it or what writes it, then retry the run.`,
      { file, line },
    );
  }
}

const MAX_COLUMN_BYTES = 100_000;
