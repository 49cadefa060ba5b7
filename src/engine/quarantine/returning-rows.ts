import path from 'node:path';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { Manifest, Part } from '../../core/manifest.js';
import type { RowRange } from '../../core/quarantine.js';
import type { Session } from '../../connectors/contract.js';
import { resolvePath } from '../dataset-sql.js';
import { namedValues, rejectedSelect, typedValue, valueName, type RejectedRows } from './rejected-rows.js';

/** Rows that are to come back from quarantine. */
export interface Returning {
  readonly rows: RejectedRows;
  /** Whether they are text, as the fields of a CSV file are. */
  readonly isText: boolean;
  /** What {@link stageEdited} wrote: then only these rows, with these values. */
  readonly edited?: string;
  /** Rows that came back before. */
  readonly done: readonly RowRange[];
  /** Absolute: the folder to write into. */
  readonly directory: string;
}

export interface Returned {
  readonly parts: readonly Part[];
  readonly rows: number;
  /** Rows left out because the line was malformed and nobody has said what its fields are. */
  readonly malformed: number;
}

const TABLE = 'millrace_returning';
/** Keeps the line of a row whose only value is NULL from being empty, which reads as no row. */
const GUARD = '__millrace_number';

/** Writes the rows as a part, with the places that they have in the source beside it. */
export async function writeReturning(session: Session, returning: Returning): Promise<Returned> {
  const { rows, edited, done, isText, directory } = returning;
  const from = `${TABLE}_all`;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${from} AS ${candidates(rows, edited)}`);
  const isDone =
    done.length === 0 ? 'FALSE' : `number IN (SELECT unnest(range(f, t + 1)) FROM (VALUES ${valuesOf(done)}) AS done (f, t))`;
  const isBlank = rows.columns.map((_, index) => `${valueName(index)} IS NULL`).join(' AND ');
  const isMalformed = `malformed IS NOT NULL AND ${isBlank}`;
  const [left] = await session.rows<{ malformed: bigint }>(
    `SELECT count(*) AS malformed FROM ${from} WHERE ${isMalformed} AND NOT (${isDone})`,
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${TABLE} AS SELECT *, row_number() OVER (ORDER BY number) - 1 AS row FROM ${from}
     WHERE NOT (${isMalformed}) AND NOT (${isDone})`,
  );
  await session.run(`DROP TABLE ${from}`);
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${TABLE}`);
  const count = Number(counted?.rows ?? 0);
  const part = isText ? await writeText(session, rows, directory, count) : await writeTyped(session, rows, directory, count);
  await session.run(
    `COPY (SELECT row, number, source, line, byte FROM ${TABLE} ORDER BY row) TO ${quoteLiteral(path.join(directory, 'places.parquet'))} (FORMAT parquet)`,
  );
  await session.run(`DROP TABLE ${TABLE}`);
  return { parts: [{ ...part, places: './places.parquet' }], rows: count, malformed: Number(left?.malformed ?? 0) };
}

function candidates(rows: RejectedRows, edited: string | undefined): string {
  const all = rejectedSelect(rows);
  if (edited === undefined) return all;
  const values = rows.columns.map((_, index) => `edited.${valueName(index)}`);
  return `SELECT ${['rejected.number', 'source', 'line', 'byte', 'malformed', ...values].join(', ')}
    FROM (${all}) AS rejected JOIN read_parquet(${quoteFile(edited)}) AS edited USING (number)`;
}

function valuesOf(ranges: readonly RowRange[]): string {
  return ranges.map(([from, to]) => `(${from}, ${to})`).join(', ');
}

async function writeText(session: Session, { columns }: RejectedRows, directory: string, rows: number): Promise<Part> {
  const name = './part-0.csv';
  await session.run(
    `COPY (SELECT ${[...namedValues(columns), `row AS ${GUARD}`].join(', ')} FROM ${TABLE} ORDER BY row)
     TO ${quoteLiteral(path.join(directory, name))} (FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '')`,
  );
  const csv = {
    delimiter: ',',
    quote: '"',
    escape: '"',
    columns: [...columns.map((column) => column.name), GUARD],
    headerLines: 0,
    compression: 'none',
    readFromStart: true,
  } as const;
  return { path: name, format: 'csv', csv, rows, bytes: 0, fingerprint: '' };
}

async function writeTyped(session: Session, { columns }: RejectedRows, directory: string, rows: number): Promise<Part> {
  const name = './part-0.parquet';
  const values = columns.map((column, index) => `${typedValue(column, valueName(index))} AS ${quoteIdentifier(column.name)}`);
  await session.run(
    `COPY (SELECT ${values.join(', ')} FROM ${TABLE} ORDER BY row) TO ${quoteLiteral(path.join(directory, name))} (FORMAT parquet, COMPRESSION lz4)`,
  );
  return { path: name, format: 'parquet', rows, bytes: 0, fingerprint: '' };
}

/**
 * The rows of a dataset that came back from quarantine, with their numbers there as `__millrace_number`, without those that are
 * `done`.
 */
export function numberedSelect(manifest: Manifest, stagingRoot: string, done: readonly RowRange[]): string {
  const columns = manifest.columns.map(({ name }) => `kept.${quoteIdentifier(name)}`);
  const reads = manifest.parts.map((part) => {
    const file = (relative: string): string => `read_parquet(${quoteFile(resolvePath(stagingRoot, relative))}`;
    const gone = part.deletes === undefined ? '' : ` ANTI JOIN ${file(part.deletes)}) AS gone ON kept.file_row_number = gone.row`;
    return `SELECT ${[...columns, `place.number AS ${GUARD}`].join(', ')} FROM ${file(part.path)}, file_row_number = true, hive_partitioning = false) AS kept
      JOIN ${file(part.places ?? '')}) AS place ON kept.file_row_number = place.row${gone}`;
  });
  const all = reads.join('\nUNION ALL\n');
  return done.length === 0
    ? all
    : `SELECT * FROM (${all}) WHERE ${GUARD} NOT IN (SELECT unnest(range(f, t + 1)) FROM (VALUES ${valuesOf(done)}) AS done (f, t))`;
}

/** The numbers of the rows that {@link numberedSelect} gives. */
export async function rangesOf(session: Session, select: string): Promise<RowRange[]> {
  const found = await session.rows<{ f: bigint; t: bigint }>(
    `SELECT min(number) AS f, max(number) AS t FROM (SELECT number, number - row_number() OVER (ORDER BY number) AS island FROM (SELECT ${GUARD} AS number FROM (${select})))
     GROUP BY island ORDER BY f`,
  );
  return found.map(({ f, t }) => [Number(f), Number(t)]);
}
