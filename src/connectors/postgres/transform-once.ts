import { randomBytes } from 'node:crypto';
import { TerminalError } from '../../core/errors.js';
import type { Column } from '../../core/dataset.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest, TransformRequest, TransformResult } from '../contract.js';
import { execute, executeCounted, select } from './attached.js';
import { createdType } from './created-type.js';
import { findLoad } from './ledger.js';
import { writeDetails } from './ledger-details.js';
import { beginLoad, beginWrite, prepareTarget, removeEarlier, resultOf, type Begun } from './load-once.js';
import { planLoad, requireNamedColumns } from './load-plan.js';
import type { Attempt } from './load-target.js';
import { mergeFromStaging } from './merge-rows.js';
import type { TableName } from './table-name.js';
import { asDatasetColumn, bindStatement, explainSqlError, type Binding } from './transform-bind.js';
import { wrapStatement } from './transform-sql.js';
import { contentOf, readStates, selectInputs } from './transform-tables.js';
import { expectRows, insertFromStaging, partitionCondition, touched } from './write-rows.js';

/** The load that a transform's result becomes, before anything is known of the result. @throws TerminalError OPTION_INVALID */
export function loadOf({ identity, mode, target, connection, key, partition }: TransformRequest): LoadRequest {
  if (mode === 'scd2') {
    throw new TerminalError(
      'OPTION_INVALID',
      `The transform into "${target}" in connection "${connection}" cannot keep versions. Use append, merge or replace, or load its result with mode 'scd2'.`,
    );
  }
  return { identity: { ...identity, content: '' }, mode, target, connection, key, partition, select: '', columns: [], rows: 0 };
}

/** The whole transform in one transaction: lock, columns, rows, ledger row, counts, COMMIT. */
export async function transformInTransaction(attempt: Attempt, request: TransformRequest): Promise<TransformResult> {
  const { session, checkpoint } = attempt.context;
  await session.run('BEGIN');
  try {
    const result = await transformOnce(attempt, request);
    await session.run('COMMIT');
    if (!result.load.alreadyDone) await checkpoint('load.committed');
    return result;
  } catch (error) {
    await session.rollback();
    throw error;
  }
}

async function transformOnce(attempt: Attempt, request: TransformRequest): Promise<TransformResult> {
  const { settings, context, side } = attempt;
  const { session } = context;
  const target = await beginLoad(attempt);
  // As for an extract: what a SELECT makes of dates and times must not depend on whose session it is.
  await execute(session, "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'");
  const states = await readStates(session, settings, request);
  const content = contentOf(request, states);
  const inputs = Object.fromEntries(Object.entries(states).map(([input, { version }]) => [input, version]));
  const result = resultOf(attempt, target);
  const earlier = await findLoad(session, settings.ledgerSchema, request.identity.loadId);
  if (earlier?.content === content) {
    return { load: { ...result, rows: earlier.rows, replaced: 0, alreadyDone: true, created: false }, content, inputs };
  }
  const binding = { side, settings, name: request.name, inputs: Object.keys(request.inputs) };
  const query = await settleQuery(binding, request);
  const planned = withRequest(attempt, { columns: query.columns, identity: { ...request.identity, content } });
  requireNamedColumns(planned.request);
  // Before the SELECT, which may take hours.
  const { fit, created } = await prepareTarget(planned, target);
  planLoad(planned.request, attempt.name, fit.table);
  const staged = await stage(planned, binding, query);
  context.progress(staged.rows);
  const whole = withRequest(planned, { rows: staged.rows });
  const begun = await beginWrite(whole, fit.table, target);
  const replaced = await putRows(whole, staged.table, begun, { target, created, ...(earlier && { earlier: earlier.id }) });
  await writeDetails(session, settings.ledgerSchema, begun.entry, { columns: query.columns.map(({ name }) => name) });
  await execute(session, `DROP TABLE ${staged.table.sql}; DROP VIEW ${staged.view}`);
  await context.checkpoint('load.copied');
  await context.checkpoint('load.before-commit');
  return { load: { ...result, rows: staged.rows, replaced, alreadyDone: false, created }, content, inputs };
}

function withRequest(attempt: Attempt, change: Partial<LoadRequest>): Attempt {
  return { ...attempt, request: { ...attempt.request, ...change } };
}

/** A SELECT whose columns fit, and the columns as the target is to have them. */
interface SettledQuery {
  readonly sql: string;
  /** As SQL, in the order of `columns`. */
  readonly list: string;
  readonly columns: readonly Column[];
}

async function settleQuery(binding: Binding, request: TransformRequest): Promise<SettledQuery> {
  await binding.side.query(
    `SET lock_timeout = ${binding.settings.lockTimeoutMs}; SET standard_conforming_strings = on; SET TimeZone = 'UTC'`,
  );
  const inputs = await selectInputs(binding, request.inputs);
  const selects = Object.fromEntries(Object.entries(inputs).map(([input, found]) => [input, found.select]));
  const wrapped = wrapStatement(request.statement, selects, request.parameters);
  const oids = Object.values(inputs).map((input) => input.oid);
  const found = (await bindStatement(binding, wrapped, oids)).map(asDatasetColumn);
  const columns = request.settle(found);
  const list = columns.map((column) =>
    expressionOf(
      column,
      found.find(({ name }) => name === column.name),
    ),
  );
  return { sql: wrapped.sql, list: list.join(', '), columns };
}

// Where the contract alone decides the type, the value is converted as a transform of DuckDB's would be.
function expressionOf(column: Column, found: Column | undefined): string {
  const name = quoteIdentifier(column.name);
  const type = found?.type === column.type ? undefined : createdType(column, new Set());
  return type === undefined ? name : `CAST(${name} AS ${type}) AS ${name}`;
}

interface Staged {
  readonly table: TableName;
  readonly view: string;
  readonly rows: number;
}

/**
 * Runs the SELECT into a temporary table, in a part of the transaction that may not write anything else: no function that
 * it calls can. From there the rows are counted, checked, and put into the target.
 */
async function stage({ context: { session } }: Attempt, binding: Binding, { sql, list }: SettledQuery): Promise<Staged> {
  const suffix = randomBytes(8).toString('hex');
  const view = `pg_temp.millrace_query_${suffix}`;
  const name = `millrace_rows_${suffix}`;
  const table: TableName = { schema: 'pg_temp', table: name, sql: `pg_temp.${name}` };
  try {
    await execute(session, `CREATE TEMPORARY VIEW millrace_query_${suffix} AS ${sql}`);
    await execute(session, `CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS SELECT ${list} FROM ${view} WITH NO DATA`);
    await execute(session, 'SAVEPOINT millrace_select; SET LOCAL transaction_read_only = on');
    const rows = await executeCounted(session, `INSERT INTO ${table.sql} SELECT ${list} FROM ${view}`);
    // The outer part of the transaction may write again.
    await execute(session, 'RELEASE SAVEPOINT millrace_select');
    return { table, view, rows };
  } catch (error) {
    throw explainSqlError(error, binding);
  }
}

interface Circumstances {
  readonly target: string;
  /** The table was made by this transform, so it is empty. */
  readonly created: boolean;
  /** The id under which the ledger knew this transform, with another result. */
  readonly earlier?: bigint;
}

async function putRows(attempt: Attempt, staging: TableName, { write }: Begun, circumstances: Circumstances): Promise<number> {
  const { request, name, context } = attempt;
  if (request.partition !== undefined) await requirePartition(attempt, staging);
  if (request.mode === 'merge') {
    const before = await touched(context.session, name);
    expectRows(write, await mergeFromStaging(write, staging));
    const after = await touched(context.session, name);
    return before === null || after === null ? 0 : after.updated - before.updated;
  }
  const replaced = circumstances.created ? 0 : await removeEarlier(write, attempt, circumstances);
  expectRows(write, await insertFromStaging(write, staging));
  return replaced;
}

async function requirePartition({ request, name, context }: Attempt, staging: TableName): Promise<void> {
  const [row] = await select<{ outside: bigint }>(
    context.session,
    `SELECT count(*) AS outside FROM ${staging.sql} WHERE NOT (${partitionCondition(request)})`,
  );
  if (Number(row?.outside) === 0) return;
  const partition = Object.entries(request.partition ?? {}).map(
    ([column, value]) => `${quoteIdentifier(column)} = ${String(value)}`,
  );
  throw new TerminalError(
    'PARTITION_MISMATCH',
    `${row?.outside} of ${request.rows} rows lie outside the partition ${partition.join(', ')} of the table ${name.sql} in connection "${request.connection}". Filter them in the transform's SQL, or correct the partition.`,
  );
}
