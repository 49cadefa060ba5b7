import { byteAt, Malformed, type Window } from './window.js';

/** Reads a text to its closing quote; gives the place after it. @throws NEEDS_MORE, Malformed */
export function scanText(window: Window, start: number): number {
  const { bytes } = window;
  let at = start;
  for (;;) {
    const byte = bytes[at] ?? byteAt(window, at);
    if (byte === 0x22) return at + 1;
    if (byte < 0x20) throw new Malformed(at, controlCharacter(byte));
    at = byte === 0x5c ? scanEscape(window, at) : at + 1;
  }
}

function controlCharacter(byte: number): string {
  if (byte === 0x0a || byte === 0x0d) return String.raw`a text is not closed on its line; a line break in a text is written \n`;
  return `a text holds the control character ${byte}, which must be written \\u${byte.toString(16).padStart(4, '0')}`;
}

const SHORT_ESCAPES = new Set(Buffer.from('"\\/bfnrt'));

function scanEscape(window: Window, at: number): number {
  const kind = byteAt(window, at + 1);
  if (SHORT_ESCAPES.has(kind)) return at + 2;
  if (kind !== 0x75) throw new Malformed(at, `"\\${String.fromCharCode(kind)}" is no escape in JSON`);
  const unit = codeUnit(window, at);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const isPair = unit < 0xdc00 && byteAt(window, at + 6) === 0x5c && byteAt(window, at + 7) === 0x75;
  const second = isPair ? codeUnit(window, at + 6) : 0;
  if (second >= 0xdc00 && second <= 0xdfff) return at + 12;
  throw new Malformed(at, `\\u${unit.toString(16)} is half of a character: no text in UTF-8 can hold it`);
}

function codeUnit(window: Window, at: number): number {
  byteAt(window, at + 5);
  const hex = window.bytes.toString('latin1', at + 2, at + 6);
  if (/^[0-9a-fA-F]{4}$/.test(hex)) return Number.parseInt(hex, 16);
  throw new Malformed(at, String.raw`four hexadecimal digits are expected after \u`);
}
