/** A piece of a file in memory. */
export interface Window {
  readonly bytes: Buffer;
  /** Whether the file ends with it. */
  readonly isLast: boolean;
}

/** Thrown where a record goes on beyond the window. */
export class NeedsMore extends Error {}
export const NEEDS_MORE = new NeedsMore('the record goes on');

/** Where a file stops being JSON. */
export class Malformed extends Error {
  constructor(
    /** Place in the window. */
    readonly at: number,
    reason: string,
  ) {
    super(reason);
  }
}

/** The byte at a place. @throws NEEDS_MORE or Malformed where the window ends */
export function byteAt({ bytes, isLast }: Window, at: number): number {
  const byte = bytes[at];
  if (byte !== undefined) return byte;
  if (isLast) throw new Malformed(bytes.length, 'the file ends in the middle of a value');
  throw NEEDS_MORE;
}

/** The first place from `at` on that is not white space; the window's end when there is none. */
export function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
