import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Reason } from '../core/manifest.js';
import { messageOf, TerminalError } from '../core/errors.js';
import { abortError } from '../engine/session.js';
import type { EngineSession } from '../engine/session.js';
import { translateEngineError } from '../engine/errors.js';
import { quoteFile } from '../core/filter.js';
import { rawName, STATUS, type Compiled } from './compile.js';
import type { Image } from './image.js';
import { LINE, ROW, STATUS_COLUMN } from './part-source.js';
import { text } from './sql-text.js';
import { writable } from './written-values.js';

/** What zod said about a row that SQL had not accepted. */
interface ZodVerdict {
  readonly reasons: readonly Reason[];
  /** The column of each reason; null for the whole row. */
  readonly columns: readonly (string | null)[];
  /** Values that zod changed, by column; only of accepted rows. */
  readonly changed: Readonly<Record<string, unknown>> | undefined;
}

export interface ZodPassCounts {
  rejected: number;
  changed: number;
}

/** Values are cut to this many characters where they are kept as reasons. */
export const VALUE_LENGTH = 200;

/** SQL that gives, for each row of `valuesSelect`, what {@link runZod} reads. */
export function zodSelect(compiled: Compiled, values: string): string {
  const images = imagesOf(compiled).flatMap(({ image }, index) => image.select.map((sql, at) => `${sql} AS i${index}_${at}`));
  const rules = compiled.rules.map((rule, index) => `coalesce(${rule.sql}, FALSE) AS k${index}`);
  return `SELECT ${[`${ROW} AS row`, `${LINE} AS line`, `${STATUS_COLUMN} AS status`, `'"' || ${contentOf(compiled)} AS content`, ...images, ...rules].join(', ')} FROM (${values})`;
}

/** SQL of a row as JSON text: each value as text, cut. */
export function contentOf(compiled: Compiled): string {
  const entries = compiled.inputs.map((input, index) => `${text(input.name)}, left(${rawName(index)}::VARCHAR, ${VALUE_LENGTH})`);
  return `json_object(${entries.join(', ')})::VARCHAR`;
}

interface NamedImage {
  readonly name: string;
  readonly image: Image;
  readonly acceptsNull: boolean;
}

function imagesOf(compiled: Compiled): NamedImage[] {
  const known = compiled.columns.map(({ spec, image }) => ({ name: spec.name, image, acceptsNull: spec.acceptsNull }));
  const unknown = compiled.unknownKeys.map((name) => {
    const sql = rawName(compiled.inputs.findIndex((input) => input.name === name));
    const image: Image = { select: [`left(${sql}::VARCHAR, 1)`], read: ([value]) => value ?? undefined };
    return { name, image, acceptsNull: true };
  });
  return [...known, ...unknown];
}

/**
 * Streams rows through zod and writes, as lines of JSON, the rejected ones with their issues into `rejectsFile` and the
 * values that zod changed into `changesFile`. Holds one batch of rows at a time.
 */
export async function runZod(
  session: EngineSession,
  compiled: Compiled,
  sql: string,
  files: { readonly rejects: string; readonly changes: string },
  context: { readonly contract: string; readonly signal: AbortSignal; readonly onRows: (rows: number) => void },
): Promise<ZodPassCounts> {
  const counts: ZodPassCounts = { rejected: 0, changed: 0 };
  const rejects = createWriteStream(files.rejects);
  const changes = createWriteStream(files.changes);
  const judgeRow = rowJudge(compiled, context.contract);
  try {
    for await (const rows of batches(session, sql, context.signal)) {
      const rejected: string[] = [];
      const changed: string[] = [];
      let rested = performance.now();
      for (const row of rows) {
        if (performance.now() - rested > MOST_MS) {
          await rest(context.signal);
          rested = performance.now();
        }
        const answer = judgeRow(row);
        const verdict = answer instanceof Promise ? await answer : answer;
        if (verdict.reasons.length > 0) {
          rejected.push(
            JSON.stringify({
              r: Number(row.row),
              l: Number(row.line),
              reasons: JSON.stringify(verdict.reasons),
              columns: verdict.columns,
              content: (row.content as string).slice(1),
            }),
          );
        } else if (verdict.changed) {
          changed.push(JSON.stringify({ r: Number(row.row), v: verdict.changed }));
        }
      }
      counts.rejected += rejected.length;
      counts.changed += changed.length;
      await Promise.all([append(rejects, rejected), append(changes, changed)]);
      context.onRows(rows.length);
    }
  } finally {
    await Promise.all([finish(rejects), finish(changes)]);
  }
  return counts;
}

/** Longest that zod may keep the thread to itself: heartbeats, cancellation and other steps wait meanwhile. */
const MOST_MS = 40;

async function rest(signal: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw abortError(signal);
}

type ImageRow = Readonly<Record<string, unknown>>;

async function* batches(session: EngineSession, sql: string, signal: AbortSignal): AsyncGenerator<ImageRow[]> {
  try {
    const result = await (await session.connect()).stream(sql);
    for await (const rows of result.yieldRowObjectJs()) {
      if (signal.aborted) throw abortError(signal);
      yield rows;
    }
  } catch (error) {
    throw signal.aborted ? abortError(signal, error) : translateEngineError(error);
  }
}

async function append(stream: ReturnType<typeof createWriteStream>, lines: readonly string[]): Promise<void> {
  if (lines.length > 0 && !stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain');
}

async function finish(stream: ReturnType<typeof createWriteStream>): Promise<void> {
  stream.end();
  if (!stream.closed) await once(stream, 'close');
}

/** A function that asks zod about one fetched row. */
function rowJudge(compiled: Compiled, contract: string): (row: ImageRow) => ZodVerdict | Promise<ZodVerdict> {
  const images = imagesOf(compiled).map((each, index) => ({
    ...each,
    fields: each.image.select.map((_, at) => `i${index}_${at}`),
  }));
  const safeParse = parser(compiled, contract);
  const conclude = (row: ImageRow, object: Record<string, unknown>, result: Parsed): ZodVerdict => {
    const issues = result.success ? [] : result.error.issues;
    const content = issues.length === 0 ? {} : (JSON.parse((row.content as string).slice(1)) as Record<string, string | null>);
    const reasons = issues.map((issue) => reasonOf(issue, content));
    if (!compiled.changes && !reasons.some(({ code }) => STOPS_ROW_RULES.has(code))) reasons.push(...brokenRules(compiled, row));
    if (reasons.length === 0 && row.status === STATUS.rejected) reasons.push(UNHELD);
    const columns = reasons.map((_, index) => columnOf(issues[index]));
    return { reasons, columns, changed: result.success ? changedValues(compiled, object, result.data) : undefined };
  };
  return (row) => {
    const object: Record<string, unknown> = {};
    for (const { name, image, acceptsNull, fields } of images) {
      const value = image.read(fields.map((field) => row[field]));
      if (value !== undefined) object[name] = value;
      else if (acceptsNull) object[name] = null;
    }
    const result = safeParse(object);
    return result instanceof Promise ? result.then((parsed) => conclude(row, object, parsed)) : conclude(row, object, result);
  };
}

// The verdict SQL gave stands even where zod finds nothing: the value has no place in the column's type.
const UNHELD: Reason = { code: 'custom', path: '', message: 'A value cannot be held in its column’s type', value: null };

// As zod leaves out refinements of a whole object once a key has no usable value.
const STOPS_ROW_RULES: ReadonlySet<string> = new Set([
  'invalid_type',
  'invalid_value',
  'invalid_union',
  'invalid_key',
  'invalid_element',
]);

function brokenRules(compiled: Compiled, row: ImageRow): Reason[] {
  return compiled.rules
    .filter((_, index) => row[`k${index}`] !== true)
    .map((rule) => ({ code: 'row_rule', path: '', message: rule.name, value: null }));
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function columnOf(issue: Issue | undefined): string | null {
  const column = issue?.path[0];
  return typeof column === 'string' ? column : null;
}

function reasonOf(issue: Issue, content: Readonly<Record<string, string | null>>): Reason {
  const column = columnOf(issue);
  return {
    code: issue.code ?? 'custom',
    path: issue.path.map(String).join('.'),
    // Half a surrogate pair, as a pattern may hold, is no text for DuckDB.
    message: issue.message.replace(/\p{Surrogate}/gu, '\ufffd'),
    value: column === null ? null : (content[column] ?? null),
  };
}

type Parsed = { success: true; data: Record<string, unknown> } | { success: false; error: { issues: readonly Issue[] } };

// Schemas are synchronous but for asynchronous refinements, which zod finds out only when it meets one.
function parser(compiled: Compiled, contract: string): (row: unknown) => Parsed | Promise<Parsed> {
  const schema = compiled.contract.schema;
  let isAsync = false;
  const later = async (row: unknown): Promise<Parsed> => {
    try {
      return await schema.safeParseAsync(row);
    } catch (error) {
      throw thrown(contract, error);
    }
  };
  return (row) => {
    if (isAsync) return later(row);
    try {
      return schema.safeParse(row);
    } catch (error) {
      if (!isAsyncError(error)) throw thrown(contract, error);
      isAsync = true;
      return later(row);
    }
  };
}

// By its name: the schema may come from another copy of zod, with a class of its own.
function isAsyncError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === '$ZodAsyncError';
}

function thrown(contract: string, error: unknown): TerminalError {
  return new TerminalError(
    'STEP_FAILED',
    `A function of contract "${contract}" threw: ${messageOf(error)}. Let it return false, or add an issue, for rows it refuses.`,
    { contract },
    { cause: error },
  );
}

function changedValues(
  compiled: Compiled,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  if (!compiled.changes) return undefined;
  const changed: Record<string, unknown> = {};
  for (const { spec, writes, output } of compiled.columns) {
    const value = after[spec.name];
    if (writes === 'all' || !isDeepStrictEqual(value, before[spec.name])) changed[spec.name] = writable(value, output);
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}

/** SQL of a table that reads what {@link runZod} wrote. */
export function readRejectedLines(file: string): string {
  return `read_json(${quoteFile(file)}, format = 'newline_delimited', columns = {r: 'BIGINT', l: 'BIGINT', reasons: 'VARCHAR', columns: 'VARCHAR[]', content: 'VARCHAR'})`;
}
