import { parseType, type DuckType } from '../duck-type.js';
import { familyOf, isNumericText } from '../types.js';
import type { Profile } from './profile.js';

/** What the source declares of a column. */
export interface DeclaredColumn {
  readonly nullable: boolean;
  /** Longest text. */
  readonly maxLength?: number;
  /** The only values: of an enum type, or of a check. */
  readonly members?: readonly string[];
}

/** What a contract is written from. */
export interface ImportedColumns {
  /** The name of the contract. */
  readonly name: string;
  /** Where the columns come from, for the comment. */
  readonly source: string;
  /** Rows that were looked at. */
  readonly rows: number;
  readonly isText: boolean;
  readonly profiles: readonly Profile[];
  readonly key: readonly string[];
  /** By column; a source that declares nothing has none. */
  readonly declared: ReadonlyMap<string, DeclaredColumn>;
}

/** Writes a first contract as code: it accepts every row that was looked at. */
export function writeContract({ name, source, rows, isText, profiles, key, declared }: ImportedColumns): string {
  const columns = profiles.map((profile) => {
    const { name: column } = profile.column;
    return `    ${keyOf(column)}: ${schemaOf(profile, declared.get(column), isText)},`;
  });
  const options = key.length === 0 ? '' : `,\n  { key: [${key.map(quote).join(', ')}] }`;
  const about = `${source.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')}, made from ${rows.toLocaleString('en')} rows`;
  return `import { contract } from 'millrace/config';
import { z } from 'zod';

/** What is in ${about}. Bounds and enums are what was met there: loosen those that are chance. */
export const ${name} = contract(
  z.object({
${columns.join('\n')}
  })${options},
);
`;
}

/** A contract's name from a table's or a file's: `order-lines.csv` is `OrderLines`. */
export function contractName(text: string): string {
  const base =
    text
      .split('/')
      .at(-1)
      ?.replace(/(\.(csv|tsv|json|ndjson|jsonl|parquet|gz))+$/i, '')
      .split('.')
      .at(-1) ?? '';
  const words = base.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const name = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
  return /^[A-Z]/.test(name) ? name : `Rows${name}`;
}

function keyOf(column: string): string {
  // In an object literal this name would not be a key.
  if (column === '__proto__') return `['__proto__']`;
  return /^[A-Za-z_$][\w$]*$/.test(column) ? column : quote(column);
}

function quote(value: string): string {
  const inner = JSON.stringify(value)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `'${inner.replaceAll('\u2028', String.raw`\u2028`).replaceAll('\u2029', String.raw`\u2029`)}'`;
}

function schemaOf(profile: Profile, declared: DeclaredColumn | undefined, isText: boolean): string {
  const schema = valueSchema(profile, declared, isText);
  const mayLack = declared ? declared.nullable || profile.nulls > 0 : profile.nulls > 0 || profile.values === 0;
  return mayLack && schema !== 'z.any()' ? `${schema}.nullable()` : schema;
}

function valueSchema(profile: Profile, declared: DeclaredColumn | undefined, isText: boolean): string {
  const { column, form, members, hasUnbounded } = profile;
  if (declared?.members) return `z.enum([${declared.members.map(quote).join(', ')}])`;
  if (hasUnbounded) return 'z.any()';
  if (isText) return form === undefined ? textSchema(members, declared) : formSchema(profile);
  const type = parseType(column.type);
  if (type.kind !== 'scalar') return nestedSchema(type);
  if (isNumericText(column)) return bounded('z.number()', profile, 'number');
  switch (familyOf(column.type)) {
    case 'text':
      return form === undefined ? textSchema(members, declared) : formSchema(profile);
    case 'integer':
      return isSafe(profile) ? bounded('z.int()', profile, 'number') : bounded('z.bigint()', profile, 'bigint');
    case 'float':
    case 'decimal':
      return bounded('z.number()', profile, 'number');
    default:
      return scalarSchema(column.type);
  }
}

function textSchema(members: readonly string[] | undefined, declared: DeclaredColumn | undefined): string {
  if (members) return `z.enum([${members.map(quote).join(', ')}])`;
  return declared?.maxLength === undefined ? 'z.string()' : `z.string().max(${declared.maxLength})`;
}

function formSchema(profile: Profile): string {
  switch (profile.form) {
    case 'boolean':
      return 'z.boolean()';
    case 'int':
      return bounded('z.int()', profile, 'number');
    case 'bigint':
      return 'z.bigint()';
    case 'number':
      return bounded('z.number()', profile, 'number');
    case 'date':
      return 'z.iso.date()';
    case 'moment':
      return 'z.date()';
    case 'uuid':
      return 'z.uuid()';
    default:
      return 'z.email()';
  }
}

function bounded(schema: string, { range }: Profile, kind: 'number' | 'bigint'): string {
  if (!range) return schema;
  const literal = (value: string): string => (kind === 'bigint' ? `${value}n` : String(Number(value)));
  return `${schema}.min(${literal(range.min)}).max(${literal(range.max)})`;
}

function isSafe({ range, column }: Profile): boolean {
  // Without values, the type alone tells what may come.
  if (!range) return !/BIGINT|HUGEINT/.test(column.type);
  return Number.isSafeInteger(Number(range.min)) && Number.isSafeInteger(Number(range.max));
}

function nestedSchema(type: DuckType): string {
  switch (type.kind) {
    case 'list':
      return `z.array(${nestedSchema(type.element)}.nullable())`;
    case 'struct':
      return `z.object({ ${type.fields.map((field) => `${keyOf(field.name)}: ${nestedSchema(field.type)}.nullable()`).join(', ')} })`;
    case 'map':
      return type.key.text === 'VARCHAR' ? `z.record(z.string(), ${nestedSchema(type.value)}.nullable())` : 'z.any()';
    default:
      return nestedScalar(type.text);
  }
}

function nestedScalar(type: string): string {
  const family = familyOf(type);
  // Nobody has looked at these values: the schema takes all of the type that JavaScript can hold.
  if (family === 'integer' || family === 'float' || family === 'decimal') return 'z.number()';
  return family === 'text' ? 'z.string()' : scalarSchema(type);
}

function scalarSchema(type: string): string {
  switch (familyOf(type)) {
    case 'boolean':
      return 'z.boolean()';
    case 'date':
      return 'z.iso.date()';
    case 'timestamp':
    case 'timestamptz':
      return 'z.date()';
    case 'time':
      return 'z.iso.time()';
    default:
      return 'z.any()';
  }
}
