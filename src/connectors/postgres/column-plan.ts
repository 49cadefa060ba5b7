import type { Column } from '../../core/dataset.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { TableColumn } from './target-table.js';

/** How one column gets from DuckDB into a Postgres column without any value changing. */
export interface ColumnPlan {
  readonly name: string;
  /** The value in DuckDB's SQL, in the type in which it travels. */
  readonly expression: string;
  /** The Postgres type in which it travels: the type of the staging table's column. */
  readonly wire: string;
  /** The staged value in Postgres' SQL, in the target's type. */
  readonly restore: string;
  /** Whether the value can be written straight into the target, without a staging table. */
  readonly direct: boolean;
  /** Whether it travels as text, which must not be a lone backspace where DuckDB writes a table as text. */
  readonly isText: boolean;
}

/** Types that travel as they are, in binary, and the DuckDB type in which they do. */
const BINARY: Readonly<Record<string, string>> = {
  bool: 'BOOLEAN',
  int2: 'SMALLINT',
  int4: 'INTEGER',
  int8: 'BIGINT',
  float4: 'FLOAT',
  float8: 'DOUBLE',
  text: 'VARCHAR',
  varchar: 'VARCHAR',
  bpchar: 'VARCHAR',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  uuid: 'UUID',
  bytea: 'BLOB',
};

/**
 * Which DuckDB types each Postgres type takes. Widening is fine, and so is narrowing that fails loudly when a value does not
 * fit (integers, the digits before the point); what would round or guess is not.
 */
const INTEGERS = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
];
const SMALL_INTEGERS = ['TINYINT', 'SMALLINT', 'UTINYINT'];
const TEXTS = ['VARCHAR', 'JSON', 'ENUM'];
const TAKES: Readonly<Record<string, readonly string[]>> = {
  bool: ['BOOLEAN'],
  int2: INTEGERS,
  int4: INTEGERS,
  int8: INTEGERS,
  float4: ['FLOAT', ...SMALL_INTEGERS],
  float8: ['DOUBLE', 'FLOAT', 'INTEGER', 'USMALLINT', 'UINTEGER', ...SMALL_INTEGERS],
  text: TEXTS,
  varchar: TEXTS,
  bpchar: TEXTS,
  date: ['DATE'],
  time: ['TIME'],
  timestamp: ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'DATE'],
  timestamptz: ['TIMESTAMP WITH TIME ZONE'],
  uuid: ['UUID'],
  bytea: ['BLOB'],
};

/**
 * Whether DuckDB writes a table with this column in binary. One column that it cannot write so makes it write all as text,
 * which Postgres then reads exactly, but for a text of one backspace: that becomes null.
 */
export function travelsInBinary(column: TableColumn): boolean {
  if (column.isDomain || column.base === 'bpchar') return false;
  return column.base === 'numeric' ? isDecimal(column) : column.base === 'json' || column.base in BINARY;
}

function isDecimal(column: TableColumn): boolean {
  const { precision, scale } = column;
  return (
    precision !== null && scale !== null && precision <= 38 && scale >= 0 && scale <= precision && keepsDigits(precision, scale)
  );
}

/**
 * Whether DuckDB writes the digits after the point as they are. It fills them up to a multiple of four in the integer that
 * holds the value, and where that has no room for them it sends other digits.
 */
function keepsDigits(precision: number, scale: number): boolean {
  const room = [4, 9, 18, 38].find((digits) => precision <= digits) ?? 0;
  return Math.ceil(scale / 4) * 4 <= room;
}

/** How `column` gets into `target`, or `undefined` when the target's type cannot take its values exactly. */
export function planColumn(column: Column, target: TableColumn): ColumnPlan | undefined {
  const kind = duckKind(column.type);
  const takesText = ['text', 'varchar', 'bpchar'].includes(target.base);
  if (TAKES[target.base]?.includes(kind) && (column.sourceType === undefined || takesText)) return planBinary(column, target);
  if (target.base === 'numeric') return planNumeric(column, target, kind);
  if (column.type.endsWith('[]') && target.base.startsWith('_')) return planArray(column, target);
  if (target.base === 'json' || target.base === 'jsonb') return planJson(column, target, kind);
  if (target.base === 'interval' && kind === 'INTERVAL') return viaText(column, target);
  if (target.base === 'timetz' && kind === 'TIME WITH TIME ZONE') return viaText(column, target);
  return TEXTS.includes(kind) && restoresText(column, target) ? viaText(column, target) : undefined;
}

// Text restores what was text only for want of a type, and fills types that DuckDB has no counterpart for.
function restoresText(column: Column, target: TableColumn): boolean {
  if (column.sourceType !== undefined && wordsOf(column.sourceType) === wordsOf(target.type)) return true;
  if (target.base === 'uuid') return column.sourceType === undefined;
  return !(target.base in BINARY) && !target.base.startsWith('_');
}

function planBinary(column: Column, target: TableColumn): ColumnPlan {
  const type = BINARY[target.base] as string;
  const name = quoteIdentifier(column.name);
  const expression = column.type === type ? name : `CAST(${name} AS ${type})`;
  const wire = target.base === 'bpchar' ? 'text' : target.castType;
  return {
    name: column.name,
    expression,
    wire,
    restore: restore(column, target),
    direct: !target.isDomain,
    isText: type === 'VARCHAR',
  };
}

function planNumeric(column: Column, target: TableColumn, kind: string): ColumnPlan | undefined {
  const unbounded = target.precision === null;
  if (kind === 'VARCHAR') {
    const isNumeric = column.sourceType !== undefined && column.sourceType.startsWith('numeric');
    return isNumeric && (unbounded || column.sourceType === target.type) ? viaText(column, target) : undefined;
  }
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(column.type);
  if (!decimal && !INTEGERS.includes(kind)) return undefined;
  const scale = decimal ? Number(decimal[2]) : 0;
  if (!unbounded && scale > (target.scale ?? 0)) return undefined;
  if (!isDecimal(target)) return viaText(column, target);
  const name = quoteIdentifier(column.name);
  const type = `DECIMAL(${target.precision},${target.scale})`;
  const expression = column.type === type ? name : `CAST(${name} AS ${type})`;
  return {
    name: column.name,
    expression,
    wire: `numeric(${target.precision},${target.scale})`,
    restore: restore(column, target),
    direct: !target.isDomain,
    isText: false,
  };
}

function planArray(column: Column, target: TableColumn): ColumnPlan | undefined {
  const element = column.type.slice(0, -2);
  if (element.endsWith('[]') || target.isDomain || column.sourceType !== undefined) return undefined;
  const base = target.base.slice(1);
  const exact =
    base === 'numeric' ? takesDecimal(element, target) : TAKES[base]?.includes(duckKind(element)) === true && base !== 'bytea';
  return exact ? { ...viaText(column, target), expression: arrayLiteral(quoteIdentifier(column.name), element) } : undefined;
}

function takesDecimal(element: string, target: TableColumn): boolean {
  const scale = /^DECIMAL\(\d+,\s*(\d+)\)$/.exec(element)?.[1];
  return scale !== undefined && (target.scale === null || Number(scale) <= target.scale);
}

// A list as Postgres writes arrays, every element in quotes, so that only a null is NULL. Years BC lose DuckDB's brackets.
function arrayLiteral(list: string, element: string): string {
  const value = /^(DATE|TIMESTAMP)/.test(element) ? "replace(x::VARCHAR, ' (BC)', ' BC')" : 'x::VARCHAR';
  const text = String.raw`replace(replace(${value}, '\', '\\'), '"', '\"')`;
  const elements = `[CASE WHEN x IS NULL THEN 'NULL' ELSE '"' || ${text} || '"' END FOR x IN ${list}]`;
  return `CASE WHEN ${list} IS NOT NULL THEN '{' || coalesce(array_to_string(${elements}, ','), '') || '}' END`;
}

function planJson(column: Column, target: TableColumn, kind: string): ColumnPlan | undefined {
  const plan = { ...viaText(column, target), direct: !target.isDomain };
  if (TEXTS.includes(kind)) return plan;
  if (!['STRUCT', 'MAP', 'LIST'].includes(kind)) return undefined;
  return { ...plan, expression: `CAST(to_json(${quoteIdentifier(column.name)}) AS VARCHAR)` };
}

function viaText(column: Column, target: TableColumn): ColumnPlan {
  const name = quoteIdentifier(column.name);
  const expression = column.type === 'VARCHAR' ? name : `CAST(${name} AS VARCHAR)`;
  return { name: column.name, expression, wire: 'text', restore: restore(column, target), direct: false, isText: true };
}

function restore(column: Column, target: TableColumn): string {
  return `${quoteIdentifier(column.name)}::${target.castType}`;
}

/** A DuckDB type without its parameters: `DECIMAL`, `STRUCT`, `LIST`, `ENUM`. */
export function duckKind(type: string): string {
  if (type.endsWith(']')) return 'LIST';
  return type.replace(/\(.*$/s, '').trim().toUpperCase();
}

function wordsOf(type: string): string {
  return type.replaceAll(/\s+/g, ' ').trim().toLowerCase();
}
