import { statSync } from 'node:fs';
import type { Column } from '../../core/dataset.js';
import { messageOf, MillraceError, TerminalError } from '../../core/errors.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import { suggestName } from '../../core/near-name.js';
import { QUARANTINE_COLUMNS as OWN } from '../../core/quarantine.js';
import type { Session } from '../../connectors/contract.js';
import { formatOf, type QuarantineFormat } from './export-rows.js';
import { rejectedSelect, typedValue, valueName, type RejectedRows } from './rejected-rows.js';

/** An edited file, and what its rows must be rows of. */
export interface EditedFile {
  readonly file: string;
  readonly rows: RejectedRows;
  /** As {@link OWN.run} and {@link OWN.step} have them. */
  readonly run: string;
  readonly step: string;
}

const TABLE = 'millrace_edited';
const MIB = 1024 * 1024;
/** DuckDB's own limit for a row; a file may have one row that is nearly all of it, up to some measure. */
const LINE_BYTES = { least: 16 * MIB, most: 128 * MIB };

/** DuckDB takes memory by the limit, so that it is no larger than the file needs. */
function lineLimit(file: string): number {
  return Math.min(LINE_BYTES.most, Math.max(LINE_BYTES.least, statSync(file).size + MIB));
}

/**
 * Writes the rows of an edited file to `to` (Parquet): `number`, and each column's text as `v0` …. Every row must be one of
 * the quarantine, none may be there twice, and a value must fit its column's type.
 *
 * @returns the number of rows
 * @throws TerminalError QUARANTINE_FILE
 */
export async function stageEdited(session: Session, edited: EditedFile, to: string): Promise<number> {
  const { file, rows } = edited;
  const format = formatOf(file);
  try {
    const names = await namesIn(session, file, format);
    requireColumns(edited, names);
    const read = readSql(file, format, names);
    const values = rows.columns.map(({ name }, index) => `${quoteIdentifier(name)}::VARCHAR AS v${index}`);
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${TABLE} AS SELECT ${[
        `TRY_CAST(${quoteIdentifier(OWN.number)} AS BIGINT) AS number`,
        `${quoteIdentifier(OWN.run)}::VARCHAR AS run`,
        `${quoteIdentifier(OWN.step)}::VARCHAR AS step`,
        ...values,
      ].join(', ')} FROM ${read}`,
    );
  } catch (error) {
    if (error instanceof MillraceError && error.code !== 'QUERY_FAILED') throw error;
    throw refuse(file, `it cannot be read as ${format.toUpperCase()}: ${messageOf(error).split('\n')[0] ?? ''}`);
  }
  await requireRows(session, edited);
  await requireTypes(session, edited);
  const kept = ['number', ...rows.columns.map((_, index) => `v${index}`)];
  await session.run(`COPY (SELECT ${kept.join(', ')} FROM ${TABLE} ORDER BY number) TO ${quoteLiteral(to)} (FORMAT parquet)`);
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${TABLE}`);
  await session.run(`DROP TABLE ${TABLE}`);
  return Number(counted?.rows ?? 0);
}

/** The columns of what {@link stageEdited} writes. */
export function editedColumns({ columns }: RejectedRows): Column[] {
  const values = columns.map((_, index) => ({ name: valueName(index), type: 'VARCHAR', nullable: true }));
  return [{ name: 'number', type: 'BIGINT', nullable: false }, ...values];
}

async function namesIn(session: Session, file: string, format: QuarantineFormat): Promise<string[]> {
  if (format === 'csv' || format === 'parquet') {
    const described = await session.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${readSql(file, format, [])}`);
    return described.map(({ column_name }) => column_name);
  }
  const keys = await session.rows<{ name: string }>(
    `SELECT DISTINCT unnest(json_keys(json)) AS name FROM read_json_objects(${quoteFile(file)}, maximum_object_size = ${lineLimit(file)})`,
  );
  return keys.map(({ name }) => name);
}

function readSql(file: string, format: QuarantineFormat, names: readonly string[]): string {
  const place = quoteFile(file);
  if (format === 'parquet') return `read_parquet(${place}, hive_partitioning = false)`;
  if (format === 'csv')
    return `read_csv(${place}, header = true, all_varchar = true, quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, max_line_size = ${lineLimit(file)}, buffer_size = ${lineLimit(file)}, hive_partitioning = false)`;
  const columns = names.map((name) => `${quoteLiteral(name)}: 'VARCHAR'`).join(', ');
  return `read_json(${place}, columns = {${columns}}, maximum_object_size = ${lineLimit(file)}, hive_partitioning = false)`;
}

function requireColumns({ file, rows }: EditedFile, names: readonly string[]): void {
  const data = rows.columns.map(({ name }) => name);
  const wanted = [...data, OWN.number, OWN.run, OWN.step];
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0) throw refuse(file, `it lacks the column ${missing.join(', ')}`);
  const known = new Set<string>([...data, ...Object.values(OWN)]);
  const strange = names.filter((name) => !known.has(name));
  if (strange.length === 0) return;
  const near = strange.map((name) => `"${name}" (${suggestName(name, data)})`);
  throw refuse(file, `it has columns that the rejected rows do not have: ${near.join(', ')}`);
}

async function requireRows(session: Session, { file, rows, run, step }: EditedFile): Promise<void> {
  const one = async (sql: string): Promise<string | undefined> => {
    const [found] = await session.rows<{ text: string | null }>(`SELECT string_agg(text, ', ') AS text FROM (${sql} LIMIT 5)`);
    return found?.text ?? undefined;
  };
  const unnumbered = await one(`SELECT 'x' AS text FROM ${TABLE} WHERE number IS NULL`);
  if (unnumbered !== undefined) throw refuse(file, `rows lack their number in ${OWN.number}, by which each is known`);
  const others = await one(
    `SELECT DISTINCT coalesce(run, 'none') || ' ' || coalesce(step, 'none') AS text FROM ${TABLE} WHERE run IS DISTINCT FROM ${quoteLiteral(run)} OR step IS DISTINCT FROM ${quoteLiteral(step)}`,
  );
  if (others !== undefined) throw refuse(file, `it has rows of another run or step (${others}) than ${run} ${step}`);
  const twice = await one(`SELECT number::VARCHAR AS text FROM ${TABLE} GROUP BY number HAVING count(*) > 1 ORDER BY number`);
  if (twice !== undefined) throw refuse(file, `it has the same row more than once: number ${twice}`);
  const unknown = await one(
    `SELECT number::VARCHAR AS text FROM ${TABLE} WHERE number NOT IN (SELECT number FROM read_parquet(${quoteFile(rows.file)})) ORDER BY number`,
  );
  if (unknown !== undefined) throw refuse(file, `it has rows that were not rejected by this step: number ${unknown}`);
}

async function requireTypes(session: Session, { file, rows }: EditedFile): Promise<void> {
  for (const [index, column] of rows.columns.entries()) {
    if (column.type === 'VARCHAR') continue;
    const [wrong] = await session.rows<{ place: string; value: string }>(
      `SELECT 'number ' || number || ' (' || source || ':' || line || ')' AS place, left(edited.v${index}, 200) AS value
       FROM ${TABLE} AS edited JOIN (${rejectedSelect(rows)}) AS rejected USING (number)
       WHERE edited.v${index} IS NOT NULL AND TRY(${typedValue(column, `edited.v${index}`)}) IS NULL ORDER BY number LIMIT 1`,
    );
    if (wrong) {
      throw refuse(file, `"${wrong.value}", in column "${column.name}" of row ${wrong.place}, is no ${column.type}`);
    }
  }
}

function refuse(file: string, why: string): TerminalError {
  return new TerminalError(
    'QUARANTINE_FILE',
    `The edited rows in "${file}" cannot be used: ${why}. Nothing was loaded. Correct the file, or export it anew with \`millrace quarantine export\`.`,
  );
}
