import { rawName, type Compiled } from './compile.js';
import type { Image } from './image.js';
import { LINE, ROW, STATUS_COLUMN } from './part-source.js';

/**
 * What zod is shown of a row: `row` all columns; `open` those that SQL cannot judge, of rows in which SQL has accepted
 * every other column and all rules.
 */
export type ZodScope = 'row' | 'open';

/** Rows on their way to zod, as columns in the order of {@link zodSelect}. */
export interface ZodBatch {
  readonly scope: ZodScope;
  readonly rows: number;
  readonly columns: readonly (readonly unknown[])[];
}

/** One column of a row, as zod sees it. */
export interface ShownColumn {
  readonly name: string;
  readonly image: Image;
  readonly acceptsNull: boolean;
  /** Where its values are in a batch. */
  readonly at: readonly number[];
}

/** How a batch is read. */
export interface RowShape {
  readonly columns: readonly ShownColumn[];
  /** Where the answers of the rules are; none where SQL has asked them already. */
  readonly rules: readonly { readonly name: string; readonly at: number }[];
}

/** Where every batch has a row's number and its place in the source. */
export const AT = { row: 0, line: 1, status: 2 } as const;

/** SQL that gives what zod is shown of each row of `valuesSelect`. */
export function zodSelect(compiled: Compiled, scope: ZodScope, values: string): string {
  const images = shown(compiled, scope).flatMap(({ image }) => image.select);
  const rules = scope === 'row' ? compiled.rules.map((rule) => `coalesce(${rule.sql}, FALSE)`) : [];
  const all = [ROW, LINE, STATUS_COLUMN, ...images, ...rules].map((sql, index) => `${sql} AS c${index}`);
  return `SELECT ${all.join(', ')} FROM (${values})`;
}

/** Where in a batch of {@link zodSelect} what is. */
export function rowShape(compiled: Compiled, scope: ZodScope): RowShape {
  let next = Object.keys(AT).length;
  const columns = shown(compiled, scope).map((column) => ({ ...column, at: column.image.select.map(() => next++) }));
  const rules = scope === 'row' ? compiled.rules.map(({ name }) => ({ name, at: next++ })) : [];
  return { columns, rules };
}

/** Columns that SQL alone cannot judge. */
export function openColumns({ columns }: Compiled): string[] {
  return columns.filter(({ spec }) => spec.uncompiled !== undefined).map(({ spec }) => spec.name);
}

/** Whether zod has enough of those columns: not where a refinement looks at the row as a whole. */
export function canNarrow(compiled: Compiled): boolean {
  const open = openColumns(compiled);
  const { shape, checks = [] } = compiled.contract.schema._zod.def;
  return (
    checks.length === 0 &&
    // A reason beside those of columns is one for the whole row.
    compiled.uncompiled.length === open.length &&
    open.length > 0 &&
    open.length < compiled.columns.length &&
    open.every((name) => name in shape)
  );
}

function shown(compiled: Compiled, scope: ZodScope): Omit<ShownColumn, 'at'>[] {
  const open = new Set(openColumns(compiled));
  const known = compiled.columns
    .filter(({ spec }) => scope === 'row' || open.has(spec.name))
    .map(({ spec, image }) => ({ name: spec.name, image, acceptsNull: spec.acceptsNull }));
  if (scope === 'open') return known;
  const unknown = compiled.unknownKeys.map((name) => {
    const sql = rawName(compiled.inputs.findIndex((input) => input.name === name));
    const image: Image = { select: [`left(${sql}::VARCHAR, 1)`], read: ([value]) => value ?? undefined };
    return { name, image, acceptsNull: true };
  });
  return [...known, ...unknown];
}

/** The object that zod judges, of one row of a batch. */
export function objectOf({ columns }: RowShape, batch: ZodBatch, row: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { name, image, acceptsNull, at } of columns) {
    const value = image.read(at.map((index) => batch.columns[index]?.[row]));
    if (value !== undefined) object[name] = value;
    else if (acceptsNull) object[name] = null;
  }
  return object;
}
