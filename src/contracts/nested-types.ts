import type { Column } from '../core/dataset.js';
import { parseType, structType, type DuckField, type DuckType } from './duck-type.js';
import { outputBase } from './introspect.js';
import type { Base, ColumnSpec } from './rules.js';
import { canonicalScalar, fitsScalar, isNumericText } from './types.js';

type ObjectBase = Base & { readonly kind: 'object' };

/** The type a column gets where the contract alone decides: text from CSV files, and tables that are created from a contract. */
export function canonicalType(base: Base): string {
  switch (base.kind) {
    case 'list':
      return `${canonicalPart(base.element)}[]`;
    case 'tuple': {
      const types = new Set([...base.items, ...(base.rest ? [base.rest] : [])].map(canonicalPart));
      return types.size === 1 ? `${[...types][0]}[]` : 'JSON';
    }
    case 'object':
      return canonicalObject(base);
    case 'map':
      return base.isLoose ? 'JSON' : `MAP(VARCHAR, ${canonicalPart(base.value)})`;
    case 'union':
      return canonicalUnion(base.options.map(canonicalPart));
    case 'json':
      return 'JSON';
    default:
      return canonicalScalar(base);
  }
}

/** The type of a part of a nested column; what may be anything is JSON there. */
export function canonicalPart(spec: ColumnSpec): string {
  const base = outputBase(spec.schema);
  return base.kind === 'any' || (base.kind === 'other' && base.type !== 'nan') ? 'JSON' : canonicalType(base);
}

// A structure has its fields alone, which have names of their own whatever the case of their letters.
function canonicalObject({ fields, extras }: ObjectBase): string {
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  if (extras === 'keep' || fields.length === 0 || names.size < fields.length || names.has('')) return 'JSON';
  return structType(fields.map((field) => ({ name: field.name, type: canonicalPart(field) })));
}

function canonicalUnion(options: readonly string[]): string {
  const types = new Set(options);
  if (types.size === 1) return options[0] as string;
  if (options.every((type) => type === 'BIGINT' || type === 'INTEGER')) return 'BIGINT';
  if (options.every((type) => type === 'BIGINT' || type === 'INTEGER' || type === 'DOUBLE')) return 'DOUBLE';
  return options.every((type) => TEXTUAL.has(type)) ? 'VARCHAR' : 'JSON';
}

const TEXTUAL: ReadonlySet<string> = new Set(['VARCHAR', 'DATE', 'TIMESTAMP']);

/** Whether a column holds JSON as text. */
export function isJson(column: Column): boolean {
  return column.type === 'JSON' || (column.type === 'VARCHAR' && (column.sourceType === 'json' || column.sourceType === 'jsonb'));
}

/** Whether a contract's values have parts, or are of several kinds, so that JSON may hold them. */
export function isNestedBase(base: Base): boolean {
  return ['list', 'tuple', 'object', 'map', 'union', 'json'].includes(base.kind);
}

/** Whether values of a column's type are such as the contract speaks of, so that they are judged and kept as they are. */
export function fits(base: Base, column: Column): boolean {
  if (!isNestedBase(base)) return fitsScalar(base, column);
  if (isJson(column)) return true;
  if (isNumericText(column)) return base.kind === 'union' && base.options.some((option) => fits(option.base, column));
  return fitsType(base, parseType(column.type));
}

/** As {@link fits}, of a type taken apart. */
export function fitsType(base: Base, type: DuckType): boolean {
  if (base.kind === 'any' || base.kind === 'other' || base.kind === 'json') return true;
  if (base.kind === 'union') return base.options.some((option) => fitsType(option.base, type));
  switch (type.kind) {
    case 'list':
      if (base.kind === 'tuple')
        return [...base.items, ...(base.rest ? [base.rest] : [])].every((item) => fitsPart(item, type.element));
      return base.kind === 'list' && fitsPart(base.element, type.element);
    case 'struct':
      return base.kind === 'object'
        ? fitsFields(base, type.fields)
        : base.kind === 'map' && type.fields.every((field) => fitsPart(base.value, field.type));
    case 'map':
      return base.kind === 'map' && type.key.text === 'VARCHAR' && fitsPart(base.value, type.value);
    default:
      // Whatever stands there, zod is asked.
      if (type.text === 'JSON') return true;
      if (isNestedBase(base)) return false;
      return fitsScalar(base, { name: '', type: type.text, nullable: true });
  }
}

function fitsFields({ fields }: ObjectBase, found: readonly DuckField[]): boolean {
  return fields.every((field) => {
    const match = found.find(({ name }) => name === field.name);
    return match === undefined ? !field.required : fitsPart(field, match.type);
  });
}

// Text may be made into what the contract wants.
function fitsPart({ base, coerce }: ColumnSpec, type: DuckType): boolean {
  return fitsType(base, type) || (coerce && type.text === 'VARCHAR');
}

/**
 * How a structure is kept: `own`, with exactly the keys that the contract keeps; `given`, with the fields it has, where
 * several shapes share them.
 */
export type Shape = 'own' | 'given';

/** The type in which accepted values are kept, of a type that fits: as it is, but for the keys of objects. */
export function keptType(spec: ColumnSpec, type: DuckType, shape: Shape = 'own'): string {
  const base = outputBase(spec.schema);
  if (base.kind === 'any' || base.kind === 'other' || shape === 'given') return type.text;
  if (base.kind === 'union') return type.text;
  switch (type.kind) {
    case 'list':
      return base.kind === 'list' ? `${keptType(base.element, type.element)}[]` : `${type.element.text}[]`;
    case 'map':
      return base.kind === 'map' ? `MAP(VARCHAR, ${keptType(base.value, type.value)})` : type.text;
    case 'struct':
      return base.kind === 'object' ? keptObject(base, type.fields, type.text) : type.text;
    default:
      return fits(base, { name: '', type: type.text, nullable: true }) ? type.text : canonicalPart(spec);
  }
}

function keptObject(base: ObjectBase, found: readonly DuckField[], text: string): string {
  if (base.fields.length === 0 && base.extras !== 'keep') return 'JSON';
  const known = new Set(base.fields.map(({ name }) => name));
  const extras = base.extras === 'keep' ? found.filter(({ name }) => !known.has(name)) : [];
  const types = base.fields.map((field) => {
    const match = found.find(({ name }) => name === field.name);
    return { name: field.name, type: match ? keptType(field, match.type) : canonicalPart(field) };
  });
  const isSame =
    found.length === types.length + extras.length &&
    types.every(({ name, type }) => found.some((each) => each.name === name && each.type.text === type));
  return isSame ? text : structType([...types, ...extras.map(({ name, type }) => ({ name, type: type.text }))]);
}
