import { DELIMITERS } from './csv-header.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const LAST_OF_BYTE_ORDER_MARK = 0xbf;

/** By byte: 1 for what stands before and after a field. */
const BESIDE_FIELDS = new Uint8Array(256);
for (const byte of [LINE_FEED, CARRIAGE_RETURN, ...DELIMITERS.map((each) => each.charCodeAt(0))]) BESIDE_FIELDS[byte] = 1;

/** DuckDB reads what is longer (8 MB, in fact) from several places at once. */
export const READ_FROM_START_BYTES = 4 * 1024 * 1024;

/** So many bytes without a quote are looked at one by one, since fields are short where all are quoted; then it is searched for. */
const SHORT = 8;

/** Outside of a quoted text, in it, or after a quote that closes it, unless another one follows. */
const PLAIN = 0;
const TEXT = 1;
const CLOSING = 2;

/**
 * Looks through a CSV file, piece by piece, for lines that are no records. DuckDB reads a large file from several places at once;
 * where a text holds line breaks it may take the lines of that text for records, and says nothing while malformed lines are kept.
 * A quote where none belongs counts as well, since it does not tell whether the breaks after it are in a text.
 */
export class CsvLines {
  private bytes = 0;
  private isOdd = false;
  private at: number = PLAIN;
  /** The last byte of the pieces before that is no space. */
  private last = LINE_FEED;
  private openedAt = 0;
  private readonly quote: number;

  constructor(quote: string) {
    this.quote = quote.charCodeAt(0);
  }

  /** Whether the file, whose last piece was taken, has to be read from its beginning on. */
  get needStart(): boolean {
    return this.bytes > READ_FROM_START_BYTES && (this.isOdd || this.openSince !== undefined);
  }

  /** The place of a quote that nothing closes, in bytes. */
  get openSince(): number | undefined {
    return this.at === TEXT ? this.openedAt : undefined;
  }

  // Over local variables: this is every byte of every large CSV file.
  take(piece: Buffer): void {
    const { quote } = this;
    const { length } = piece;
    let { at, last, isOdd } = this;
    let index = 0;
    while (index < length) {
      if (at === TEXT) {
        let byte = piece[index] as number;
        while (byte !== quote) {
          if (byte === LINE_FEED || byte === CARRIAGE_RETURN) isOdd = true;
          if (++index === length) break;
          byte = piece[index] as number;
        }
        if (index++ < length) at = CLOSING;
      } else if (at === CLOSING) {
        const byte = piece[index] as number;
        if (byte === quote) {
          at = TEXT;
          index++;
        } else {
          at = PLAIN;
          last = quote;
          if (BESIDE_FIELDS[byte] === 0) isOdd = true;
        }
      } else {
        const next = nextQuote(piece, index, quote);
        last = lastOf(piece, index, next) ?? last;
        index = next + 1;
        if (next === length) break;
        if (BESIDE_FIELDS[last] === 1 || (this.bytes + next === 3 && last === LAST_OF_BYTE_ORDER_MARK)) {
          at = TEXT;
          this.openedAt = this.bytes + next;
        } else {
          isOdd = true;
          last = quote;
        }
      }
    }
    this.at = at;
    this.last = last;
    this.isOdd = isOdd;
    this.bytes += length;
  }
}

/** Where the next quote is, or the end. */
function nextQuote(piece: Buffer, from: number, quote: number): number {
  const near = Math.min(from + SHORT, piece.length);
  for (let at = from; at < near; at++) if (piece[at] === quote) return at;
  const found = near === piece.length ? -1 : piece.indexOf(quote, near);
  return found === -1 ? piece.length : found;
}

/** The last byte of a range that is no space. */
function lastOf(piece: Buffer, from: number, end: number): number | undefined {
  for (let at = end - 1; at >= from; at--) if (piece[at] !== SPACE) return piece[at];
  return undefined;
}
