import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest } from '../contract.js';
import { planColumn } from './column-plan.js';
import { createdType } from './created-type.js';
import { LOAD_COLUMN } from './load-plan.js';
import type { TableName } from './table-name.js';
import type { TableColumn, TargetTable } from './target-table.js';
import { VERSION_COLUMNS } from './version-table.js';

/** How the columns of a dataset differ from those of its target. */
export interface Difference {
  /** The names of the target's columns. */
  readonly present: readonly string[];
  /** The target has no such column. */
  readonly added: readonly Column[];
  /** The target's type does not take the values. */
  readonly mistyped: readonly { readonly column: Column; readonly target: TableColumn }[];
  /** The dataset has no such column, and a row cannot do without. */
  readonly required: readonly TableColumn[];
  /** The dataset has no such column, and the load before filled it. */
  readonly missing: readonly TableColumn[];
  /** A missing column and an added one of a type that fits: likely one column under two names. */
  readonly renamed: readonly { readonly target: TableColumn; readonly column: Column }[];
}

/** @param filledBefore the columns that the load before filled */
export function compareColumns(request: LoadRequest, target: TargetTable, filledBefore: readonly string[]): Difference {
  const present = new Map(target.columns.map((column) => [column.name, column]));
  const coming = new Set(request.columns.map((column) => column.name));
  const own = ownColumns(request);
  const absent = target.columns.filter((column) => !coming.has(column.name) && !column.generated && !own.has(column.name));
  const added = request.columns.filter((column) => !present.has(column.name));
  const required = absent.filter((column) => column.required && !column.filled);
  const missing = absent.filter(({ name }) => filledBefore.includes(name) && !required.some((column) => column.name === name));
  return {
    present: [...present.keys()],
    added,
    required,
    missing,
    mistyped: request.columns.flatMap((column) => {
      const found = present.get(column.name);
      return found === undefined || found.generated || planColumn(column, found) ? [] : [{ column, target: found }];
    }),
    renamed: added.flatMap((column) => {
      const likely =
        // A name that differs in case only is the same to DuckDB, which could not write a table that has both.
        absent.find(({ name }) => name.toLowerCase() === column.name.toLowerCase()) ??
        [...required, ...missing].find((candidate) => planColumn(column, candidate) !== undefined);
      return likely ? [{ target: likely, column }] : [];
    }),
  };
}

function ownColumns({ mode, deleteFlag }: LoadRequest): Set<string> {
  const own = mode === 'scd2' ? VERSION_COLUMNS.map(({ name }) => name) : mode === 'append' ? [LOAD_COLUMN] : [];
  return new Set(deleteFlag === undefined ? own : [...own, deleteFlag]);
}

/** Differences that a policy does not take, as an error with all of them; nothing where there is none. */
export function refusal(
  difference: Difference,
  { name, where, hint = '' }: { name: TableName; where: string; hint?: string },
): TerminalError | undefined {
  const renamed = new Set(difference.renamed.flatMap(({ target, column }) => [target.name, column.name]));
  const unnamed = <T extends { name: string }>(columns: readonly T[]): T[] => columns.filter((each) => !renamed.has(each.name));
  const [added, required, missing] = [unnamed(difference.added), unnamed(difference.required), unnamed(difference.missing)];
  const tell = { name, where, present: difference.present };
  const found: (readonly [code: 'COLUMN_MISSING' | 'COLUMN_TYPE' | 'SCHEMA_CHANGED', text: string])[] = [
    ...difference.renamed.map((each) => ['SCHEMA_CHANGED', tellRenamed(each, tell)] as const),
    ...added.map((column) => ['COLUMN_MISSING', tellAdded(column, tell)] as const),
    ...(required.length === 0 ? [] : [['COLUMN_MISSING', tellRequired(required, tell)] as const]),
    ...missing.map((column) => ['SCHEMA_CHANGED', tellMissing(column, tell)] as const),
    ...difference.mistyped.map((each) => ['COLUMN_TYPE', tellMistyped(each, tell)] as const),
  ];
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.length === 1) return new TerminalError(first[0], `${first[1]}${hint}`);
  const code = found.every(([each]) => each === first[0]) ? first[0] : 'SCHEMA_CHANGED';
  const lines = found.slice(0, MAX_TOLD).map(([, text], at) => `${at + 1}. ${text}`);
  const more = found.length > MAX_TOLD ? [`And ${found.length - MAX_TOLD} more.`] : [];
  return new TerminalError(
    code,
    [`The columns of the dataset and of ${where} differ in ${found.length} ways:`, ...lines, ...more].join('\n') + hint,
  );
}

/** Differences in one message: more than anybody mends by hand. */
const MAX_TOLD = 40;

interface Told {
  readonly name: TableName;
  readonly where: string;
  readonly present: readonly string[];
}

function tellAdded(column: Column, { name, where, present }: Told): string {
  const type = createdType(column, new Set()) ?? 'text';
  const quoted = quoteIdentifier(column.name);
  return `The dataset has a column ${quoted} that ${where} has not (it has: ${present.slice(0, 50).join(', ')}). Leave it out, or run: ALTER TABLE ${name.sql} ADD COLUMN ${quoted} ${type};`;
}

function tellRequired(columns: readonly TableColumn[], { where }: Told): string {
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  return `The dataset lacks ${names}, which ${where} declares NOT NULL without a default. Add the column in a transform, or give it a default.`;
}

function tellMissing(column: TableColumn, { name, where }: Told): string {
  const quoted = quoteIdentifier(column.name);
  return `The dataset lacks ${quoted}, which the load before filled in ${where}. Bring it back, load with schema: 'evolve' to leave it without values from now on, or run: ALTER TABLE ${name.sql} DROP COLUMN ${quoted};`;
}

function tellRenamed({ target, column }: Difference['renamed'][number], { name, where }: Told): string {
  const [before, now] = [quoteIdentifier(target.name), quoteIdentifier(column.name)];
  const type = createdType(column, new Set()) ?? 'text';
  const isCase = target.name.toLowerCase() === column.name.toLowerCase();
  const other = isCase ? '' : ` If ${now} is a new column, run: ALTER TABLE ${name.sql} ADD COLUMN ${now} ${type};`;
  return `The dataset lacks ${before} of ${where} and has ${now} instead, of a type that fits: it looks renamed. If it is, run: ALTER TABLE ${name.sql} RENAME COLUMN ${before} TO ${now};${other}`;
}

function tellMistyped({ column, target }: Difference['mistyped'][number], { name, where }: Told): string {
  const quoted = quoteIdentifier(column.name);
  const type = createdType(column, new Set());
  const remedy =
    type === undefined
      ? 'Cast it in a transform.'
      : `Convert it in a transform, or run: ALTER TABLE ${name.sql} ALTER COLUMN ${quoted} TYPE ${type} USING ${quoted}::${type};`;
  return `The column ${quoted} of ${where} is ${target.type}, which cannot hold the dataset's ${column.sourceType ?? column.type} without changing values. ${remedy}`;
}
