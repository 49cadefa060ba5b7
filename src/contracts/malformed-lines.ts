import { TerminalError } from '../core/errors.js';
import type { EngineSession } from '../engine/session.js';
import { sourceName, type PartTask } from './part-task.js';
import { text } from './sql-text.js';

/** DuckDB keeps no more than this of a malformed record. */
const KEPT_BYTES = 10_000;

/**
 * Keeps malformed lines as rejected rows, one for each line whatever the number of its errors, and notes their lines in the
 * table `…_lines`: from well-formed record `first` on, counted from 1 with the header, lines are `shift` further down.
 *
 * A quote that is opened and never closed takes the lines after it with it: each of these is a rejected row too, so that
 * none is missing from the count.
 *
 * @returns the number of rejected rows
 * @throws TerminalError FILE_FORMAT when an open quote has taken more than DuckDB keeps of it, so that nobody knows how much
 */
export async function keepMalformedLines(session: EngineSession, task: PartTask, table: string): Promise<number> {
  await session.run(
    `CREATE TEMP TABLE ${table}_lines AS
     WITH reported AS (
       -- A line with several fields missing is reported once for each; the first says how many there are.
       SELECT line::BIGINT AS record, arg_min(error_message, byte_position) AS message, any_value(trim(csv_line, chr(10) || chr(13))) AS content,
         min(line_byte_position)::BIGINT - 1 + CASE WHEN any_value(starts_with(csv_line, chr(10))) THEN 1 ELSE 0 END AS position,
         bool_or(error_type = 'UNQUOTED VALUE') AS is_open, max(strlen(csv_line)) AS kept
       FROM ${table} GROUP BY line, error_type
     ), records AS (
       SELECT record, min(position) AS position, any_value(content) AS content, max(kept) AS kept,
         bool_or(is_open) AND contains(any_value(content), chr(10)) AS took_others,
         to_json(list({code: 'malformed_line', path: '', message: message, value: NULL::VARCHAR} ORDER BY message))::VARCHAR AS reasons
       FROM reported GROUP BY record
     ), split AS (
       SELECT *, CASE WHEN took_others THEN string_split_regex(content, '\\r?\\n') ELSE [content] END AS lines FROM records
     )
     SELECT *, record + sum(len(lines) - 1) OVER (ORDER BY record) - (len(lines) - 1) AS line,
       record - row_number() OVER (ORDER BY record) + 1 AS first, sum(len(lines)) OVER (ORDER BY record) AS shift
     FROM split`,
  );
  await refuseBoundless(session, task, table);
  await session.run(
    `INSERT INTO ${task.rejects.table}
     SELECT ${task.index}, NULL, ${text(sourceName(task))}, line + index, CASE WHEN index = 0 THEN position END, reasons, lines[index + 1]
     FROM (SELECT *, unnest(range(len(lines))) AS index FROM ${table}_lines)`,
  );
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT sum(len(lines))::BIGINT AS rows FROM ${table}_lines`);
  return Number(counted?.rows ?? 0);
}

async function refuseBoundless(session: EngineSession, task: PartTask, table: string): Promise<void> {
  const [found] = await session.rows<{ line: bigint; position: bigint }>(
    `SELECT line, position FROM ${table}_lines WHERE took_others AND kept >= ${KEPT_BYTES} ORDER BY line LIMIT 1`,
  );
  if (!found) return;
  const file = sourceName(task);
  throw new TerminalError(
    'FILE_FORMAT',
    `${file}, line ${found.line} (byte ${found.position}): a quote is opened and not closed, and everything after it was read as one value. Close the quote, then retry the run from the extract step.`,
    { file, line: Number(found.line) },
  );
}
