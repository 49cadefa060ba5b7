import type { Column } from '../../core/dataset.js';
import { duckKind } from './column-plan.js';
import type { TableColumn } from './target-table.js';

/** The least and the greatest value of a column, or of the lengths of its texts, as digits; null without any value. */
export interface ValueRange {
  readonly least: string | null;
  readonly greatest: string | null;
}

const INTEGERS = [
  { base: 'int2', type: 'smallint', digits: 5, greatest: 2n ** 15n - 1n },
  { base: 'int4', type: 'integer', digits: 10, greatest: 2n ** 31n - 1n },
  { base: 'int8', type: 'bigint', digits: 19, greatest: 2n ** 63n - 1n },
] as const;

const INTEGER_KIND = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const MAX_PRECISION = 38;

/** Whether the range of the dataset's values decides if `target` must be wider, rather than the types alone. */
export function dependsOnValues(column: Column, target: TableColumn): boolean {
  const kind = duckKind(column.type);
  if (target.isDomain) return false;
  if (isInteger(target)) return INTEGER_KIND.test(kind);
  if (target.base === 'numeric') return target.precision !== null && (INTEGER_KIND.test(kind) || kind === 'DECIMAL');
  return lengthOf(target) !== undefined && kind === 'VARCHAR' && column.sourceType === undefined;
}

/**
 * The narrowest type that keeps every value that `target` has, and takes those of the dataset too; `undefined` where there
 * is none, or where `target` takes them as it is.
 */
export function widenedType(column: Column, target: TableColumn, range: ValueRange): string | undefined {
  if (target.isDomain) return undefined;
  const kind = duckKind(column.type);
  if (isInteger(target)) return fromInteger(column, target, range);
  if (target.base === 'float4')
    return ['DOUBLE', 'INTEGER', 'USMALLINT', 'UINTEGER'].includes(kind) ? 'double precision' : undefined;
  if (target.base === 'numeric') return fromNumeric(column, target, range);
  if (target.base === 'date') return /^TIMESTAMP(_S|_MS)?$/.test(kind) ? 'timestamp without time zone' : undefined;
  const length = lengthOf(target);
  return length !== undefined && kind === 'VARCHAR' && Number(range.greatest ?? 0) > length ? 'text' : undefined;
}

function isInteger(target: TableColumn): boolean {
  return INTEGERS.some(({ base }) => base === target.base);
}

function fromInteger(column: Column, target: TableColumn, range: ValueRange): string | undefined {
  const at = INTEGERS.findIndex(({ base }) => base === target.base);
  const kind = duckKind(column.type);
  if (INTEGER_KIND.test(kind)) {
    const fits = INTEGERS.findIndex(
      ({ greatest }) => BigInt(range.greatest ?? 0) <= greatest && BigInt(range.least ?? 0) >= -greatest - 1n,
    );
    if (fits >= 0 && fits <= at) return undefined;
    return fits < 0 ? 'numeric' : INTEGERS[fits]?.type;
  }
  // A double holds every integer of 32 bits, and not every one of 64.
  if (kind === 'FLOAT' && target.base === 'int2') return 'real';
  if ((kind === 'FLOAT' || kind === 'DOUBLE') && target.base !== 'int8') return 'double precision';
  const decimal = decimalOf(column);
  if (decimal) return numeric(Math.max(INTEGERS[at]?.digits ?? 0, decimal.before), decimal.scale);
  return isTextNumeric(column) ? 'numeric' : undefined;
}

function fromNumeric(column: Column, target: TableColumn, range: ValueRange): string | undefined {
  if (target.precision === null || target.scale === null) return undefined;
  if (isTextNumeric(column)) return 'numeric';
  const kind = duckKind(column.type);
  const scale = decimalOf(column)?.scale ?? (INTEGER_KIND.test(kind) ? 0 : undefined);
  if (scale === undefined) return undefined;
  const before = target.precision - target.scale;
  const needed = Math.max(digitsBefore(range.least), digitsBefore(range.greatest));
  if (scale <= target.scale && needed <= before) return undefined;
  return numeric(Math.max(before, needed), Math.max(scale, target.scale));
}

function numeric(before: number, scale: number): string {
  return before + scale > MAX_PRECISION ? 'numeric' : `numeric(${before + scale},${scale})`;
}

function digitsBefore(value: string | null): number {
  return (value ?? '').replace(/^-/, '').replace(/\..*$/, '').replace(/^0+/, '').length;
}

function decimalOf({ type }: Column): { before: number; scale: number } | undefined {
  const found = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  return found ? { before: Number(found[1]) - Number(found[2]), scale: Number(found[2]) } : undefined;
}

function isTextNumeric({ type, sourceType }: Column): boolean {
  return type === 'VARCHAR' && sourceType !== undefined && /^numeric(\(|$)/.test(sourceType);
}

function lengthOf(target: TableColumn): number | undefined {
  const found = /^character varying\((\d+)\)$/.exec(target.type);
  return found ? Number(found[1]) : undefined;
}
