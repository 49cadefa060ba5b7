import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, MillraceError, TerminalError } from '../core/errors.js';
import { quoteFile, quoteLiteral } from '../core/filter.js';
import type { Part } from '../core/manifest.js';
import { hashFile } from '../disk/hash-file.js';
import type { EngineSession } from '../engine/session.js';
import { applyChanges } from './changes.js';
import { rawName, STATUS, statusOf, valuesSelect } from './compile.js';
import {
  rawColumns,
  rejectedRows,
  resultColumns,
  sourceName,
  watched,
  writeDeletes,
  type JudgedPart,
  type PartTask,
} from './part-task.js';
import { keepMalformedLines } from './malformed-lines.js';
import { copySliced } from './csv-slices.js';
import type { EarlyRows } from './judge-request.js';
import { contentOf } from './zod-pass.js';
import { countsOf, countStatuses, hasRest, judgeRest, type RestResult, type StatusCounts } from './judge-rest.js';
import { CARRIED, csvSource, LINE, RAW_COLUMN, ROW, STATUS_COLUMN, textFilter } from './part-source.js';
import { firstRows, numberedRows, type WrittenFiles } from './written-files.js';

/**
 * A dictionary that outgrows its limit is thrown away: DuckDB's own limit, 24,576 values, costs a tenth of the whole pass
 * where texts differ, and what repeats enough to gain by a dictionary has fewer values.
 */
const PART_FORMAT = 'FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 3000';

/** Rows outside the dataset's filter: in the new part for the sake of line numbers, deleted by number. */
const OUTSIDE = 4;

/**
 * Judges a CSV file in one pass: text becomes typed values in new Parquet files, in the file's order, with a status and,
 * for rows that were not accepted, the text of all fields. Lines that are not CSV are kept as rejected rows.
 */
export async function judgeCsv(session: EngineSession, task: PartTask): Promise<JudgedPart> {
  const malformed = `millrace_malformed_${randomBytes(6).toString('hex')}`;
  try {
    const written = await readFile(session, task, malformed);
    const records = await keepMalformedLines(session, task, malformed);
    const statuses = await countStatuses(session, `SELECT ${STATUS_COLUMN} AS status FROM (${rowsOf(written, [STATUS_COLUMN])})`);
    const outside = statuses[OUTSIDE] ?? 0;
    const rowsRead = written.rows.reduce((sum, rows) => sum + rows, 0) - outside + records;
    const rejected = (await judgeOpenRows(session, task, { written, malformed, statuses, rowsRead })) + records;
    const leaveOut = [
      ...(rejected > records ? [rejectedRows(task)] : []),
      ...(outside > 0
        ? [`SELECT ${ROW} AS row FROM (${rowsOf(written, [STATUS_COLUMN])}) WHERE ${STATUS_COLUMN} = ${OUTSIDE}`]
        : []),
    ];
    const parts = await partsOf(session, task, written, leaveOut);
    offerOpenRows(task, parts, statuses);
    return { parts, counts: countsOf(rowsRead, statuses, rejected) };
  } finally {
    for (const table of [malformed, `${malformed}_scan`, `${malformed}_lines`])
      await session.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

interface OpenRowsOfFile {
  readonly written: WrittenFiles;
  readonly malformed: string;
  readonly statuses: StatusCounts;
  readonly rowsRead: number;
}

/** Sees to the rows that SQL did not accept, and to values that zod changes; gives the number of rows rejected. */
async function judgeOpenRows(session: EngineSession, task: PartTask, open: OpenRowsOfFile): Promise<number> {
  const { written, malformed, statuses, rowsRead } = open;
  let rest: RestResult = { rejected: 0, changes: undefined };
  if (hasRest(statuses)) {
    const values = valuesSelect(task.compiled, openRows(task, written, malformed), CARRIED);
    rest = await judgeRest(session, task, { values, statuses, rowsRead });
  }
  const lines = `SELECT ${ROW} AS row, ${LINE} AS line, ${RAW_COLUMN} FROM (${linesOf(task, rowsOf(written, [RAW_COLUMN]), malformed)})`;
  const content = contentOf(task.compiled, (index) => `from_json(lines.${RAW_COLUMN}, '["VARCHAR"]')[${index + 1}]`);
  // Contracts that change values are never sliced: their one file is written anew.
  const changed = { file: written.files[0] as string, extra: [STATUS_COLUMN, RAW_COLUMN], lines, content };
  return rest.rejected + (await applyChanges(session, task, changed, rest.changes));
}

/** The files as parts, each with the numbers of the rows to leave out, which the SELECTs give counted over all files. */
async function partsOf(
  session: EngineSession,
  task: PartTask,
  { names, files, rows, hashes }: WrittenFiles,
  leaveOut: readonly string[],
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [index, first] of firstRows(rows).entries()) {
    const own = leaveOut.map(
      (select) =>
        `SELECT row - ${first} AS row FROM (${select}) WHERE row >= ${first} AND row < ${first + (rows[index] as number)}`,
    );
    const suffix = names.length === 1 ? '' : `-${index}`;
    const deletes = own.length > 0 ? await writeDeletes(session, task, own, suffix) : undefined;
    parts.push({
      path: names[index] as string,
      format: 'parquet',
      rows: rows[index] as number,
      bytes: (await stat(files[index] as string)).size,
      fingerprint: hashes?.[index] ?? '',
      ...(deletes !== undefined && { deletes }),
      origin: sourceName(task),
      ...(task.part.places !== undefined && { places: task.part.places }),
    });
  }
  return parts;
}

async function readFile(session: EngineSession, task: PartTask, malformed: string): Promise<WrittenFiles> {
  const { request, index } = task;
  const select = judgedSelect(task, malformed);
  try {
    if (task.early) return await readSliced(session, task, task.early, select);
    const name = `./part-${index}.parquet`;
    const file = path.join(request.directory, name);
    await watched(session, task, () => session.run(`COPY (${select}) TO ${quoteLiteral(file)} (${PART_FORMAT})`));
    return { names: [name], files: [file], rows: await rowCounts(session, [file]) };
  } catch (error) {
    throw unreadable(error, sourceName(task));
  }
}

async function readSliced(session: EngineSession, task: PartTask, early: EarlyRows, select: string): Promise<WrittenFiles> {
  const { request, compiled, index } = task;
  const name = `./part-${index}`;
  const hashing: Promise<string>[] = [];
  const onFile = (file: string): void => {
    early.rows(
      `SELECT ${resultColumns(compiled)} FROM read_parquet(${quoteFile(file)}, hive_partitioning = false) WHERE ${STATUS_COLUMN} = ${STATUS.accepted}`,
    );
    // Hashed while the next one is written, so that staging has nothing left to read.
    const hash = hashFile(file);
    hash.catch(() => undefined);
    hashing.push(hash);
  };
  const slices = { name, folder: path.join(request.directory, name), onFile };
  const names = await watched(session, task, () => copySliced(session, select, PART_FORMAT, slices));
  const files = names.map((each) => path.join(request.directory, each));
  return { names, files, rows: await rowCounts(session, files), hashes: await Promise.all(hashing) };
}

/** Offers the rows that SQL had left open and zod has accepted: the last ones to be known. */
function offerOpenRows({ early, request, compiled }: PartTask, parts: readonly Part[], statuses: StatusCounts): void {
  if (!early || ((statuses[STATUS.undecided] ?? 0) === 0 && (statuses[STATUS.forZod] ?? 0) === 0)) return;
  for (const part of parts) {
    const place = (name: string): string => quoteFile(path.join(request.directory, name));
    const gone =
      part.deletes === undefined ? '' : ` AND file_row_number NOT IN (SELECT row FROM read_parquet(${place(part.deletes)}))`;
    early.rows(
      `SELECT ${resultColumns(compiled)} FROM read_parquet(${place(part.path)}, file_row_number = true, hive_partitioning = false)
       WHERE ${STATUS_COLUMN} IN (${STATUS.undecided}, ${STATUS.forZod})${gone}`,
    );
  }
}

async function rowCounts(session: EngineSession, files: readonly string[]): Promise<number[]> {
  const counted = await session.rows<{ rows: bigint }>(
    `SELECT sum(num_rows)::BIGINT AS rows FROM parquet_file_metadata([${files.map(quoteFile).join(', ')}]) GROUP BY file_name ORDER BY list_position([${files.map(quoteLiteral).join(', ')}], file_name)`,
  );
  return counted.map(({ rows }) => Number(rows));
}

function judgedSelect({ compiled, request, part }: PartTask, malformed: string): string {
  const { filter } = request.input;
  const source = csvSource(compiled, { part, stagingRoot: request.stagingRoot, filter: undefined }, malformed);
  const results = resultColumns(compiled);
  const status =
    filter === undefined
      ? statusOf(compiled)
      : `CASE WHEN ${textFilter(compiled, filter)} THEN ${statusOf(compiled)} ELSE ${OUTSIDE}::TINYINT END`;
  const judged = `SELECT ${[...rawColumns(compiled), results].join(', ')}, ${status} AS ${STATUS_COLUMN} FROM (${valuesSelect(compiled, source, [])})`;
  const raws = `to_json([${rawColumns(compiled).join(', ')}])::VARCHAR`;
  // Rules that are asked after zod may reject any row, and it is kept as it came.
  const fields = compiled.changes ? raws : `CASE WHEN ${STATUS_COLUMN} BETWEEN 1 AND 3 THEN ${raws} END`;
  return `SELECT ${results}, ${STATUS_COLUMN}, ${fields} AS ${RAW_COLUMN} FROM (${judged})`;
}

/** The written rows' columns, with their number as {@link ROW}. */
function rowsOf(written: WrittenFiles, columns: readonly string[]): string {
  return numberedRows(written, columns, ROW);
}

function unreadable(error: unknown, file: string): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'QUERY_FAILED') return error;
  const cause = messageOf(error).split('\n')[0] ?? '';
  if (/No files found/.test(cause)) {
    return new TerminalError(
      'FILE_MISSING',
      `${file} is gone since it was extracted. Restore it, or retry the run from the extract step.`,
      { file },
      { cause: error },
    );
  }
  return new TerminalError(
    'FILE_FORMAT',
    `${file} cannot be read as CSV: ${cause} Replace the file, or correct what writes it.`,
    { file },
    { cause: error },
  );
}

/** Rows of the new files that were not accepted, as they were in the source, with their lines there. */
function openRows(task: PartTask, written: WrittenFiles, malformed: string): string {
  const fields = task.compiled.inputs.map((_, index) => `${RAW_COLUMN}[${index + 1}] AS ${rawName(index)}`);
  const made = `SELECT ${ROW}, ${STATUS_COLUMN}, from_json(${RAW_COLUMN}, '["VARCHAR"]') AS ${RAW_COLUMN}
    FROM (${rowsOf(written, [STATUS_COLUMN, RAW_COLUMN])}) WHERE ${STATUS_COLUMN} BETWEEN ${STATUS.rejected} AND ${STATUS.forZod}`;
  return `SELECT ${[...CARRIED, ...fields].join(', ')} FROM (${linesOf(task, made, malformed)})`;
}

/** Adds to rows of the new files their line in the file: the n-th malformed line shifts every record that is not before it. */
function linesOf({ part }: PartTask, rows: string, malformed: string): string {
  const record = `made.${ROW} + ${1 + (part.csv?.headerLines ?? 0)}`;
  const shifts = `SELECT first, max(shift) AS shift FROM ${malformed}_lines GROUP BY ALL`;
  return `SELECT made.*, ${record} + coalesce(shifts.shift, 0) AS ${LINE} FROM (${rows}) AS made ASOF LEFT JOIN (${shifts}) AS shifts ON ${record} >= shifts.first`;
}
