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
const SHORT = 32;

/** Outside of a quoted text, in it, or after a quote that closes it, unless another one follows. */
const [PLAIN, TEXT, CLOSING] = [0, 1, 2];

/**
 * Looks through a CSV file, piece by piece, for lines that are no records. DuckDB reads a large file from several places at once;
 * where a text holds line breaks it may take the lines of that text for records, and says nothing while malformed lines are kept.
 * A quote where none belongs counts as well, since it does not tell whether the breaks after it are in a text.
 */
export class CsvLines {
  private bytes = 0;
  private isOdd = false;
  private at = PLAIN;
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

  // One loop over local variables: this is every byte of every large CSV file.
  take(piece: Buffer): void {
    const { quote } = this;
    let { at, last, isOdd } = this;
    let plainSince = 0;
    for (let index = 0; index < piece.length; index++) {
      const byte = piece[index] as number;
      if (at === TEXT) {
        if (byte === quote) at = CLOSING;
        else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) isOdd = true;
      } else if (byte !== quote) {
        if (at === CLOSING) {
          at = PLAIN;
          plainSince = index;
          last = quote;
          if (BESIDE_FIELDS[byte] === 0) isOdd = true;
        }
        if (byte !== SPACE) last = byte;
        if (index - plainSince < SHORT) continue;
        const next = piece.indexOf(quote, index);
        const end = next === -1 ? piece.length : next;
        last = lastOf(piece, index, end) ?? last;
        plainSince = end;
        index = end - 1;
      } else if (at === CLOSING) {
        at = TEXT;
      } else if (BESIDE_FIELDS[last] === 1 || (this.bytes + index === 3 && last === LAST_OF_BYTE_ORDER_MARK)) {
        at = TEXT;
        this.openedAt = this.bytes + index;
      } else {
        isOdd = true;
        last = quote;
      }
    }
    this.at = at;
    this.last = last;
    this.isOdd = isOdd;
    this.bytes += piece.length;
  }
}

/** The last byte of a range that is no space. */
function lastOf(piece: Buffer, from: number, end: number): number | undefined {
  for (let at = end - 1; at >= from; at--) if (piece[at] !== SPACE) return piece[at];
  return undefined;
}
