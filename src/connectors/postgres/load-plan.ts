import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest } from '../contract.js';
import { planColumn, travelsInBinary, type ColumnPlan } from './column-plan.js';
import { createdType } from './created-type.js';
import type { TableName } from './table-name.js';
import type { TableColumn, TargetTable } from './target-table.js';

/** The column that ties an appended row to its load in the ledger. */
export const LOAD_COLUMN = '_millrace_load';

/**
 * How every column of the dataset gets into the target.
 *
 * @throws TerminalError COLUMN_MISSING, COLUMN_TYPE, TARGET_UNSUITABLE, each with the statement to run
 */
export function planLoad(request: LoadRequest, name: TableName, target: TargetTable): ColumnPlan[] {
  const byName = new Map(target.columns.map((column) => [column.name, column]));
  const where = `the table ${name.sql} in connection "${request.connection}"`;
  const plans = request.columns.map((column) => {
    const found = byName.get(column.name);
    if (found === undefined) throw missingColumn(column, name, where, target);
    return planOrRefuse(column, found, name, where);
  });
  const loaded = new Set(request.columns.map((column) => column.name));
  const unfilled = target.columns.filter(
    (column) => column.required && !column.filled && !column.generated && !loaded.has(column.name),
  );
  if (unfilled.length > 0) {
    const names = unfilled.map((column) => quoteIdentifier(column.name)).join(', ');
    throw new TerminalError(
      'COLUMN_MISSING',
      `The dataset lacks ${names}, which ${where} declares NOT NULL without a default. Add the column in a transform, or give it a default.`,
    );
  }
  if (request.mode === 'merge') requireUniqueKey(request.key ?? [], name, where, target);
  return plans;
}

/** How rows get into the target: by one COPY in binary or in text, or through a staging table. */
export type Route = 'binary' | 'text' | 'staging';

/** The shortest way on which no value changes. */
export function chooseRoute(plans: readonly ColumnPlan[], target: TargetTable): Route {
  if (!plans.every((plan) => plan.direct)) return 'staging';
  return target.columns.every(travelsInBinary) ? 'binary' : 'text';
}

/**
 * The statement that makes a missing target, with its key.
 * @throws TerminalError COLUMN_TYPE for a type that Postgres has no counterpart for, OPTION_INVALID for an unknown key column
 */
export function createTableStatement(request: LoadRequest, name: TableName, restorable: ReadonlySet<string>): string {
  const key = request.key ?? [];
  requireKeyColumns(request);
  const columns = request.columns.map((column) => {
    const type = createdType(column, restorable);
    if (type === undefined) {
      throw new TerminalError(
        'COLUMN_TYPE',
        `Postgres has no type for the column ${quoteIdentifier(column.name)} (${column.type}) of the table ${name.sql} in connection "${request.connection}". Cast it in a transform.`,
      );
    }
    return `${quoteIdentifier(column.name)} ${type}${column.nullable && !key.includes(column.name) ? '' : ' NOT NULL'}`;
  });
  if (request.mode === 'append') columns.push(`${LOAD_COLUMN} bigint`);
  const primaryKey = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(quoteIdentifier).join(', ')})`];
  return `CREATE TABLE ${name.sql} (${[...columns, ...primaryKey].join(', ')})`;
}

/** @throws TerminalError OPTION_INVALID when the key names a column that the dataset has not */
export function requireKeyColumns(request: LoadRequest): void {
  const names = request.columns.map((column) => column.name);
  for (const column of [...(request.key ?? []), ...Object.keys(request.partition ?? {})]) {
    if (names.includes(column)) continue;
    throw new TerminalError(
      'OPTION_INVALID',
      `The key or partition of the load into "${request.target}" names the column "${column}", which the dataset has not. It has: ${names.join(', ')}.`,
    );
  }
  if (request.mode === 'append' && names.includes(LOAD_COLUMN)) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The dataset that is appended to "${request.target}" has a column ${LOAD_COLUMN}, which Millrace writes itself. Leave it out in the extract or the transform.`,
    );
  }
}

function missingColumn(column: Column, name: TableName, where: string, target: TargetTable): TerminalError {
  const type = createdType(column, new Set()) ?? 'text';
  const present = target.columns
    .map((existing) => existing.name)
    .slice(0, 50)
    .join(', ');
  return new TerminalError(
    'COLUMN_MISSING',
    `The dataset has a column ${quoteIdentifier(column.name)} that ${where} has not (it has: ${present}). Leave it out, or run: ALTER TABLE ${name.sql} ADD COLUMN ${quoteIdentifier(column.name)} ${type};`,
  );
}

function planOrRefuse(column: Column, target: TableColumn, name: TableName, where: string): ColumnPlan {
  const quoted = quoteIdentifier(column.name);
  if (target.generated) {
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `The column ${quoted} of ${where} is generated, so it cannot be loaded. Leave it out in a transform.`,
    );
  }
  const plan = planColumn(column, target);
  if (plan !== undefined) return plan;
  const type = createdType(column, new Set());
  const remedy =
    type === undefined
      ? 'Cast it in a transform.'
      : `Convert it in a transform, or run: ALTER TABLE ${name.sql} ALTER COLUMN ${quoted} TYPE ${type} USING ${quoted}::${type};`;
  throw new TerminalError(
    'COLUMN_TYPE',
    `The column ${quoted} of ${where} is ${target.type}, which cannot hold the dataset's ${column.sourceType ?? column.type} without changing values. ${remedy}`,
  );
}

function requireUniqueKey(key: readonly string[], name: TableName, where: string, target: TargetTable): void {
  const wanted = key.toSorted();
  if (
    target.uniqueKeys.some((columns) => columns.length === wanted.length && columns.every((column, at) => column === wanted[at]))
  )
    return;
  const list = key.map(quoteIdentifier).join(', ');
  throw new TerminalError(
    'TARGET_UNSUITABLE',
    `A merge by ${list} needs a unique index on exactly these columns of ${where}. Run: CREATE UNIQUE INDEX ON ${name.sql} (${list});`,
  );
}
