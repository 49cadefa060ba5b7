import { isDeepStrictEqual } from 'node:util';
import { STATUS, type Compiled } from './compile.js';
import { threw } from './row-failure.js';
import { brokenRules, cannotHold, reasonsOf, rejectLine, STOPS_ROW_RULES, UNHELD, type Head, type Issue } from './row-reasons.js';
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
  const ask = asker(compiled, scope, shape, safeParse);
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
      const [rejected, changed] = [rejects.length, changes.length];
      return { rows: batch.rows, rejected, rejects: rejects.join('\n'), changed, changes: changes.join('\n') };
    },
    async probe(batch, before) {
      const object = objectOf(shape, batch, 0);
      for (const [index, { name }] of shape.columns.entries()) {
        before(index);
        await askColumn(columnSchema(compiled, name), object[name]).catch(() => undefined);
      }
      before(shape.columns.length);
      await safeParse(object);
    },
  };
}

/** A function that asks zod about one row of a batch. */
function asker(compiled: Compiled, scope: ZodScope, shape: RowShape, safeParse: Parser) {
  const conclude = (object: Record<string, unknown>, result: Parsed, batch: ZodBatch, row: number): Verdict => {
    const reasons = result.success ? [] : reasonsOf(result.error.issues);
    if (!compiled.changes && !reasons.some(({ code }) => STOPS_ROW_RULES.has(code)))
      reasons.push(...brokenRules(shape, batch, row));
    const changed = result.success ? changedValues(compiled, scope, object, result.data) : undefined;
    if (changed !== undefined) reasons.push(...illFormed(compiled, changed));
    if (reasons.length === 0 && batch.columns[AT.status]?.[row] === STATUS.rejected) reasons.push(UNHELD);
    return { reasons, changed };
  };
  return (batch: ZodBatch, row: number): Verdict | Promise<Verdict> => {
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
}

/** A row's line in a CSV file, or its number from 1. */
export function lineOf(batch: ZodBatch, row: number): number {
  return Number(batch.columns[AT.line]?.[row]);
}

interface Verdict {
  readonly reasons: readonly Head[];
  /** Values that zod changed, by column; only of accepted rows. */
  readonly changed: Readonly<Record<string, string | null>> | undefined;
}

type Parsed = { success: true; data: Record<string, unknown> } | { success: false; error: { issues: readonly Issue[] } };

type Parser = (row: unknown) => Parsed | Promise<Parsed>;

interface RowSchema {
  safeParse(row: unknown): Parsed;
  safeParseAsync(row: unknown): Promise<Parsed>;
}

function openSchema(compiled: Compiled): RowSchema {
  const mask = Object.fromEntries(openColumns(compiled).map((name) => [name, true]));
  return compiled.contract.schema.pick(mask as never);
}

// Schemas are synchronous but for asynchronous functions, which zod finds out only when it meets one.
function parser(schema: RowSchema): Parser {
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
): Record<string, string | null> | undefined {
  if (!compiled.changes) return undefined;
  const changed: Record<string, string | null> = {};
  for (const { spec, writes, output } of compiled.columns) {
    if (scope === 'open' && spec.uncompiled === undefined) continue;
    const value = after[spec.name];
    if (writes === 'all' || !isDeepStrictEqual(value, before[spec.name])) changed[spec.name] = writable(value, output);
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}

// DuckDB refuses a whole file of changes for one such text. Within nested values the cast to their type finds it.
function illFormed(compiled: Compiled, changed: Readonly<Record<string, string | null>>): Head[] {
  return compiled.columns
    .filter(({ spec }) => changed[spec.name]?.isWellFormed() === false)
    .map(({ spec, output }) => ({ code: 'custom', path: spec.name, message: cannotHold(output.type), column: spec.name }));
}
