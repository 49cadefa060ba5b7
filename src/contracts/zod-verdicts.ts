import { isDeepStrictEqual } from 'node:util';
import { STATUS, type Compiled } from './compile.js';
import { threw } from './row-failure.js';
import type { Schema } from './schema.js';
import { writable } from './written-values.js';
import { AT, objectOf, openColumns, rowShape, type RowShape, type ZodBatch, type ZodScope } from './zod-rows.js';

/** What zod said about a batch, as lines of JSON ready to be written. */
export interface BatchVerdict {
  readonly rows: number;
  readonly rejected: number;
  /** `{"r": row, "heads": […], "columns": […]}` of each rejected row: its reasons up to their values, and whose values those are. */
  readonly rejects: string;
  readonly changed: number;
  /** `{"r": row, "v": {column: value}}` of each accepted row that zod has changed. */
  readonly changes: string;
}

/** Asks zod about the rows of a batch, one after the other. */
export interface RowsJudge {
  /**
   * @param before called before each row, with its index in the batch; what it gives is waited for
   * @throws RowFailure when a function of the contract throws
   */
  judge(batch: ZodBatch, before: (row: number) => Promise<void> | undefined): Promise<BatchVerdict>;
  /** Asks about one row, column by column and then as a whole; `before` is told which column comes. */
  probe(batch: ZodBatch, before: (column: number) => void): Promise<void>;
}

export function createRowsJudge(compiled: Compiled, scope: ZodScope): RowsJudge {
  const shape = rowShape(compiled, scope);
  const safeParse = parser(scope === 'row' ? compiled.contract.schema : openSchema(compiled));
  const conclude = (object: Record<string, unknown>, result: Parsed, batch: ZodBatch, row: number): Verdict => {
    const reasons = result.success ? [] : reasonsOf(result.error.issues);
    if (!compiled.changes && !reasons.some(({ code }) => STOPS_ROW_RULES.has(code)))
      reasons.push(...brokenRules(shape, batch, row));
    if (reasons.length === 0 && batch.columns[AT.status]?.[row] === STATUS.rejected) reasons.push(UNHELD);
    return { reasons, changed: result.success ? changedValues(compiled, scope, object, result.data) : undefined };
  };
  const ask = (batch: ZodBatch, row: number): Verdict | Promise<Verdict> => {
    const object = objectOf(shape, batch, row);
    const failed = async (error: unknown): Promise<never> => {
      throw threw(error, lineOf(batch, row), await culprit(compiled, shape, object));
    };
    try {
      const result = safeParse(object);
      if (!(result instanceof Promise)) return conclude(object, result, batch, row);
      return result.then((parsed) => conclude(object, parsed, batch, row), failed);
    } catch (error) {
      return failed(error);
    }
  };
  return {
    async judge(batch, before) {
      const rejects: string[] = [];
      const changes: string[] = [];
      for (let row = 0; row < batch.rows; row++) {
        const pause = before(row);
        if (pause !== undefined) await pause;
        const answer = ask(batch, row);
        const { reasons, changed } = answer instanceof Promise ? await answer : answer;
        const r = Number(batch.columns[AT.row]?.[row]);
        if (reasons.length > 0) rejects.push(rejectLine(r, reasons));
        else if (changed) changes.push(JSON.stringify({ r, v: changed }));
      }
      return {
        rows: batch.rows,
        rejected: rejects.length,
        rejects: rejects.join('\n'),
        changed: changes.length,
        changes: changes.join('\n'),
      };
    },
    async probe(batch, before) {
      const object = objectOf(shape, batch, 0);
      for (const [index, { name }] of shape.columns.entries()) {
        before(index);
        await askColumn(columnSchema(compiled, name), object[name]).catch(() => undefined);
      }
      before(shape.columns.length);
      await Promise.resolve(safeParse(object)).catch(() => undefined);
    },
  };
}

/** A row's line in a CSV file, or its number from 1. */
export function lineOf(batch: ZodBatch, row: number): number {
  return Number(batch.columns[AT.line]?.[row]);
}

interface Verdict {
  readonly reasons: readonly Head[];
  /** Values that zod changed, by column; only of accepted rows. */
  readonly changed: Readonly<Record<string, unknown>> | undefined;
}

/** A reason without the value, which SQL adds. */
interface Head {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** Null for the whole row. */
  readonly column: string | null;
}

function rejectLine(r: number, reasons: readonly Head[]): string {
  const heads = reasons.map(({ code, path, message }) => `${JSON.stringify({ code, path, message }).slice(0, -1)},"value":`);
  return JSON.stringify({ r, heads, columns: reasons.map(({ column }) => column) });
}

// The verdict SQL gave stands even where zod finds nothing: the value has no place in the column's type.
const UNHELD: Head = { code: 'custom', path: '', message: 'A value cannot be held in its column’s type', column: null };

// As zod leaves out refinements of a whole object once a key has no usable value.
const STOPS_ROW_RULES: ReadonlySet<string> = new Set([
  'invalid_type',
  'invalid_value',
  'invalid_union',
  'invalid_key',
  'invalid_element',
]);

function brokenRules({ rules }: RowShape, batch: ZodBatch, row: number): Head[] {
  return rules
    .filter(({ at }) => batch.columns[at]?.[row] !== true)
    .map(({ name }) => ({ code: 'row_rule', path: '', message: name, column: null }));
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a row with more issues than these, as a long list may have, the others are only counted. */
const MOST_ISSUES = 1000;

function reasonsOf(issues: readonly Issue[]): Head[] {
  const reasons = issues.slice(0, MOST_ISSUES).map(reasonOf);
  const more = issues.length - reasons.length;
  if (more > 0) reasons.push({ code: 'custom', path: '', message: `${more} more issues`, column: null });
  return reasons;
}

function reasonOf(issue: Issue): Head {
  const column = issue.path[0];
  return {
    code: issue.code ?? 'custom',
    path: issue.path.map(String).join('.'),
    // Half a surrogate pair, as a pattern may hold, is no text for DuckDB.
    message: issue.message.replace(/\p{Surrogate}/gu, '\ufffd'),
    column: typeof column === 'string' ? column : null,
  };
}

type Parsed = { success: true; data: Record<string, unknown> } | { success: false; error: { issues: readonly Issue[] } };

interface RowSchema {
  safeParse(row: unknown): Parsed;
  safeParseAsync(row: unknown): Promise<Parsed>;
}

function openSchema(compiled: Compiled): RowSchema {
  const mask = Object.fromEntries(openColumns(compiled).map((name) => [name, true]));
  return compiled.contract.schema.pick(mask as never) as RowSchema;
}

// Schemas are synchronous but for asynchronous functions, which zod finds out only when it meets one.
function parser(schema: RowSchema): (row: unknown) => Parsed | Promise<Parsed> {
  let isAsync = false;
  return (row) => {
    if (isAsync) return schema.safeParseAsync(row);
    try {
      return schema.safeParse(row);
    } catch (error) {
      if (!isAsyncError(error)) throw error;
      isAsync = true;
      return schema.safeParseAsync(row);
    }
  };
}

// By its name: the schema may come from another copy of zod, with a class of its own.
function isAsyncError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === '$ZodAsyncError';
}

/** Whose function threw: the first column that throws when it is asked alone. */
async function culprit(compiled: Compiled, { columns }: RowShape, object: Readonly<Record<string, unknown>>) {
  for (const { name } of columns) {
    try {
      await askColumn(columnSchema(compiled, name), object[name]);
    } catch {
      return name;
    }
  }
  return undefined;
}

function columnSchema(compiled: Compiled, name: string): Schema | undefined {
  return compiled.columns.find(({ spec }) => spec.name === name)?.spec.schema;
}

async function askColumn(schema: Schema | undefined, value: unknown): Promise<void> {
  await schema?._zod.run({ value, issues: [] }, { async: true });
}

function changedValues(
  compiled: Compiled,
  scope: ZodScope,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  if (!compiled.changes) return undefined;
  const changed: Record<string, unknown> = {};
  for (const { spec, writes, output } of compiled.columns) {
    if (scope === 'open' && spec.uncompiled === undefined) continue;
    const value = after[spec.name];
    if (writes === 'all' || !isDeepStrictEqual(value, before[spec.name])) changed[spec.name] = writable(value, output);
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}
