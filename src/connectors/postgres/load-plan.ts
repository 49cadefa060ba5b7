import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest } from '../contract.js';
import { planColumn, travelsInBinary, type ColumnPlan } from './column-plan.js';
import { createdType } from './created-type.js';
import { isWholeName, type TableName } from './table-name.js';
import type { TableColumn, TargetTable } from './target-table.js';
import { requireVersionable, requireVersionTable, VERSION_COLUMNS, versionIndexes } from './version-table.js';

/** The column that ties an appended row to its load in the ledger. */
export const LOAD_COLUMN = '_millrace_load';

/**
 * How every column of the dataset gets into the target, whose columns fit.
 *
 * @throws TerminalError TARGET_UNSUITABLE, with the statement to run
 */
export function planLoad(request: LoadRequest, name: TableName, target: TargetTable): ColumnPlan[] {
  const { key = [], mode } = request;
  const where = `the table ${name.sql} in connection "${request.connection}"`;
  const byName = new Map(target.columns.map((column) => [column.name, column]));
  const plans = request.columns.map((column) => planOrRefuse(column, byName.get(column.name), where));
  if (mode === 'merge') requireUniqueKey(key, name, where, target);
  if (mode === 'scd2') requireVersionTable(key, name, where, target);
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
  if (request.mode === 'scd2') {
    columns.push(...VERSION_COLUMNS.map(({ name: own, type, rule }) => `${own} ${type}${rule}`));
    return [`CREATE TABLE ${name.sql} (${columns.join(', ')})`, ...versionIndexes(key, name)].join('; ');
  }
  const primaryKey = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(quoteIdentifier).join(', ')})`];
  return `CREATE TABLE ${name.sql} (${[...columns, ...primaryKey].join(', ')})`;
}

/** @throws TerminalError OPTION_INVALID when an option names a column that the dataset has not, or that does not suit it */
export function requireNamedColumns(request: LoadRequest): void {
  const { key = [], partition = {}, deleteFlag, validFrom, target } = request;
  const names = request.columns.map((column) => column.name);
  const named = [
    ...[...key, ...Object.keys(partition)].map((column) => ['key or partition', column] as const),
    ...(deleteFlag === undefined ? [] : [['deleteFlag', deleteFlag] as const]),
    ...(validFrom === undefined ? [] : [['validFrom', validFrom] as const]),
  ];
  for (const [option, column] of named) {
    if (names.includes(column)) continue;
    throw new TerminalError(
      'OPTION_INVALID',
      `The ${option} of the load into "${target}" names the column "${column}", which the dataset has not. It has: ${names.join(', ')}.`,
    );
  }
  const long = request.columns.find(({ name }) => !isWholeName(name));
  if (long !== undefined && request.schema !== 'discard') {
    throw new TerminalError(
      'OPTION_INVALID',
      `The dataset that is loaded into "${target}" has the column "${long.name}", and Postgres cuts names of more than 63 bytes. Give it a shorter one in a transform.`,
    );
  }
  requireFlag(request);
  if (request.mode === 'scd2') requireVersionable(request);
  if (request.mode === 'append' && names.includes(LOAD_COLUMN)) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The dataset that is appended to "${request.target}" has a column ${LOAD_COLUMN}, which Millrace writes itself. Leave it out in the extract or the transform.`,
    );
  }
}

function requireFlag({ columns, key = [], deleteFlag, validFrom, target }: LoadRequest): void {
  const flag = columns.find((column) => column.name === deleteFlag);
  if (flag === undefined) return;
  if (flag.type !== 'BOOLEAN') {
    throw new TerminalError(
      'OPTION_INVALID',
      `The deleteFlag of the load into "${target}" is the column ${quoteIdentifier(flag.name)}, which is ${flag.type}. Name a boolean column, or make one in a transform.`,
    );
  }
  if (key.includes(flag.name) || validFrom === flag.name) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The column ${quoteIdentifier(flag.name)} cannot be the deleteFlag of the load into "${target}" and its key or validFrom, since it is not loaded.`,
    );
  }
}

function planOrRefuse(column: Column, target: TableColumn | undefined, where: string): ColumnPlan {
  if (target?.generated === true) {
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `The column ${quoteIdentifier(column.name)} of ${where} is generated, so it cannot be loaded. Leave it out in a transform.`,
    );
  }
  const plan = target && planColumn(column, target);
  if (plan === undefined) throw new Error(`The column ${column.name} of ${where} does not fit after all`);
  return plan;
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
