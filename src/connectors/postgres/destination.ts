import { randomBytes } from 'node:crypto';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { LoadResult } from '../../core/load.js';
import type { CallContext, Destination, LoadRequest, Session } from '../contract.js';
import type pg from 'pg';
import { attach, execute, executeCounted, select } from './attached.js';
import { translatePostgresError } from './errors.js';
import { ensureLedger, findLoad, findSuperseded, markSuperseded, recordLoad } from './ledger.js';
import { explainNulByte } from './nul-bytes.js';
import { chooseRoute, createTableStatement, LOAD_COLUMN, planLoad, requireKeyColumns } from './load-plan.js';
import type { ResolvedPostgres } from './options.js';
import { connectPostgres } from '../../postgres/connect.js';
import { readLedger } from './read-ledger.js';
import { cancelOnAbort } from './side-connection.js';
import { parseTableName, type TableName } from './table-name.js';
import { inspectTarget, type TargetTable } from './target-table.js';
import {
  insertFromStaging,
  mergeFromStaging,
  needsStaging,
  partitionCondition,
  touched,
  writeDirectly,
  writeThroughStaging,
  type Write,
} from './write-rows.js';

/** One load's attempt: what its steps share. */
interface Attempt {
  readonly settings: ResolvedPostgres;
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly name: TableName;
  readonly side: pg.Client;
  /** Set once a direct write has turned out impossible. */
  readonly staged?: boolean;
}

/**
 * Loads tables. One load is one transaction: lock, ledger row, data, counts, COMMIT; until then nobody sees any of it, and
 * whatever ends the attempt before leaves nothing behind.
 */
export function postgresDestination(settings: ResolvedPostgres): Destination {
  return {
    capabilities: { modes: ['append', 'merge', 'replace'], partitions: true },
    ledger: () => readLedger(settings),
    async load(request, context) {
      const name = parseTableName(request.target, settings.schema);
      requireKeyColumns(request);
      if (request.mode === 'merge' && (request.key ?? []).length === 0) {
        throw new TerminalError(
          'OPTION_INVALID',
          `A merge into "${request.target}" needs a key: give the load or the contract one.`,
        );
      }
      const applicationName = `millrace load ${randomBytes(6).toString('hex')}`;
      const stopListening = cancelOnAbort(context.session, settings.url, applicationName);
      let side: pg.Client | undefined;
      try {
        side = await connectPostgres(settings.url, applicationName);
        await ensureLedger(side, settings.ledgerSchema);
        await attach(context.session, settings.url, { applicationName, isolation: 'READ COMMITTED', readOnly: false });
        return await inTransaction({ settings, request, context, name, side });
      } catch (error) {
        // An aborted session says itself why it was aborted; what broke because of it says nothing.
        if (context.signal.aborted) await context.session.run('SELECT 1');
        const object = `table ${name.sql}`;
        throw (await explainNulByte(error, context.session, request, object)) ?? translatePostgresError(error, settings, object);
      } finally {
        stopListening();
        await side?.end().catch(() => undefined);
        await context.session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
      }
    },
  };
}

async function inTransaction(attempt: Attempt): Promise<LoadResult> {
  const { session } = attempt.context;
  await session.run('BEGIN');
  try {
    const result = await loadOnce(attempt);
    await session.run('COMMIT');
    if (!result.alreadyDone) await attempt.context.checkpoint('load.committed');
    return result;
  } catch (error) {
    // After a lost connection or an abort there is nothing left to roll back: the server has done it.
    await session.rollback();
    if (needsStaging(error) && attempt.staged !== true) return inTransaction({ ...attempt, staged: true });
    throw error;
  }
}

async function loadOnce(attempt: Attempt): Promise<LoadResult> {
  const { settings, request, context, name } = attempt;
  const { session } = context;
  const target = `${name.schema}.${name.table}`;
  await execute(session, `SET LOCAL lock_timeout = ${settings.lockTimeoutMs}; SET LOCAL standard_conforming_strings = on`);
  await lockTarget(session, target, request);
  const earlier = await findLoad(session, settings.ledgerSchema, request.identity.loadId);
  const result = { target: `${request.connection}.${target}`, mode: request.mode, loadId: request.identity.loadId };
  if (earlier?.content === request.identity.content) {
    return { ...result, rows: earlier.rows, replaced: 0, alreadyDone: true, created: false };
  }
  const { table, created } = await provideTarget(attempt);
  const plans = planLoad(request, name, table);
  const ledgerId = await recordLoad(session, settings.ledgerSchema, target, request);
  const write: Write = {
    session,
    request,
    name,
    plans,
    ledgerSchema: settings.ledgerSchema,
    ...(request.mode === 'append' ? { loadId: ledgerId } : {}),
  };
  await session.run('CALL pg_clear_cache()');
  const replaced =
    request.mode === 'merge'
      ? await merge(write)
      : await putRows(write, table, attempt, { target, created, again: earlier !== undefined });
  context.progress(request.rows);
  await context.checkpoint('load.copied');
  await context.checkpoint('load.before-commit');
  return { ...result, rows: request.rows, replaced, alreadyDone: false, created };
}

/**
 * Loads that may touch the same rows queue; others run side by side. Everyone holds the table's lock, shared where the
 * load keeps to one partition or to its own rows, and exclusive where it does not; then the lock of that partition.
 */
async function lockTarget(session: Session, target: string, request: LoadRequest): Promise<void> {
  const { identity, mode, partition } = request;
  const slice =
    mode === 'append'
      ? `${identity.pipeline} ${identity.step} ${identity.partition ?? identity.loadId}`
      : mode === 'replace' && partition !== undefined
        ? JSON.stringify(Object.entries(partition).toSorted(([a], [b]) => a.localeCompare(b)))
        : undefined;
  const lock = (kind: string, text: string): Promise<void> =>
    execute(session, `SELECT ${kind}(hashtextextended(${quoteLiteral(`millrace ${text}`)}, 0))`);
  await lock(slice === undefined ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared', target);
  if (slice !== undefined) await lock('pg_advisory_xact_lock', `${target} ${mode} ${slice}`);
}

async function provideTarget(attempt: Attempt): Promise<{ table: TargetTable; created: boolean }> {
  const { request, context, name } = attempt;
  const found = await inspectTarget(context.session, name, request.connection);
  if (found !== undefined) return { table: await provideLoadColumn(attempt, found), created: false };
  const statement = createTableStatement(request, name, await restorableTypes(context.session, request));
  const index = request.mode === 'append' ? `; ${loadIndexStatement(name)}` : '';
  await execute(
    context.session,
    `SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace create ${name.sql}`)}, 0))`,
  );
  const meanwhile = await inspectTarget(context.session, name, request.connection);
  if (meanwhile !== undefined) return { table: await provideLoadColumn(attempt, meanwhile), created: false };
  await execute(context.session, `${statement}${index}`);
  const table = await inspectTarget(context.session, name, request.connection);
  if (table === undefined) throw new Error(`${name.sql} is missing right after it was made`);
  return { table, created: true };
}

// On the side, so that the lock that ALTER TABLE takes is held for a moment and not for the whole load.
async function provideLoadColumn({ request, name, side, settings }: Attempt, table: TargetTable): Promise<TargetTable> {
  if (request.mode !== 'append' || table.columns.some((column) => column.name === LOAD_COLUMN)) return table;
  // A load that does not fit is refused before anything is altered for it.
  planLoad(request, name, table);
  const alter = `ALTER TABLE ${name.sql} ADD COLUMN IF NOT EXISTS ${LOAD_COLUMN} bigint`;
  try {
    await side.query(`SET lock_timeout = ${settings.lockTimeoutMs}; ${alter}; ${loadIndexStatement(name)}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `An append to ${name.sql} in connection "${request.connection}" needs the column ${LOAD_COLUMN}, and its user may not add it. Run as the table's owner: ${alter}; ${loadIndexStatement(name)};`,
    );
  }
  const column = {
    name: LOAD_COLUMN,
    type: 'bigint',
    base: 'int8',
    castType: 'bigint',
    isDomain: false,
    precision: null,
    scale: null,
    required: false,
    filled: false,
    generated: false,
  };
  return { ...table, columns: [...table.columns, column] };
}

// Rows of one load lie together, so a block range index finds them at almost no cost and size.
function loadIndexStatement(name: TableName): string {
  return `CREATE INDEX ON ${name.sql} USING brin (${LOAD_COLUMN}) WITH (autosummarize = on)`;
}

async function restorableTypes(session: Session, request: LoadRequest): Promise<Set<string>> {
  const wanted = new Set(request.columns.flatMap((column) => (column.sourceType === undefined ? [] : [column.sourceType])));
  const known = new Set<string>();
  for (const type of wanted) {
    // Only what reads as a type name: it becomes part of a statement.
    if (!/^[\w ."]+(\(\d+(,-?\d+)?\))?( with(out)? time zone)?(\[\])*$/.test(type)) continue;
    const bare = type.replace(/\(\d+(,-?\d+)?\)/, '');
    const [row] = await select<{ known: boolean }>(session, `SELECT to_regtype(${quoteLiteral(bare)}) IS NOT NULL AS known`);
    if (row?.known === true) known.add(type);
  }
  return known;
}

async function merge(write: Write): Promise<number> {
  const before = await touched(write.session, write.name);
  await writeThroughStaging(write, (staging) => mergeFromStaging(write, staging));
  const after = await touched(write.session, write.name);
  return before === null || after === null ? 0 : after.updated - before.updated;
}

interface Circumstances {
  readonly target: string;
  /** The table was made by this load, so it is empty. */
  readonly created: boolean;
  /** The ledger knows this load, with other content. */
  readonly again: boolean;
}

async function putRows(write: Write, table: TargetTable, attempt: Attempt, circumstances: Circumstances): Promise<number> {
  if (write.request.partition !== undefined) await requirePartition(write);
  const replaced = circumstances.created ? 0 : await removeEarlier(write, attempt, circumstances);
  const route = attempt.staged === true ? 'staging' : chooseRoute(write.plans, table);
  if (route === 'staging') await writeThroughStaging(write, (staging) => insertFromStaging(write, staging));
  else await writeDirectly(write, route);
  return replaced;
}

// DELETE rather than TRUNCATE: readers go on seeing the old rows until the commit, and are never made to wait.
async function removeEarlier(write: Write, { settings }: Attempt, { target, again }: Circumstances): Promise<number> {
  const { session, request, name, loadId } = write;
  if (loadId === undefined) {
    const where = request.partition === undefined ? '' : ` WHERE ${partitionCondition(request)}`;
    return executeCounted(session, `DELETE FROM ${name.sql}${where}`);
  }
  const superseded = await findSuperseded(session, settings.ledgerSchema, target, request, loadId);
  await markSuperseded(session, settings.ledgerSchema, superseded, loadId);
  const ids = again ? [loadId, ...superseded] : superseded;
  return ids.length === 0 ? 0 : executeCounted(session, `DELETE FROM ${name.sql} WHERE ${LOAD_COLUMN} IN (${ids.join(', ')})`);
}

async function requirePartition({ session, request, name }: Write): Promise<void> {
  const [row] = await session.rows<{ outside: bigint }>(
    `SELECT count(*) AS outside FROM (${request.select}) AS dataset WHERE NOT (${partitionCondition(request)})`,
  );
  if (Number(row?.outside) === 0) return;
  const partition = Object.entries(request.partition ?? {}).map(
    ([column, value]) => `${quoteIdentifier(column)} = ${String(value)}`,
  );
  throw new TerminalError(
    'PARTITION_MISMATCH',
    `${row?.outside} of ${request.rows} rows lie outside the partition ${partition.join(', ')} of the table ${name.sql} in connection "${request.connection}". Filter them in the transform, or correct the partition.`,
  );
}
