import { rename, rm } from 'node:fs/promises';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { EngineSession } from '../engine/session.js';
import type { Compiled } from './compile.js';
import { sourceName, type PartTask } from './part-task.js';
import { cannotHold } from './row-reasons.js';
import { text } from './sql-text.js';
import { readWritten } from './written-values.js';

/** A part that was just written. */
export interface WrittenPart {
  /** Absolute path. */
  readonly file: string;
  /** Columns beside the contract's, which must be kept. */
  readonly extra: readonly string[];
  /** A SELECT of each row's number, `row`, its place in the source, `line`, and what `content` is made of. */
  readonly lines: string;
  /** SQL of a row as it was in the source, over the columns of `lines`. */
  readonly content: string;
}

/**
 * Puts the values that zod changed into a part that was just written, and only then asks the rules in SQL, which are about
 * the rows as they are kept. Gives the number of rows rejected by it. Does nothing for contracts that change no value.
 */
export async function applyChanges(
  session: EngineSession,
  task: PartTask,
  written: WrittenPart,
  changes: string | undefined,
): Promise<number> {
  if (!task.compiled.changes) return 0;
  const before = await countRejects(session, task);
  if (changes !== undefined) {
    await rewrite(session, task.compiled, written, changes);
    await rejectUnheld(session, task, written, changes);
    await rm(changes, { force: true });
  }
  if (task.compiled.rules.length > 0) await rejectByRules(session, task, written);
  return (await countRejects(session, task)) - before;
}

async function countRejects(session: EngineSession, { rejects, index }: PartTask): Promise<number> {
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${rejects.table} WHERE part = ${index}`);
  return Number(counted?.rows ?? 0);
}

function readChanges(file: string): string {
  return `read_json(${quoteFile(file)}, format = 'newline_delimited', columns = {r: 'BIGINT', v: 'JSON'})`;
}

function changedText(name: string): string {
  return `json_extract_string(changed.v, ${text(`$.${JSON.stringify(name)}`)})`;
}

async function rewrite(session: EngineSession, compiled: Compiled, { file, extra }: WrittenPart, changes: string): Promise<void> {
  const made = `${file}.changed`;
  const columns = compiled.columns.map(({ output, spec }) => {
    const name = quoteIdentifier(output.name);
    if (!spec.changes) return `part.${name}`;
    const isChanged = `json_exists(changed.v, ${text(`$.${JSON.stringify(output.name)}`)})`;
    return `CASE WHEN ${isChanged} THEN ${readWritten(changedText(output.name), output)} ELSE part.${name} END AS ${name}`;
  });
  const kept = extra.map((name) => `part.${name}`);
  await session.run(
    `COPY (SELECT ${[...columns, ...kept].join(', ')} FROM read_parquet(${quoteFile(file)}, file_row_number = true) AS part
     LEFT JOIN ${readChanges(changes)} AS changed ON part.file_row_number = changed.r ORDER BY part.file_row_number)
     TO ${quoteLiteral(made)} (FORMAT parquet, COMPRESSION lz4)`,
  );
  await rename(made, file);
}

// A value that the column's type cannot hold must not become NULL.
async function rejectUnheld(session: EngineSession, task: PartTask, written: WrittenPart, changes: string): Promise<void> {
  for (const { output, spec } of task.compiled.columns.filter((column) => column.spec.changes)) {
    const value = changedText(output.name);
    const reason = { code: 'custom', path: spec.name, message: cannotHold(output.type), value: null };
    await insert(session, task, written, {
      rows: `SELECT changed.r AS row FROM ${readChanges(changes)} AS changed WHERE ${value} IS NOT NULL AND ${readWritten(value, output)} IS NULL`,
      reasons: text(JSON.stringify([reason])),
    });
  }
}

async function rejectByRules(session: EngineSession, task: PartTask, written: WrittenPart): Promise<void> {
  const columns = task.compiled.columns.map(({ output }) => quoteIdentifier(output.name)).join(', ');
  const reasons = task.compiled.rules.map(({ name, sql }) => {
    const reason = JSON.stringify({ code: 'row_rule', path: '', message: name, value: null });
    return `CASE WHEN coalesce(${sql}, FALSE) THEN NULL ELSE ${text(reason)} END`;
  });
  const judged = `SELECT number AS row, list_filter([${reasons.join(', ')}], lambda reason: reason IS NOT NULL) AS broken
    FROM (SELECT ${columns}, file_row_number AS number FROM read_parquet(${quoteFile(written.file)}, file_row_number = true))`;
  await insert(session, task, written, {
    rows: `SELECT row, '[' || array_to_string(broken, ',') || ']' AS reasons FROM (${judged}) WHERE len(broken) > 0`,
    reasons: 'found.reasons',
  });
}

async function insert(
  session: EngineSession,
  task: PartTask,
  { lines, content }: WrittenPart,
  found: { readonly rows: string; readonly reasons: string },
): Promise<void> {
  const { rejects, index } = task;
  const [any] = await session.rows(`SELECT 1 FROM (${found.rows}) LIMIT 1`);
  if (!any) return;
  await session.run(
    `INSERT INTO ${rejects.table}
     SELECT ${index}, lines.row, ${text(sourceName(task))}, lines.line, NULL, ${found.reasons}, ${content}
     FROM (${lines}) AS lines JOIN (${found.rows}) AS found ON lines.row = found.row
     WHERE lines.row NOT IN (SELECT row FROM ${rejects.table} WHERE part = ${index} AND row IS NOT NULL)`,
  );
}
