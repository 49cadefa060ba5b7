import { randomBytes } from 'node:crypto';
import { TransientError, messageOf } from '../../core/errors.js';
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
  /** Written into `_millrace_load`; present for an append. */
  readonly loadId?: bigint;
  /** Values that are staged with the rows, and not loaded. @default none */
  readonly extras?: readonly StagedExtra[];
  /** Columns of the dataset by whose values the rows are sorted on their way. @default as they come */
  readonly order?: readonly string[];
  /** Looks at the load when its rows are staged, and when they are put into the target; throws to undo it. @default nobody looks */
  readonly audit?: (write: Write, staging: TableName, moment: AuditMoment) => Promise<void>;
}

export type AuditMoment = 'staged' | 'put';

/** A column of the staging table that the target has not. */
export interface StagedExtra {
  readonly name: string;
  /** In DuckDB's SQL. */
  readonly expression: string;
  /** In Postgres' words. */
  readonly wire: string;
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
  const { session } = write;
  const staging = await createStaging(write);
  // DuckDB knows the tables of its last look only.
  await session.run('CALL pg_clear_cache()');
  expectRows(write, await copyInto(write, staging, 'staging'));
  await write.audit?.(write, staging, 'staged');
  expectRows(write, await finish(staging));
  await write.audit?.(write, staging, 'put');
  await execute(session, `DROP TABLE ${staging.sql}`);
}

/** A temporary table, which leaves the server's buffers to the target; where the role may make none, one beside the ledger. */
async function createStaging({ session, ledgerSchema, plans, extras = [] }: Write): Promise<TableName> {
  const table = `staging_${randomBytes(8).toString('hex')}`;
  const columns = [...plans, ...extras].map((staged) => `${quoteIdentifier(staged.name)} ${staged.wire}`).join(', ');
  const [role] = await select<{ mayDo: boolean }>(
    session,
    `SELECT has_database_privilege(current_database(), 'TEMPORARY') AS "mayDo"`,
  );
  if (role?.mayDo !== true) {
    const sql = `${quoteIdentifier(ledgerSchema)}.${table}`;
    await execute(session, `CREATE UNLOGGED TABLE ${sql} (${columns})`);
    return { schema: ledgerSchema, table, sql };
  }
  await execute(session, `CREATE TEMPORARY TABLE ${table} (${columns}) ON COMMIT DROP`);
  // The name under which DuckDB finds it.
  const [found] = await select<{ schema: string }>(
    session,
    'SELECT nspname::text AS schema FROM pg_namespace WHERE oid = pg_my_temp_schema()',
  );
  const schema = found?.schema ?? 'pg_temp';
  return { schema, table, sql: `${quoteIdentifier(schema)}.${table}` };
}

/** Moves staged rows into the target, restoring types; gives their number. */
export async function insertFromStaging(write: Write, staging: TableName, rest = ''): Promise<number> {
  const columns = write.plans.map((plan) => quoteIdentifier(plan.name));
  const values = write.plans.map((plan) => plan.restore);
  if (write.loadId !== undefined) {
    columns.push(LOAD_COLUMN);
    values.push(String(write.loadId));
  }
  return executeCounted(
    write.session,
    `INSERT INTO ${write.name.sql} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${values.join(', ')} FROM ${staging.sql}${rest}`,
  );
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
  if (route === 'staging') {
    columns.push(...(write.extras ?? []).map((extra) => quoteIdentifier(extra.name)));
    values.push(...(write.extras ?? []).map((extra) => extra.expression));
  } else if (write.loadId !== undefined) {
    columns.push(LOAD_COLUMN);
    values.push(`${write.loadId}::BIGINT`);
  }
  const order = write.order ? ` ORDER BY ${write.order.map(quoteIdentifier).join(', ')}` : '';
  // One stream to one backend, which is the slower end: a second thread would only spin, and take a processor from Postgres.
  await write.session.run('SET threads = 1');
  const [result] = await write.session.rows<{ Count: bigint }>(
    `INSERT INTO ${ATTACHED}.${into.sql} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM (${write.request.select}) AS dataset${order}`,
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

/** The target in messages. */
export function describe({ name, request }: Pick<Write, 'name' | 'request'>): string {
  return `the table ${name.sql} in connection "${request.connection}"`;
}
