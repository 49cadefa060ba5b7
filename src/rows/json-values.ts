import { parseType, type DuckField, type DuckType } from '../contracts/duck-type.js';
import { familyOf } from '../contracts/types.js';

/** A text without half a surrogate pair, which UTF-8 cannot hold. */
export function wellFormed(value: unknown): string | undefined {
  return typeof value === 'string' && value.isWellFormed() ? value : undefined;
}

/** A date that exists, as `2001-02-03`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const MOMENT =
  /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6}0*)?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/;

/** A moment that exists, in ISO 8601. What lies below the microsecond would be lost, so it is none. */
export function isMoment(text: string): boolean {
  const day = MOMENT.exec(text)?.[1];
  return day !== undefined && isDate(day);
}

/** Gives a value as JSON; undefined for one that cannot be said so. */
export type JsonWriter = (value: unknown) => string | undefined;

/** Writes values of a nested type such that DuckDB's cast from JSON to the type loses nothing. */
export function jsonWriter(type: string): JsonWriter {
  return type === 'JSON' ? jsonText : orNull(writerOf(parseType(type)));
}

function orNull(write: JsonWriter): JsonWriter {
  return (value) => (value === null || value === undefined ? 'null' : write(value));
}

function writerOf(type: DuckType): JsonWriter {
  switch (type.kind) {
    case 'list':
      return listWriter(orNull(writerOf(type.element)));
    case 'struct':
      return structWriter(type.fields);
    case 'map':
      return mapWriter(orNull(writerOf(type.value)));
    default:
      return scalarWriter(type.text);
  }
}

function listWriter(each: JsonWriter): JsonWriter {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.map(each);
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  };
}

// The cast wants exactly the structure's fields.
function structWriter(fields: readonly DuckField[]): JsonWriter {
  const writers = fields.map(({ name, type }) => ({ name, key: JSON.stringify(name), write: orNull(writerOf(type)) }));
  return (value) => {
    if (!isPlainObject(value)) return undefined;
    const parts = writers.map(({ name, key, write }) => {
      const part = write(value[name]);
      return part === undefined ? undefined : `${key}:${part}`;
    });
    return parts.includes(undefined) ? undefined : `{${parts.join(',')}}`;
  };
}

function mapWriter(each: JsonWriter): JsonWriter {
  return (value) => {
    if (!isPlainObject(value)) return undefined;
    const parts = Object.entries(value).flatMap(([key, item]) => {
      if (item === undefined) return [];
      const [name, part] = [textOf(key), each(item)];
      return [name === undefined || part === undefined ? undefined : `${name}:${part}`];
    });
    return parts.includes(undefined) ? undefined : `{${parts.join(',')}}`;
  };
}

function scalarWriter(type: string): JsonWriter {
  const date = (value: unknown): string | undefined =>
    value instanceof Date && !Number.isNaN(value.getTime()) ? JSON.stringify(value) : undefined;
  switch (familyOf(type)) {
    case 'integer':
    case 'decimal':
      // DuckDB reads a large integer of JSON as a double: as text it stays whole.
      return (value) => (typeof value === 'bigint' || Number.isSafeInteger(value) ? `"${String(value)}"` : numberOf(value));
    case 'float':
      return numberOf;
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? String(value) : undefined);
    case 'date':
      return (value) => (typeof value === 'string' && isDate(value) ? textOf(value) : undefined);
    case 'timestamp':
    case 'timestamptz':
      return (value) => (typeof value === 'string' && isMoment(value) ? textOf(value) : date(value));
    default:
      return type === 'JSON' ? jsonText : textOf;
  }
}

function textOf(value: unknown): string | undefined {
  return wellFormed(value) === undefined ? undefined : JSON.stringify(value);
}

function numberOf(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** A value as JSON, in which bigints are numbers of any length. */
export function jsonText(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number') return numberOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : JSON.stringify(value);
  return Array.isArray(value) ? listWriter(jsonText)(value) : mapWriter(jsonText)(value);
}

// Of a Map, a Set or an object with a class of its own, JSON would keep nothing or the wrong half.
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
