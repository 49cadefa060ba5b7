import { KIND, type Shape } from './shape.js';

/** A double keeps every decimal number of so many digits. */
const SAFE_DIGITS = 15;

const INT64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n } as const;

/** Notes an integer, given the number of its digits. */
export function noteInteger(shape: Shape, digits: number, bytes: Buffer, start: number, end: number): void {
  shape.kinds |= KIND.integer;
  if (digits > shape.digits) shape.digits = digits;
  if (digits <= SAFE_DIGITS || (shape.isWide && shape.losesInteger)) return;
  const written = bytes.toString('latin1', start, end);
  const value = BigInt(written);
  shape.isWide ||= value < INT64.least || value > INT64.most;
  const asDouble = Number(written);
  shape.losesInteger ||= !Number.isFinite(asDouble) || BigInt(asDouble) !== value;
}

/** Notes a number with a point but no exponent. */
export function noteFraction(shape: Shape, point: number, bytes: Buffer, start: number, end: number): void {
  const before = point - start - (bytes[start] === 0x2d ? 1 : 0);
  const after = end - point - 1;
  shape.kinds |= KIND.fraction;
  if (before > shape.digits) shape.digits = before;
  if (after > shape.scale) shape.scale = after;
  if (before + after > SAFE_DIGITS && !shape.losesFraction)
    shape.losesFraction = !doubleKeeps(bytes.toString('latin1', start, end));
}

/** Notes a number with an exponent. */
export function noteExponent(shape: Shape, text: string): void {
  shape.kinds |= KIND.fraction;
  const { digits, exponent } = decimalOf(text);
  shape.digits = Math.max(shape.digits, digits.length + exponent, 1);
  shape.scale = Math.max(shape.scale, -exponent);
  shape.losesFraction ||= !doubleKeeps(text);
}

/** Whether the shortest text of the double that a number is read as says the same number. */
export function doubleKeeps(text: string): boolean {
  const value = Number(text);
  // What programs write is nearly always this text.
  if (String(value) === text) return true;
  if (!Number.isFinite(value)) return false;
  const [written, kept] = [decimalOf(text), decimalOf(String(value))];
  return written.digits === kept.digits && written.exponent === kept.exponent && written.isNegative === kept.isNegative;
}

interface Decimal {
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  readonly exponent: number;
  readonly isNegative: boolean;
}

function decimalOf(text: string): Decimal {
  const [, sign, whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return { digits, exponent: 0, isNegative: false };
  return { digits, exponent: Number(power) - fraction.length + all.length - digits.length, isNegative: sign === '-' };
}
