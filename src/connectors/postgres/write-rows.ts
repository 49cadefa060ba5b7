import { randomBytes } from 'node:crypto';
import { TerminalError, TransientError, messageOf } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest, Session } from '../contract.js';
import { ATTACHED, execute, executeCounted, select } from './attached.js';
import type { ColumnPlan } from './column-plan.js';
import { LOAD_COLUMN, type Route } from './load-plan.js';
import type { TableName } from './table-name.js';

/** Rows of the target's tables that this transaction has touched so far, as Postgres counts them; null where it does not. */
export interface Touched {
  readonly inserted: number;
  readonly updated: number;
}

/** A target, what goes into it, and the ledger's id when rows must carry it. */
export interface Write {
  readonly session: Session;
  readonly request: LoadRequest;
  readonly name: TableName;
  readonly plans: readonly ColumnPlan[];
  readonly ledgerSchema: string;
  /** Written into `_millrace_load`; absent for merge and replace. */
  readonly loadId?: bigint;
}

/** In the message of a direct write that has to be done again through a staging table. */
const BACKSPACE = 'millrace: a text is one backspace';

/** Whether a direct write failed only because of how DuckDB writes text, so that a staging table must be used. */
export function needsStaging(error: unknown): boolean {
  return messageOf(error).includes(BACKSPACE);
}

/** Writes straight into the target by one COPY. @throws TransientError ROWS_LOST */
export async function writeDirectly(write: Write, route: Route): Promise<void> {
  const before = await touched(write.session, write.name);
  expectRows(write, await copyInto(write, write.name, route));
  await expectInserted(write, before);
}

/** Proves that the target has taken the rows of `write.request` since `before`. @throws TransientError ROWS_LOST */
export async function expectInserted(write: Write, before: Touched | null): Promise<void> {
  const { session, request, name } = write;
  const after = await touched(session, name);
  if (before !== null && after !== null && after.inserted - before.inserted === request.rows) return;
  // Postgres keeps no such statistics here, or a trigger moved the rows: count them.
  expectRows(write, await countWritten(write));
}

/**
 * Writes into a staging table of this attempt's own and from there into the target: for what Postgres alone can convert,
 * and for merges. The table is made and dropped in the load's transaction, so nobody else ever sees it.
 */
export async function writeThroughStaging(write: Write, finish: (staging: TableName) => Promise<number>): Promise<void> {
  const { session, ledgerSchema, plans } = write;
  const table = `staging_${randomBytes(8).toString('hex')}`;
  const staging: TableName = { schema: ledgerSchema, table, sql: `${quoteIdentifier(ledgerSchema)}.${table}` };
  const columns = plans.map((plan) => `${quoteIdentifier(plan.name)} ${plan.wire}`);
  await execute(session, `CREATE UNLOGGED TABLE ${staging.sql} (${columns.join(', ')})`);
  // DuckDB knows the tables of its last look only.
  await session.run('CALL pg_clear_cache()');
  expectRows(write, await copyInto(write, staging, 'staging'));
  const [staged] = await select<{ rows: bigint }>(session, `SELECT count(*) AS rows FROM ${staging.sql}`);
  expectRows(write, Number(staged?.rows));
  expectRows(write, await finish(staging));
  await execute(session, `DROP TABLE ${staging.sql}`);
}

/** Moves staged rows into the target, restoring types; gives their number. */
export async function insertFromStaging(write: Write, staging: TableName, conflict = ''): Promise<number> {
  const columns = write.plans.map((plan) => quoteIdentifier(plan.name));
  const values = write.plans.map((plan) => plan.restore);
  if (write.loadId !== undefined) {
    columns.push(LOAD_COLUMN);
    values.push(String(write.loadId));
  }
  return executeCounted(
    write.session,
    `INSERT INTO ${write.name.sql} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${values.join(', ')} FROM ${staging.sql}${conflict}`,
  );
}

/** Upserts staged rows by key. @throws TerminalError KEY_NULL, KEY_DUPLICATE */
export async function mergeFromStaging(write: Write, staging: TableName): Promise<number> {
  const { request, session } = write;
  const key = request.key ?? [];
  const list = key.map(quoteIdentifier).join(', ');
  const isNull = key.map((column) => `${quoteIdentifier(column)} IS NULL`).join(' OR ');
  const [nulls] = await select<{ rows: bigint }>(session, `SELECT count(*) AS rows FROM ${staging.sql} WHERE ${isNull}`);
  if (Number(nulls?.rows) > 0) {
    throw new TerminalError(
      'KEY_NULL',
      `${nulls?.rows} of ${request.rows} rows to merge into ${describe(write)} have no value in the key (${list}). Let the contract reject such rows, or choose another key.`,
    );
  }
  const restored = write.plans.filter((plan) => key.includes(plan.name)).map((plan) => plan.restore);
  const [duplicates] = await select<{ keys: bigint }>(
    session,
    `SELECT count(*) AS keys FROM (SELECT 1 FROM ${staging.sql} GROUP BY ${restored.join(', ')} HAVING count(*) > 1) AS repeated`,
  );
  if (Number(duplicates?.keys) > 0) {
    throw new TerminalError(
      'KEY_DUPLICATE',
      `${duplicates?.keys} keys (${list}) are there more than once among the ${request.rows} rows to merge into ${describe(write)}. Make the key unique in the transform, or choose another key.`,
    );
  }
  const others = write.plans.filter((plan) => !key.includes(plan.name));
  // Where the key is all there is, it is set to itself, so that the row counts as written.
  const assigned = (others.length === 0 ? write.plans : others).map(
    (plan) => `${quoteIdentifier(plan.name)} = EXCLUDED.${quoteIdentifier(plan.name)}`,
  );
  return insertFromStaging(write, staging, ` ON CONFLICT (${list}) DO UPDATE SET ${assigned.join(', ')}`);
}

/** What this transaction has done to the target so far; null when the server does not keep count. */
export async function touched(session: Session, name: TableName): Promise<Touched | null> {
  const literal = `'${name.sql.replaceAll("'", "''")}'::regclass`;
  const [row] = await select<{ counts: boolean; inserted: bigint; updated: bigint }>(
    session,
    `SELECT current_setting('track_counts')::boolean AS counts,
       sum(pg_stat_get_xact_tuples_inserted(relid))::bigint AS inserted, sum(pg_stat_get_xact_tuples_updated(relid))::bigint AS updated
     FROM (SELECT relid FROM pg_partition_tree(${literal}) UNION SELECT ${literal}) AS tables`,
  );
  return row?.counts === true ? { inserted: Number(row.inserted), updated: Number(row.updated) } : null;
}

// With a NULL-safe comparison, since a partition may be the rows without a value.
export function partitionCondition(request: LoadRequest): string {
  return Object.entries(request.partition ?? {})
    .map(([column, value]) => {
      const literal = value === null ? 'NULL' : typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
      return `${quoteIdentifier(column)} IS NOT DISTINCT FROM ${literal}`;
    })
    .join(' AND ');
}

/** Copies the rows of `write.request.select`; gives their number, as DuckDB counts them. */
export async function copyInto(write: Write, into: TableName, route: Route): Promise<number> {
  const columns = write.plans.map((plan) => quoteIdentifier(plan.name));
  const values = write.plans.map((plan) =>
    route === 'text' && plan.isText ? withoutBackspace(plan.expression) : plan.expression,
  );
  if (route !== 'staging' && write.loadId !== undefined) {
    columns.push(LOAD_COLUMN);
    values.push(`${write.loadId}::BIGINT`);
  }
  // One stream to one backend, which is the slower end: a second thread would only spin, and take a processor from Postgres.
  await write.session.run('SET threads = 1');
  const [result] = await write.session.rows<{ Count: bigint }>(
    `INSERT INTO ${ATTACHED}.${into.sql} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM (${write.request.select}) AS dataset`,
  );
  return Number(result?.Count);
}

function withoutBackspace(expression: string): string {
  return `CASE WHEN ${expression} = chr(8) THEN error('${BACKSPACE}') ELSE ${expression} END`;
}

async function countWritten(write: Write): Promise<number> {
  const { request, name, loadId } = write;
  const where =
    loadId !== undefined ? `${LOAD_COLUMN} = ${loadId}` : request.partition === undefined ? 'TRUE' : partitionCondition(request);
  const [row] = await select<{ rows: bigint }>(write.session, `SELECT count(*) AS rows FROM ${name.sql} WHERE ${where}`);
  return Number(row?.rows);
}

export function expectRows(write: Write, rows: number): void {
  if (rows === write.request.rows) return;
  throw new TransientError(
    'ROWS_LOST',
    `The load into ${describe(write)} should hold ${write.request.rows} rows and the transaction counts ${rows}; it was rolled back. If it stays: does a trigger of the table drop or add rows?`,
  );
}

function describe({ name, request }: Write): string {
  return `the table ${name.sql} in connection "${request.connection}"`;
}
