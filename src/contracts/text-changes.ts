import { z } from 'zod';
import { definitionOf, type Schema } from './schema.js';
import { matches, text } from './sql-text.js';

/** A change of text that SQL can make as JavaScript does. */
export type TextChange = 'trim' | 'lower' | 'upper' | 'nfc';

/** A changed text in SQL. */
export interface ChangedText {
  readonly sql: string;
  /** A condition for rows in which the two languages may differ, where there are any. */
  readonly unsure?: string;
}

// zod gives its own changes no name; their functions are told apart by their source.
const sourceOf = (schema: Schema): string => String((definitionOf(schema).checks?.[0]?._zod.def as OverwriteDef | undefined)?.tx);
const OWN: ReadonlyMap<string, TextChange> = new Map([
  [sourceOf(z.string().trim()), 'trim'],
  [sourceOf(z.string().toLowerCase()), 'lower'],
  [sourceOf(z.string().toUpperCase()), 'upper'],
]);
const NORMALIZE = sourceOf(z.string().normalize());

interface OverwriteDef {
  readonly check?: string;
  readonly when?: unknown;
  readonly tx?: (value: string) => unknown;
}

/** Which change of text a check is, if it is one of zod's own that SQL can make. */
export function textChange(check: z.core.$ZodCheck): TextChange | undefined {
  const def = check._zod.def as OverwriteDef;
  if (def.check !== 'overwrite' || def.tx === undefined || def.when !== undefined) return undefined;
  const source = String(def.tx);
  // The form is hidden in the function: only NFC composes the accent and leaves the ligature alone.
  if (source === NORMALIZE) return def.tx('e\u0301\ufb01') === '\u00e9\ufb01' ? 'nfc' : undefined;
  return OWN.get(source);
}

const codes = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

// What JavaScript calls white space and line ends.
const SPACES = [...codes(9, 13), 32, 0xa0, 0x1680, ...codes(0x2000, 0x200a), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff];
const SPACE_LIST = SPACES.map((code) => `chr(${code})`).join(' || ');

/** SQL of a text without the white space around it, as JavaScript's `trim()` and `Number()` see it. */
export function trimmed(s: string): string {
  return `trim(${s}, ${SPACE_LIST})`;
}

// Letters that JavaScript and DuckDB turn differently, and blocks in which a later Unicode adds letters with cases.
const GROWING = '\\x{1C80}-\\x{1C8F}\\x{A7C0}-\\x{A7FF}\\x{10D40}-\\x{10D8F}\\x{16EA0}-\\x{16EDF}';
const UNSURE_LOWER = `[\\x{130}\\x{3A3}${GROWING}]`;
const UNSURE_UPPER = `[\\x{DF}\\x{149}\\x{19B}\\x{1F0}\\x{264}\\x{390}\\x{3B0}\\x{587}\\x{1E96}-\\x{1E9A}\\x{1F50}-\\x{1FFF}\\x{FB00}-\\x{FB17}${GROWING}]`;

/** A text after a change. */
export function changeText(change: TextChange, s: string): ChangedText {
  switch (change) {
    case 'trim':
      return { sql: trimmed(s) };
    case 'lower':
      return { sql: `lower(${s})`, unsure: matches(s, UNSURE_LOWER) };
    case 'upper':
      return { sql: `upper(${s})`, unsure: matches(s, UNSURE_UPPER) };
    default:
      // NFC. DuckDB ends the text at a NUL.
      return { sql: `nfc_normalize(${s})`, unsure: `contains(${s}, ${text('\0')})` };
  }
}
