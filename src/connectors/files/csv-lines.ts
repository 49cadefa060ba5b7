import { DELIMITERS } from './csv-header.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** What stands before and after a field. */
const BESIDE_FIELDS: ReadonlySet<number> = new Set([LINE_FEED, CARRIAGE_RETURN, ...DELIMITERS.map((each) => each.charCodeAt(0))]);

/** DuckDB reads what is longer (8 MB, in fact) from several places at once. */
const READ_FROM_START_BYTES = 4 * 1024 * 1024;

/**
 * Looks through a CSV file, piece by piece, for lines that are no records. DuckDB reads a large file from several places at once;
 * where a text holds line breaks it may take the lines of that text for records, and says nothing while malformed lines are kept.
 * A quote where none belongs counts as well, since it does not tell whether the breaks after it are in a text.
 */
export class CsvLines {
  #bytes = 0;
  #isOdd = false;
  #isQuoted = false;
  /** Whether the piece before ended with a quote that closes a text, unless another one follows. */
  #isClosing = false;
  /** The last byte of the pieces before that is no space. */
  #last = LINE_FEED;
  #openedAt = 0;
  readonly #quote: number;

  constructor(quote: string) {
    this.#quote = quote.charCodeAt(0);
  }

  /** Whether the file, whose last piece was taken, has to be read from its beginning on. */
  get needStart(): boolean {
    return this.#bytes > READ_FROM_START_BYTES && (this.#isOdd || this.openSince !== undefined);
  }

  /** The place of a quote that nothing closes, in bytes. */
  get openSince(): number | undefined {
    return this.#isQuoted && !this.#isClosing ? this.#openedAt : undefined;
  }

  take(piece: Buffer): void {
    if (piece.length === 0) return;
    let at = this.#isClosing ? this.#close(piece, 0) : 0;
    while (at < piece.length) at = this.#isQuoted ? this.#skipText(piece, at) : this.#skipPlain(piece, at);
    this.#last = lastOf(piece, piece.length) ?? this.#last;
    this.#bytes += piece.length;
  }

  #skipPlain(piece: Buffer, from: number): number {
    const at = piece.indexOf(this.#quote, from);
    if (at === -1) return piece.length;
    const isFirst = this.#bytes === 0 && piece.subarray(0, at).equals(BYTE_ORDER_MARK);
    this.#isQuoted = isFirst || BESIDE_FIELDS.has(lastOf(piece, at) ?? this.#last);
    this.#isOdd ||= !this.#isQuoted;
    this.#openedAt = this.#bytes + at;
    return at + 1;
  }

  #skipText(piece: Buffer, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (byte === this.#quote) return this.#close(piece, at + 1);
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) this.#isOdd = true;
    }
    return piece.length;
  }

  /** Sees what follows the quote before `at`: another one stands for a quote in the text. */
  #close(piece: Buffer, at: number): number {
    const next = piece[at];
    this.#isClosing = next === undefined;
    if (next === undefined) return at;
    this.#isQuoted = next === this.#quote;
    if (this.#isQuoted) return at + 1;
    this.#isOdd ||= !BESIDE_FIELDS.has(next);
    return at;
  }
}

function lastOf(piece: Buffer, before: number): number | undefined {
  let at = before - 1;
  while (piece[at] === SPACE) at--;
  return piece[at];
}
