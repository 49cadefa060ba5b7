import type { Image } from './image.js';
import { elementGuides, fieldGuides, flatten } from './guides.js';
import { unquoted, quoted } from './image.js';
import type { ColumnSpec } from './rules.js';
import { dateOfJsonText, TEXT_RULES } from './text-values.js';

/**
 * The image of JSON in text: what it says, and the text itself where it is no JSON. What JSON has no word for is read as in
 * CSV files: dates and bigints from text, and bigints from integers that a double holds exactly.
 */
export function jsonImage(spec: ColumnSpec, raw: string): Image {
  return {
    select: [quoted(`${raw}::VARCHAR`)],
    read: ([value]) => (value === null ? undefined : readText([spec], unquoted(value))),
  };
}

function readText(guides: readonly ColumnSpec[], text: string): unknown {
  try {
    return readJson(guides, JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}

/** A value of JSON as its guides see it; `undefined` for null. */
export function readJson(given: readonly ColumnSpec[], json: unknown): unknown {
  const guides = flatten(given);
  if (json === null) return undefined;
  if (typeof json === 'string') return readString(guides, json);
  if (typeof json === 'number') return speaksOnlyOf(guides, 'bigint') && Number.isSafeInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) {
    return json.map((item, index) => {
      const of = elementGuides(guides, index);
      return readJson(of, item) ?? nothing(of);
    });
  }
  if (typeof json !== 'object') return json;
  const entries = Object.entries(json).flatMap(([name, part]): [string, unknown][] => {
    const of = fieldGuides(guides, name);
    if (!of.isNamed) return [[name, readJson(of.guides, part) ?? null]];
    const value = readJson(of.guides, part) ?? nothing(of.guides);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

// Where no guide speaks of a value, null is what JSON says it is.
function nothing(guides: readonly ColumnSpec[]): null | undefined {
  return guides.length === 0 || guides.some((guide) => guide.acceptsNull) ? null : undefined;
}

function readString(guides: readonly ColumnSpec[], text: string): unknown {
  if (speaksOnlyOf(guides, 'date')) return dateOfJsonText(text) ?? text;
  if (speaksOnlyOf(guides, 'bigint') && new RegExp(`^${TEXT_RULES.bigint}$`).test(text)) return BigInt(text);
  return text;
}

// What is coerced is given as it stands.
function speaksOnlyOf(guides: readonly ColumnSpec[], kind: 'date' | 'bigint'): boolean {
  return (
    guides.some((guide) => guide.base.kind === kind) &&
    guides.every(
      ({ base, coerce }) =>
        !coerce &&
        base.kind !== 'string' &&
        base.kind !== 'any' &&
        base.kind !== 'other' &&
        !(kind === 'bigint' && base.kind === 'number'),
    )
  );
}
