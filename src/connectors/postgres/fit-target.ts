import { randomBytes } from 'node:crypto';
import type { Column } from '../../core/dataset.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { SchemaChange } from '../../core/load.js';
import type { LoadRequest, Session } from '../contract.js';
import { alterTarget } from './alter-target.js';
import { execute } from './attached.js';
import { createdType } from './created-type.js';
import { columnsFilledBefore } from './ledger-details.js';
import { restorableTypes, type Attempt } from './load-target.js';
import { compareColumns, refusal, type Difference } from './schema-difference.js';
import { inspectTarget, type TableColumn, type TargetTable } from './target-table.js';
import { dependsOnValues, widenedType, type ValueRange } from './widen-type.js';

/** A load and a target whose columns fit each other, and what has to be done for it. */
export interface Fit {
  /** With the columns that are loaded. */
  readonly request: LoadRequest;
  /** The target as it is once it is altered. */
  readonly table: TargetTable;
  /** Clauses of the ALTER TABLE that the target needs before rows go into it. */
  readonly alters: readonly string[];
  readonly changes: readonly SchemaChange[];
}

/**
 * Settles how the columns of dataset and target differ, as the load's `schema` says. Nothing is altered yet.
 *
 * @param target the target's name in the ledger
 * @throws TerminalError COLUMN_MISSING, COLUMN_TYPE, SCHEMA_CHANGED: the whole difference, each with the statement to run
 */
export async function fitTarget(attempt: Attempt, table: TargetTable, target: string, created: boolean): Promise<Fit> {
  const { request, settings, context } = attempt;
  if (created) return { request, table, alters: [], changes: [] };
  const before = await columnsFilledBefore(context.session, settings.ledgerSchema, target, request.identity);
  const fit = await settleColumns(attempt, table, before);
  return fit.alters.length === 0 ? fit : { ...fit, table: await shapeAfter(attempt, table, fit.alters) };
}

/** What {@link fitTarget} settles, with the target as it is still: to be looked at only. Throws as that does. */
export async function settleColumns(attempt: Looking, table: TargetTable, before: readonly string[]): Promise<Fit> {
  const { request, name } = attempt;
  const difference = compareColumns(request, table, before);
  const where = `the table ${name.sql} in connection "${request.connection}"`;
  const { schema = 'freeze' } = request;
  if (schema === 'evolve') return evolve(attempt, table, difference, where);
  // Only a load of a dataset has the choice: a transform that the database runs itself has none, and no SELECT of DuckDB's.
  const hint = request.select !== '' && canEvolve(difference) ? " Or load with schema: 'evolve', which does it by itself." : '';
  if (schema === 'freeze') {
    const refused = refusal(difference, { name, where, hint });
    if (refused) throw refused;
    return { request, table, alters: [], changes: [] };
  }
  const needed = new Set([...(request.key ?? []), ...(request.validFrom === undefined ? [] : [request.validFrom])]);
  const kept = { ...difference, missing: [], added: difference.added.filter((column) => needed.has(column.name)) };
  const refused = refusal(kept, { name, where });
  if (refused) throw refused;
  return discard(attempt, table, difference);
}

type Looking = Pick<Attempt, 'request' | 'context' | 'name'>;

async function discard({ request, context }: Looking, table: TargetTable, difference: Difference): Promise<Fit> {
  const { added, missing } = difference;
  const gone = new Set(added.map((column) => column.name));
  const rows = await countValues(context.session, request, added);
  const discarded = added.map((column, at) => ({
    change: 'discarded' as const,
    column: column.name,
    from: column.sourceType ?? column.type,
    rows: rows[at] ?? 0,
  }));
  const columns = request.columns.filter((column) => !gone.has(column.name));
  return { request: { ...request, columns }, table, alters: [], changes: [...discarded, ...tellMissing(missing)] };
}

async function countValues(session: Session, { select }: LoadRequest, columns: readonly Column[]): Promise<number[]> {
  if (columns.length === 0) return [];
  const counts = columns.map(({ name }, at) => `count(${quoteIdentifier(name)}) AS c${at}`);
  const [row] = await session.rows<Record<string, bigint>>(`SELECT ${counts.join(', ')} FROM (${select}) AS dataset`);
  return columns.map((_, at) => Number(row?.[`c${at}`]));
}

async function evolve(attempt: Looking, table: TargetTable, difference: Difference, where: string): Promise<Fit> {
  const { request, name, context } = attempt;
  const { needed, ranges } = await surveyValues(context.session, request, table);
  const restorable = await restorableTypes(context.session, request);
  const widened = table.columns.flatMap((target) => {
    const column = request.columns.find((each) => each.name === target.name);
    const type = column && !target.generated ? widenedType(column, target, ranges.get(target.name) ?? NO_VALUES) : undefined;
    return type === undefined ? [] : [{ column: target.name, from: target.type, to: type }];
  });
  const added = difference.added.map((column) => ({ column, type: createdType(column, restorable) }));
  const refused = refusal(
    {
      ...difference,
      missing: [],
      added: added.flatMap(({ column, type }) => (type === undefined ? [column] : [])),
      mistyped: difference.mistyped.filter(({ target }) => !widened.some(({ column }) => column === target.name)),
    },
    { name, where },
  );
  if (refused) throw refused;
  const alters = [
    ...widened.map(({ column, to }) => `ALTER COLUMN ${quoteIdentifier(column)} TYPE ${to}`),
    ...needed.map((column) => `ALTER COLUMN ${quoteIdentifier(column)} DROP NOT NULL`),
    ...added.map(({ column, type }) => `ADD COLUMN ${quoteIdentifier(column.name)} ${type}`),
  ];
  const changes: SchemaChange[] = [
    ...widened.map((each) => ({ change: 'widened' as const, ...each })),
    ...needed.map((column) => ({ change: 'nullable' as const, column })),
    ...added.map(({ column, type }) => ({ change: 'added' as const, column: column.name, ...(type && { to: type }) })),
    ...tellMissing(difference.missing),
  ];
  return { request, table, alters, changes };
}

const NO_VALUES: ValueRange = { least: null, greatest: null };

function tellMissing(columns: readonly TableColumn[]): SchemaChange[] {
  return columns.map(({ name, type }) => ({ change: 'missing', column: name, from: type }));
}

/** Whether the types alone let the target be widened for the difference; what the values need shows in the load. */
function canEvolve({ renamed, required, mistyped, added, missing }: Difference): boolean {
  if (renamed.length + required.length > 0 || added.length + missing.length + mistyped.length === 0) return false;
  return mistyped.every(({ column, target }) => widenedType(column, target, NO_VALUES) !== undefined);
}

interface Survey {
  /** Columns of the target that must be able to lack a value. */
  readonly needed: readonly string[];
  readonly ranges: ReadonlyMap<string, ValueRange>;
}

/** Looks at the values where they decide whether the target has to change: what fits is left as it is. */
async function surveyValues(session: Session, request: LoadRequest, table: TargetTable): Promise<Survey> {
  const key = new Set(request.key);
  const asked = request.columns.flatMap((column) => {
    const target = table.columns.find(({ name }) => name === column.name && !key.has(name));
    const ranged = table.columns.find(({ name, generated }) => name === column.name && !generated);
    return [
      ...(target?.required === true && column.nullable ? [{ column, as: 'nulls' as const }] : []),
      ...(ranged && dependsOnValues(column, ranged) ? [{ column, as: 'range' as const }] : []),
    ];
  });
  if (asked.length === 0) return { needed: [], ranges: new Map() };
  const terms = asked.map(({ column, as }, at) => {
    const name = quoteIdentifier(column.name);
    if (as === 'nulls') return `(count(*) - count(${name}))::VARCHAR AS a${at}`;
    const measured = column.type === 'VARCHAR' ? `length(${name})` : name;
    return `min(${measured})::VARCHAR AS a${at}, max(${measured})::VARCHAR AS b${at}`;
  });
  const [row] = await session.rows<Record<string, string | null>>(
    `SELECT ${terms.join(', ')} FROM (${request.select}) AS dataset`,
  );
  const found = asked.map(({ column, as }, at) => ({
    name: column.name,
    as,
    a: row?.[`a${at}`] ?? null,
    b: row?.[`b${at}`] ?? null,
  }));
  return {
    needed: found.filter(({ as, a }) => as === 'nulls' && a !== '0').map(({ name }) => name),
    ranges: new Map(found.filter(({ as }) => as === 'range').map(({ name, a, b }) => [name, { least: a, greatest: b }])),
  };
}

/**
 * What the target's columns will be, learned from an empty table that is altered instead. What that takes, its lock on the
 * target too, is given back at once.
 */
async function shapeAfter(
  { settings, request, context, name }: Attempt,
  table: TargetTable,
  alters: readonly string[],
): Promise<TargetTable> {
  const { session } = context;
  const shape = `shape_${randomBytes(8).toString('hex')}`;
  const sql = `${quoteIdentifier(settings.ledgerSchema)}.${shape}`;
  const standIn = { schema: settings.ledgerSchema, table: shape, sql };
  await execute(session, `SAVEPOINT millrace_shape; CREATE UNLOGGED TABLE ${sql} (LIKE ${name.sql})`);
  await alterTarget(session, standIn, alters, request.connection, name);
  const after = await inspectTarget(session, standIn, request.connection);
  await execute(session, 'ROLLBACK TO SAVEPOINT millrace_shape; RELEASE SAVEPOINT millrace_shape');
  const columns = (after?.columns ?? []).map((column) => {
    const { filled, generated } = table.columns.find((each) => each.name === column.name) ?? column;
    return { ...column, filled, generated };
  });
  return { ...table, columns };
}
