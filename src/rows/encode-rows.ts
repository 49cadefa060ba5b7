import { isDate, isMoment, jsonText, jsonWriter, wellFormed } from './json-values.js';
import type { OutputColumn } from './output-columns.js';
import { BATCH_BYTES, BATCH_ROWS, type Wire, type WireBatch } from './wire.js';

/** A row that has no place in the output: which one, in which column, and why. */
export class UnfitRow extends Error {}

/** Takes the rows that a function yields and makes batches of them. */
export interface RowEncoder {
  /** Adds a row. @throws UnfitRow when a column cannot hold its value */
  add(row: unknown): void;
  /** Whether the batch is so large that it has to be taken. */
  readonly isFull: boolean;
  /** The rows since the last time; undefined for none. */
  take(): WireBatch | undefined;
}

export function createEncoder(outputs: readonly OutputColumn[], strict: boolean): RowEncoder {
  const writers = outputs.map((column) => WRITERS[column.write](column));
  const names = new Set(outputs.map(({ column }) => column.name));
  let columns: Wire[][] = outputs.map(() => []);
  let taken = 0;
  let rows = 0;
  let bytes = 0;
  const unfit = (what: string): UnfitRow => new UnfitRow(`row ${taken + rows + 1} that it yields ${what}`);
  return {
    add(row) {
      if (typeof row !== 'object' || row === null) throw unfit(`is ${describe(row)}; a row is an object with the columns`);
      const extra = strict ? Object.keys(row).find((key) => !names.has(key)) : undefined;
      if (extra !== undefined) throw unfit(`has the key "${extra}", which its strict contract does not name`);
      for (let index = 0; index < outputs.length; index++) {
        const { column, wants } = outputs[index] as OutputColumn;
        const value = (row as Record<string, unknown>)[column.name] ?? null;
        const wire = value === null ? null : (writers[index] as Writer)(value);
        if (wire === undefined || (wire === null && !column.nullable))
          throw unfit(`has ${describe(value)} in column "${column.name}", where its contract wants ${wants}`);
        bytes += typeof wire === 'string' ? wire.length + 8 : 8;
        (columns[index] as Wire[]).push(wire);
      }
      rows++;
    },
    get isFull() {
      return rows >= BATCH_ROWS || bytes >= BATCH_BYTES;
    },
    take() {
      if (rows === 0) return undefined;
      const batch = { rows, columns };
      taken += rows;
      columns = outputs.map(() => []);
      rows = bytes = 0;
      return batch;
    },
  };
}

/** Gives the value as it travels; undefined for one that the column cannot hold. */
type Writer = (value: unknown) => Wire | undefined;

const WRITERS: Readonly<Record<OutputColumn['write'], (column: OutputColumn) => Writer>> = {
  text: () => wellFormed,
  any: () => (value) => (typeof value === 'object' ? jsonText(value) : plainText(value)),
  isoDate: () => (value) => (typeof value === 'string' && isDate(value) ? value : undefined),
  isoDatetime: () => (value) => (typeof value === 'string' && isMoment(value) ? value : undefined),
  number: () => (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  integer: (column) => (value) =>
    typeof value === 'number' && Number.isInteger(value) && isWithin(column, value) ? value : undefined,
  bigint: (column) => (value) => (typeof value === 'bigint' && isWithin(column, value) ? value : undefined),
  boolean: () => (value) => (typeof value === 'boolean' ? value : undefined),
  date: () => (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value.getTime() : undefined),
  json: ({ column }) => jsonWriter(column.type),
};

function isWithin({ range }: OutputColumn, value: number | bigint): boolean {
  return range === undefined || (value >= range[0] && value <= range[1]);
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : wellFormed(value);
}

/** What a value is, without telling it: it is data. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return 'no value';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  if (typeof value === 'number')
    return Number.isInteger(value) ? 'a whole number' : Number.isFinite(value) ? 'a number with a fraction' : String(value);
  if (typeof value === 'string') return wellFormed(value) === undefined ? 'a text with half a surrogate pair' : 'a text';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'without prototype'})` : `a ${typeof value}`;
}
