import { isUtf8 } from 'node:buffer';
import { noteExponent, noteFraction, noteInteger } from './numbers.js';
import { KIND, MAX_MEMBERS, type Member, type Shape } from './shape.js';
import { scanText } from './text.js';
import { byteAt, isDigit, Malformed, skipSpace, type Window } from './window.js';

/** Deeper than this, values become JSON columns. */
const MAX_TYPED_DEPTH = 16;

/** Deeper than this, a file is refused. */
const MAX_DEPTH = 500;

/** With more different keys than this, records hold data in their keys. */
const MAX_COLUMNS = 2000;

/** Hears of a record's keys, and where their values are. */
export interface RecordListener {
  /** A record begins, perhaps for another time, since the one before was cut off by the window's end. */
  begin(): void;
  member(member: Member, bytes: Buffer, valueStart: number, valueEnd: number): void;
}

/** Reads records strictly, as RFC 8259 has them, and notes in a shape what their values are. */
export class JsonScanner {
  private window: Window = { bytes: Buffer.alloc(0), isLast: true };
  /** Objects of all scanners: tells a key that is there twice from one that an earlier object of the same shape had. */
  private static objects = 0;
  /** The member whose key was read last; undefined for a key that is data. */
  private member: Member | undefined;

  constructor(
    private readonly root: Shape,
    private readonly listener?: RecordListener,
  ) {}

  /**
   * Reads the object that begins at `start`; gives the place after it.
   *
   * @throws NEEDS_MORE when the window ends before the object does; Malformed with the place and the reason
   */
  scanRecord(window: Window, start: number): number {
    this.window = window;
    this.listener?.begin();
    const end = this.scanObject(start, this.root, 0);
    if (!isUtf8(window.bytes.subarray(start, end))) throw new Malformed(start, 'a text in this object is not UTF-8');
    return end;
  }

  private scanValue(at: number, shape: Shape, depth: number): number {
    const first = byteAt(this.window, at);
    if (first === 0x22) {
      shape.kinds |= KIND.string;
      return scanText(this.window, at + 1);
    }
    if (first === 0x7b || first === 0x5b) {
      if (depth > MAX_DEPTH) throw new Malformed(at, `objects and lists are nested more than ${MAX_DEPTH} deep`);
      if (depth > MAX_TYPED_DEPTH) shape.isDeep = true;
      return first === 0x7b ? this.scanObject(at, shape, depth) : this.scanArray(at, shape, depth);
    }
    if (first === 0x2d || isDigit(first)) return this.scanNumber(at, shape);
    if (first === 0x6e) return this.scanWord(at, 'null');
    if (first !== 0x74 && first !== 0x66) throw new Malformed(at, 'a value is expected here');
    shape.kinds |= KIND.boolean;
    return this.scanWord(at, first === 0x74 ? 'true' : 'false');
  }

  private scanObject(start: number, shape: Shape, depth: number): number {
    const { window } = this;
    shape.kinds |= KIND.object;
    let at = skipSpace(window.bytes, start + 1);
    if (byteAt(window, at) === 0x7d) return at + 1;
    const object = ++JsonScanner.objects;
    const values = shape.values ?? (shape.isDeep ? shape : undefined);
    const seen = values && new Set<string>();
    let expected = 0;
    for (;;) {
      const keyEnd = seen ? this.scanDataKey(at, seen) : this.scanKey(at, shape, expected, object);
      const { member } = this;
      if (member) expected = member.index + 1;
      at = skipSpace(window.bytes, keyEnd);
      if (byteAt(window, at) !== 0x3a) throw new Malformed(at, 'a colon is expected after a key');
      const valueStart = skipSpace(window.bytes, at + 1);
      const valueEnd = this.scanValue(valueStart, member?.shape ?? (values as Shape), depth + 1);
      if (depth === 0 && member) this.listener?.member(member, window.bytes, valueStart, valueEnd);
      at = skipSpace(window.bytes, valueEnd);
      const next = byteAt(window, at);
      if (next === 0x7d) break;
      if (next !== 0x2c) throw new Malformed(at, 'a comma or } is expected here');
      at = skipSpace(window.bytes, at + 1);
    }
    if (shape.members.length > (depth === 0 ? MAX_COLUMNS : MAX_MEMBERS)) this.giveUpNames(start, shape, depth);
    return at + 1;
  }

  private giveUpNames(start: number, shape: Shape, depth: number): void {
    if (depth > 0) return void shape.becomeMap();
    throw new Malformed(start, `with this object there are more than ${MAX_COLUMNS} different keys, too many for columns`);
  }

  private scanKey(at: number, shape: Shape, expected: number, object: number): number {
    const known = shape.members[expected];
    const isKnown = known !== undefined && this.isKey(known.raw, at);
    const end = isKnown ? at + known.raw.length + 2 : this.scanKeyText(at);
    const member = isKnown ? known : this.findMember(shape, at + 1, end - 1);
    if (member.lastObject === object) throw twice(at, member.name);
    member.lastObject = object;
    this.member = member;
    return end;
  }

  private scanDataKey(at: number, seen: Set<string>): number {
    const end = this.scanKeyText(at);
    const name = this.keyName(at + 1, end - 1);
    if (seen.has(name)) throw twice(at, name);
    seen.add(name);
    this.member = undefined;
    return end;
  }

  private scanKeyText(at: number): number {
    if (byteAt(this.window, at) !== 0x22) throw new Malformed(at, 'a key in double quotes is expected here');
    return scanText(this.window, at + 1);
  }

  private findMember(shape: Shape, start: number, end: number): Member {
    const name = this.keyName(start, end);
    return shape.member(name) ?? shape.addMember(name, Buffer.from(this.window.bytes.subarray(start, end)));
  }

  private keyName(start: number, end: number): string {
    const { bytes } = this.window;
    const isPlain = !bytes.subarray(start, end).includes(0x5c);
    return isPlain ? bytes.toString('utf8', start, end) : (JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string);
  }

  /** Whether exactly this key, in quotes, stands at a place. */
  private isKey(raw: Buffer, at: number): boolean {
    const { bytes } = this.window;
    if (bytes[at] !== 0x22 || bytes[at + raw.length + 1] !== 0x22) return false;
    for (let index = 0; index < raw.length; index++) if (bytes[at + 1 + index] !== raw[index]) return false;
    return true;
  }

  private scanArray(start: number, shape: Shape, depth: number): number {
    const { window } = this;
    shape.kinds |= KIND.array;
    const element = shape.isDeep ? shape : shape.elementShape();
    let at = skipSpace(window.bytes, start + 1);
    if (byteAt(window, at) === 0x5d) return at + 1;
    for (;;) {
      at = skipSpace(window.bytes, this.scanValue(at, element, depth + 1));
      const next = byteAt(window, at);
      if (next === 0x5d) return at + 1;
      if (next !== 0x2c) throw new Malformed(at, 'a comma or ] is expected here');
      at = skipSpace(window.bytes, at + 1);
    }
  }

  private scanWord(start: number, word: string): number {
    for (let index = 0; index < word.length; index++) {
      if (byteAt(this.window, start + index) !== word.charCodeAt(index)) throw new Malformed(start, 'a value is expected here');
    }
    return start + word.length;
  }

  private scanNumber(start: number, shape: Shape): number {
    const { bytes } = this.window;
    const first = bytes[start] === 0x2d ? start + 1 : start;
    const whole = this.scanDigits(first);
    if (bytes[first] === 0x30 && whole > first + 1) throw new Malformed(start, 'a number may not begin with 0');
    const end = bytes[whole] === 0x2e ? this.scanDigits(whole + 1) : whole;
    const mark = byteAt(this.window, end);
    if (mark === 0x65 || mark === 0x45) {
      const sign = byteAt(this.window, end + 1);
      const last = this.scanDigits(sign === 0x2b || sign === 0x2d ? end + 2 : end + 1);
      noteExponent(shape, bytes.toString('latin1', start, last));
      return last;
    }
    if (end === whole) noteInteger(shape, whole - first, bytes, start, end);
    else noteFraction(shape, whole, bytes, start, end);
    return end;
  }

  private scanDigits(start: number): number {
    const { bytes } = this.window;
    let at = start;
    while (isDigit(bytes[at])) at++;
    // A number never ends a file, since an object is around it: at the window's end there may be more of it.
    byteAt(this.window, at);
    if (at === start) throw new Malformed(at, 'a digit is expected here');
    return at;
  }
}

function twice(at: number, name: string): Malformed {
  return new Malformed(at, `the key ${JSON.stringify(name)} is there twice in one object`);
}
