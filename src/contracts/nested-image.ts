import type { Column } from '../core/dataset.js';
import type { DuckType } from './duck-type.js';
import { dateOfMillis, doubleOf, isoText, millisOf, type Image } from './image.js';
import { readJson } from './json-image.js';
import { elementGuides, fieldGuides, flatten, valueGuides } from './guides.js';
import { fitsType } from './nested-types.js';
import type { Base, ColumnSpec } from './rules.js';
import { familyOf } from './types.js';

/** What carries a part of a value from SQL into JavaScript: SQL of JSON, and how it is read; `undefined` for no value. */
interface Carrier {
  readonly sql: string;
  readonly read: (json: unknown) => unknown;
}

/** The image of a typed value with parts: plain objects and lists, whose parts are as a column of their type would be. */
export function nestedImage(spec: ColumnSpec, type: DuckType, v: string): Image {
  const carrier = carry([spec], type, v, 0);
  return {
    select: [`'"' || CAST(${carrier.sql} AS VARCHAR)`],
    read: ([value]) => (value === null ? undefined : carrier.read(JSON.parse((value as string).slice(1)))),
  };
}

function carry(given: readonly ColumnSpec[], type: DuckType, v: string, depth: number): Carrier {
  const guides = flatten(given);
  switch (type.kind) {
    case 'list':
      return carryList(guides, type, v, depth);
    case 'struct':
      return carryStruct(guides, type, v, depth);
    case 'map':
      return carryMap(guides, type, v, depth);
    default:
      return carryScalar(guides, type.text, v);
  }
}

function carryList(guides: readonly ColumnSpec[], type: DuckType & { kind: 'list' }, v: string, depth: number): Carrier {
  const x = `x${depth}`;
  const of = elementGuides(guides);
  const each = carry(of, type.element, x, depth + 1);
  return {
    sql: `CASE WHEN ${v} IS NOT NULL THEN to_json(list_transform(${v}::${type.element.text}[], lambda ${x}: to_json(${each.sql}))) END`,
    read: (json) => (json === null ? undefined : (json as unknown[]).map((item) => nothingOr(each.read(item), of))),
  };
}

function carryStruct(guides: readonly ColumnSpec[], type: DuckType & { kind: 'struct' }, v: string, depth: number): Carrier {
  const fields = type.fields.map(({ name, type: part }) => {
    const of = fieldGuides(guides, name);
    return { name, of, ...carry(of.guides, part, `struct_extract(${v}, '${name.replaceAll("'", "''")}')`, depth) };
  });
  return {
    sql: `CASE WHEN ${v} IS NOT NULL THEN json_array(${fields.map(({ sql }) => sql).join(', ')}) END`,
    read: (json) => {
      if (json === null) return undefined;
      const entries = fields.flatMap(({ name, of, read }, index): [string, unknown][] => {
        const value = read((json as unknown[])[index]);
        // A key that the contract does not name and that has no value is none.
        const held = of.isNamed ? nothingOr(value, of.guides) : value;
        return held === undefined ? [] : [[name, held]];
      });
      return Object.fromEntries(entries);
    },
  };
}

function carryMap(guides: readonly ColumnSpec[], type: DuckType & { kind: 'map' }, v: string, depth: number): Carrier {
  const x = `x${depth}`;
  const of = valueGuides(guides);
  const each = carry(of, type.value, x, depth + 1);
  const values = `list_transform(map_values(${v}), lambda ${x}: to_json(${each.sql}))`;
  return {
    sql: `CASE WHEN ${v} IS NOT NULL THEN json_array(to_json(map_keys(${v})::VARCHAR[]), to_json(${values})) END`,
    read: (json) => {
      if (json === null) return undefined;
      const [keys, held] = json as [string[], unknown[]];
      return Object.fromEntries(keys.map((key, index) => [key, nothingOr(each.read(held[index]), of)]));
    },
  };
}

function nothingOr(value: unknown, guides: readonly ColumnSpec[]): unknown {
  if (value !== undefined) return value;
  return guides.length === 0 || guides.some((guide) => guide.acceptsNull) ? null : undefined;
}

function carryScalar(guides: readonly ColumnSpec[], type: string, v: string): Carrier {
  if (type === 'JSON') return { sql: v, read: (json) => readJson(guides, json) };
  const base = guideOf(guides, type)?.base ?? NO_BASE;
  const column: Column = { name: '', type, nullable: true };
  const family = familyOf(type);
  const asText: Carrier = { sql: base.kind === 'string' ? isoText(base, column, v) : `${v}::VARCHAR`, read: orNothing };
  if (base.kind === 'string') return asText;
  if (seesBigint(base, type)) {
    return { sql: `${v}::HUGEINT::VARCHAR`, read: (json) => (json === null ? undefined : BigInt(json as string)) };
  }
  switch (family) {
    case 'integer':
    case 'decimal':
      return { sql: doubleOf(column, v), read: orNothing };
    case 'float':
      return {
        sql: `CASE WHEN isfinite(${v}) THEN to_json(${v}::DOUBLE) ELSE to_json(${v}::VARCHAR) END`,
        read: (json) => (typeof json === 'string' ? ODD_NUMBERS[json] : orNothing(json)),
      };
    case 'boolean':
      return { sql: v, read: orNothing };
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return { sql: millisOf(v), read: (json) => (json === null ? undefined : dateOfMillis(json)) };
    default:
      return asText;
  }
}

const NO_BASE: Base = { kind: 'other', type: '' };
const ODD_NUMBERS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

function orNothing(json: unknown): unknown {
  return json === null ? undefined : json;
}

function guideOf(guides: readonly ColumnSpec[], type: string): ColumnSpec | undefined {
  return guides.find((guide) => fitsType(guide.base, { kind: 'scalar', text: type }));
}

function seesBigint(base: Base, type: string): boolean {
  if (base.kind === 'bigint') return true;
  return base.kind === 'values' && familyOf(type) === 'integer' && base.values.some((each) => typeof each === 'bigint');
}

/**
 * Whether all that speak of a value see the same in it, as they must for SQL to judge by each: a TIMESTAMP is a Date to one
 * schema and text to another.
 */
export function areSeenAlike(given: readonly ColumnSpec[], type: DuckType): boolean {
  const guides = flatten(given);
  switch (type.kind) {
    case 'list':
      return areSeenAlike(elementGuides(guides), type.element);
    case 'struct':
      return type.fields.every(({ name, type: part }) => {
        const of = fieldGuides(guides, name);
        const isNull = of.isNamed && of.guides.some((guide) => guide.acceptsNull);
        return areSeenAlike(of.guides, part) && !(isNull && guides.some((guide) => mindsKey(guide, name)));
      });
    case 'map':
      return areSeenAlike(valueGuides(guides), type.value);
    default: {
      const fitting = guides.filter((guide) => fitsType(guide.base, type));
      return new Set(fitting.map((guide) => imageKind(guide.base, type.text))).size <= 1;
    }
  }
}

// To one schema a key with null may be fine, to another one too many.
function mindsKey({ base }: ColumnSpec, name: string): boolean {
  if (base.kind !== 'object') return base.kind === 'map';
  if (base.fields.some((field) => field.name === name)) return false;
  return base.extras === 'strict' || (base.catchall !== undefined && base.catchall.base.kind !== 'any');
}

function imageKind(base: Base, type: string): string {
  if (seesBigint(base, type)) return 'bigint';
  const family = familyOf(type);
  if (base.kind === 'string') return family === 'text' ? 'own' : JSON.stringify(['text', base.temporal]);
  return 'own';
}
