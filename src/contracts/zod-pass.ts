import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { quoteFile } from '../core/filter.js';
import { translateEngineError } from '../engine/errors.js';
import { abortError, type EngineSession } from '../engine/session.js';
import { rawName, type Compiled } from './compile.js';
import { sourceName, type PartTask } from './part-task.js';
import { contractFailure } from './row-failure.js';
import { text } from './sql-text.js';
import { familyOf, type Family } from './types.js';
import { zodSelect, type ZodBatch, type ZodScope } from './zod-rows.js';
import type { BatchVerdict } from './zod-verdicts.js';

export interface ZodPassCounts {
  readonly rejected: number;
  readonly changed: number;
}

/** Rows that zod is to see. */
export interface ZodPass {
  readonly scope: ZodScope;
  /** Rows of `valuesSelect` with the columns `CARRIED`. */
  readonly values: string;
  /** About how many. */
  readonly rows: number;
  /** Where the verdicts are added. */
  readonly files: ZodFiles;
  readonly onRows: (rows: number) => void;
}

export interface ZodFiles {
  readonly rejects: string;
  readonly changes: string;
}

/** Values are cut to this many characters where they are kept as reasons. */
const VALUE_LENGTH = 200;

/**
 * Streams rows through zod, in threads where that pays, and adds, as lines of JSON, the rejected ones with their issues to
 * `rejects` and the values that zod changed to `changes`. Holds a few batches of rows at a time.
 *
 * @throws TerminalError CONTRACT_FUNCTION, CONTRACT_STUCK, CONTRACT_DIED
 */
export async function runZod(session: EngineSession, task: PartTask, pass: ZodPass): Promise<ZodPassCounts> {
  const { request, compiled, judges } = task;
  const counts = { rejected: 0, changed: 0 };
  const rejects = createWriteStream(pass.files.rejects, { flags: 'a' });
  const changes = createWriteStream(pass.files.changes, { flags: 'a' });
  const waiting: Promise<BatchVerdict>[] = [];
  const judge = judges.of(pass.rows);
  const write = async (): Promise<void> => {
    const verdict = (await waiting.shift()) as BatchVerdict;
    counts.rejected += verdict.rejected;
    counts.changed += verdict.changed;
    await Promise.all([append(rejects, verdict.rejects), append(changes, verdict.changes)]);
    pass.onRows(verdict.rows);
  };
  try {
    for await (const batch of batches(session, zodSelect(compiled, pass.scope, pass.values), pass.scope, request.signal)) {
      const verdict = judge.judge(batch);
      verdict.catch(() => undefined);
      waiting.push(verdict);
      while (waiting.length >= judge.atOnce) await write();
    }
    while (waiting.length > 0) await write();
  } catch (error) {
    if (request.signal.aborted) throw abortError(request.signal, error);
    throw contractFailure(error, { contract: request.contractName, source: sourceName(task), isText: compiled.isText });
  } finally {
    await Promise.all([finish(rejects), finish(changes)]);
  }
  return counts;
}

async function* batches(session: EngineSession, sql: string, scope: ZodScope, signal: AbortSignal): AsyncGenerator<ZodBatch> {
  const next = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw translateEngineError(error);
    }
  };
  const result = await next(async () => (await session.connect()).stream(sql));
  for (;;) {
    if (signal.aborted) throw abortError(signal);
    const chunk = await next(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return;
    yield { scope, rows: chunk.rowCount, columns: chunk.getColumns() };
  }
}

async function append(stream: ReturnType<typeof createWriteStream>, lines: string): Promise<void> {
  if (lines !== '' && !stream.write(`${lines}\n`)) await once(stream, 'drain');
}

async function finish(stream: ReturnType<typeof createWriteStream>): Promise<void> {
  stream.end();
  if (!stream.closed) await once(stream, 'close');
}

/** What zod said about rejected rows, as a table: `r`, `heads`, and `columns` as places among the inputs. */
export interface ToldTable {
  readonly table: string;
  /** Most reasons of a row. */
  readonly most: number;
  /** The places of all columns that are named. */
  readonly named: readonly number[];
}

/** Makes a table of what {@link runZod} has written about rejected rows. */
export async function readHeads(session: EngineSession, compiled: Compiled, file: string, table: string): Promise<ToldTable> {
  const inputs = `[${compiled.inputs.map((input) => text(input.name)).join(', ')}]::VARCHAR[]`;
  await session.run(
    `CREATE TEMP TABLE ${table} AS SELECT r, heads, list_transform(columns, lambda name: list_position(${inputs}, name)) AS columns
     FROM read_json(${quoteFile(file)}, format = 'newline_delimited', columns = {r: 'BIGINT', heads: 'VARCHAR[]', columns: 'VARCHAR[]'})`,
  );
  const [longest] = await session.rows<{ most: number | null }>(`SELECT max(len(heads))::INTEGER AS most FROM ${table}`);
  const named = await session.rows<{ place: number | null }>(
    `SELECT DISTINCT place::INTEGER AS place FROM (SELECT unnest(columns) AS place FROM ${table}) WHERE place > 0 ORDER BY place`,
  );
  return { table, most: longest?.most ?? 0, named: named.map(({ place }) => Number(place)) };
}

/** So many reasons are put together one by one; a function over a list of any length takes several times as long. */
const MOST_UNROLLED = 8;

/** SQL of a row's reasons, whole: what zod said, from `told`, and the row's own values. */
export function reasonsOf(compiled: Compiled, { most, named }: ToldTable): string {
  // By CASE, only the values that are named are made into text.
  const texts = named.map((place) => `WHEN ${place} THEN to_json(${valueText(compiled, place - 1)})::VARCHAR`).join(' ');
  const value = (at: string): string => (texts === '' ? "'null'" : `coalesce(CASE told.columns[${at}] ${texts} END, 'null')`);
  if (most > MOST_UNROLLED)
    return `'[' || array_to_string(list_transform(told.heads, lambda head, i: head || ${value('i')} || '}'), ',') || ']'`;
  const each = Array.from({ length: most }, (_, index) => `told.heads[${index + 1}] || ${value(String(index + 1))} || '}'`);
  return `'[' || concat_ws(',', ${each.join(', ') || "''"}) || ']'`;
}

/** SQL of a row as JSON text: each value as text, whole, so that the row can come back. */
export function contentOf(compiled: Compiled, raw: (index: number) => string = rawName): string {
  return `json_object(${compiled.inputs.map((input, at) => `${text(input.name)}, ${raw(at)}::VARCHAR`).join(', ')})::VARCHAR`;
}

const SHORT: ReadonlySet<string> = new Set<Family>([
  'integer',
  'float',
  'decimal',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'time',
]);

// No number and no date is longer.
function valueText({ inputs }: Compiled, at: number): string {
  const value = `${rawName(at)}::VARCHAR`;
  return SHORT.has(familyOf(inputs[at]?.type ?? '')) ? value : `left(${value}, ${VALUE_LENGTH})`;
}
