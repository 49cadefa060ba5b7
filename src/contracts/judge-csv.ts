import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, MillraceError, TerminalError } from '../core/errors.js';
import { quoteFile, quoteLiteral } from '../core/filter.js';
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
import { countsOf, countStatuses, hasRest, judgeRest } from './judge-rest.js';
import { CARRIED, csvSource, LINE, RAW_COLUMN, ROW, STATUS_COLUMN, textFilter } from './part-source.js';

/**
 * A dictionary that outgrows its limit is thrown away: DuckDB's own limit, 24,576 values, costs a tenth of the whole pass
 * where texts differ, and what repeats enough to gain by a dictionary has fewer values.
 */
const PART_FORMAT = 'FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 3000';

/** Rows outside the dataset's filter: in the new part for the sake of line numbers, deleted by number. */
const OUTSIDE = 4;

/**
 * Judges a CSV file in one pass: text becomes typed values in a new Parquet part, in the file's order, with a status and,
 * for rows that were not accepted, the text of all fields. Lines that are not CSV are kept as rejected rows.
 */
export async function judgeCsv(session: EngineSession, task: PartTask): Promise<JudgedPart> {
  const { compiled, request, index } = task;
  const name = `./part-${index}.parquet`;
  const file = path.join(request.directory, name);
  const malformed = `millrace_malformed_${randomBytes(6).toString('hex')}`;
  try {
    await readFile(session, task, file, malformed);
    const records = await keepMalformedLines(session, task, malformed);
    const statuses = await countStatuses(session, `SELECT ${STATUS_COLUMN} AS status FROM read_parquet(${quoteFile(file)})`);
    const outside = statuses[OUTSIDE] ?? 0;
    const held = Object.values(statuses).reduce((sum, rows) => sum + rows, 0);
    const rowsRead = held - outside + records;
    let rejected = 0;
    let changes: string | undefined;
    if (hasRest(statuses)) {
      const values = valuesSelect(compiled, openRows(task, file, malformed), CARRIED);
      const rest = await judgeRest(session, task, { values, statuses, rowsRead });
      changes = rest.changes;
      rejected = rest.rejected;
    }
    const lines = `SELECT ${ROW} AS row, ${LINE} AS line FROM (${linesOf(task, `SELECT file_row_number AS ${ROW} FROM read_parquet(${quoteFile(file)}, file_row_number = true)`, malformed)})`;
    rejected += await applyChanges(session, task, { file, extra: [STATUS_COLUMN, RAW_COLUMN], lines }, changes);
    const left =
      outside > 0
        ? [
            `SELECT file_row_number AS row FROM read_parquet(${quoteFile(file)}, file_row_number = true) WHERE ${STATUS_COLUMN} = ${OUTSIDE}`,
          ]
        : [];
    const deletes = rejected + outside > 0 ? await writeDeletes(session, task, [rejectedRows(task), ...left]) : undefined;
    const made = {
      path: name,
      format: 'parquet' as const,
      rows: held,
      bytes: (await stat(file)).size,
      fingerprint: '',
      ...(deletes !== undefined && { deletes }),
      origin: sourceName(task),
    };
    return { part: made, counts: countsOf(rowsRead, statuses, rejected + records) };
  } finally {
    for (const table of [malformed, `${malformed}_scan`, `${malformed}_lines`])
      await session.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

async function readFile(session: EngineSession, task: PartTask, file: string, malformed: string): Promise<void> {
  const { compiled, request, part } = task;
  const { filter } = request.input;
  const source = csvSource(compiled, { part, stagingRoot: request.stagingRoot, filter: undefined }, malformed);
  const results = resultColumns(compiled);
  const status =
    filter === undefined
      ? statusOf(compiled)
      : `CASE WHEN ${textFilter(compiled, filter)} THEN ${statusOf(compiled)} ELSE ${OUTSIDE}::TINYINT END`;
  const judged = `SELECT ${[...rawColumns(compiled), results].join(', ')}, ${status} AS ${STATUS_COLUMN} FROM (${valuesSelect(compiled, source, [])})`;
  const fields = `CASE WHEN ${STATUS_COLUMN} BETWEEN 1 AND 3 THEN to_json([${rawColumns(compiled).join(', ')}])::VARCHAR END`;
  const copy = `COPY (SELECT ${results}, ${STATUS_COLUMN}, ${fields} AS ${RAW_COLUMN} FROM (${judged})) TO ${quoteLiteral(file)} (${PART_FORMAT})`;
  try {
    await watched(session, task, () => session.run(copy));
  } catch (error) {
    throw unreadable(error, sourceName(task));
  }
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

/** Rows of the new part that were not accepted, as they were in the file, with their lines there. */
function openRows(task: PartTask, file: string, malformed: string): string {
  const fields = task.compiled.inputs.map((_, index) => `${RAW_COLUMN}[${index + 1}] AS ${rawName(index)}`);
  const made = `SELECT file_row_number AS ${ROW}, ${STATUS_COLUMN}, from_json(${RAW_COLUMN}, '["VARCHAR"]') AS ${RAW_COLUMN}
    FROM read_parquet(${quoteFile(file)}, file_row_number = true) WHERE ${STATUS_COLUMN} BETWEEN ${STATUS.rejected} AND ${STATUS.forZod}`;
  return `SELECT ${[...CARRIED, ...fields].join(', ')} FROM (${linesOf(task, made, malformed)})`;
}

/** Adds to rows of the new part their line in the file: the n-th malformed line shifts every record that is not before it. */
function linesOf({ part }: PartTask, rows: string, malformed: string): string {
  const record = `made.${ROW} + ${1 + (part.csv?.headerLines ?? 0)}`;
  const shifts = `SELECT first, max(shift) AS shift FROM ${malformed}_lines GROUP BY ALL`;
  return `SELECT made.*, ${record} + coalesce(shifts.shift, 0) AS ${LINE} FROM (${rows}) AS made ASOF LEFT JOIN (${shifts}) AS shifts ON ${record} >= shifts.first`;
}
