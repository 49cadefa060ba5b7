import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadResult } from '../../core/load.js';
import { execute, executeCounted } from './attached.js';
import { findLoad, findSuperseded, moveToEnd, markSuperseded, recordLoad } from './ledger.js';
import { chooseRoute, LOAD_COLUMN, planLoad } from './load-plan.js';
import { lockTarget, provideTarget, type Attempt } from './load-target.js';
import { leaveOutOutdated } from './outdated-rows.js';
import type { TargetTable } from './target-table.js';
import { lockWatermark } from './watermark.js';
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

/** The whole load: one transaction, and a second one where the first finds that rows cannot be written directly. */
export async function loadInTransaction(attempt: Attempt): Promise<LoadResult> {
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
    if (needsStaging(error) && attempt.staged !== true) return loadInTransaction({ ...attempt, staged: true });
    throw error;
  }
}

async function loadOnce(attempt: Attempt): Promise<LoadResult> {
  const { settings, request, context } = attempt;
  const { session } = context;
  const target = await beginLoad(attempt);
  const earlier = await findLoad(session, settings.ledgerSchema, request.identity.loadId);
  const move = await lockWatermark(attempt, earlier);
  const result = resultOf(attempt, target);
  if (earlier?.content === request.identity.content && move?.again !== false) {
    return { ...result, rows: earlier.rows, replaced: 0, alreadyDone: true, created: false };
  }
  if (earlier?.watermark && move === undefined) throw withoutWatermark(attempt, target);
  const { table, created } = await provideTarget(attempt);
  if (earlier && move?.again === false && !move.isLatest) await moveToEnd(session, settings.ledgerSchema, earlier.id);
  const write = await beginWrite(attempt, table, target);
  const replaced =
    request.mode === 'merge'
      ? await merge(write, move?.outdated === true)
      : await putRows(write, table, attempt, { target, created, ...(earlier && { earlier: earlier.id }) });
  context.progress(request.rows);
  await context.checkpoint('load.copied');
  await context.checkpoint('load.before-commit');
  return { ...result, rows: request.rows, replaced, alreadyDone: false, created };
}

function withoutWatermark({ request }: Attempt, target: string): TerminalError {
  return new TerminalError(
    'OPTION_INVALID',
    `The load into ${request.connection}.${target} was made before with a watermark, and is to be made again without one: the target would no longer know how far it has got. Give it the watermark, or start a new run.`,
  );
}

/** Takes the load's locks; gives the target's name in the ledger. */
export async function beginLoad({ settings, request, context: { session }, name }: Attempt): Promise<string> {
  const target = `${name.schema}.${name.table}`;
  await execute(session, `SET LOCAL lock_timeout = ${settings.lockTimeoutMs}; SET LOCAL standard_conforming_strings = on`);
  await lockTarget(session, target, request);
  return target;
}

/** Finds every column's way into the target and writes the ledger's row. */
export async function beginWrite(
  { settings, request, context, name }: Attempt,
  table: TargetTable,
  target: string,
): Promise<Write> {
  const { session } = context;
  const { ledgerSchema } = settings;
  const plans = planLoad(request, name, table);
  const loadId = await recordLoad(session, ledgerSchema, target, request);
  // DuckDB knows the tables of its last look only.
  await session.run('CALL pg_clear_cache()');
  return { session, request, name, plans, ledgerSchema, ...(request.mode === 'append' && { loadId }) };
}

/** What every result of a load says. */
export function resultOf({ request }: Attempt, target: string) {
  const { watermark } = request;
  const result = { target: `${request.connection}.${target}`, mode: request.mode, loadId: request.identity.loadId };
  return { ...result, ...(watermark && { watermark: watermark.upTo }) };
}

async function merge(write: Write, outdated: boolean): Promise<number> {
  const before = await touched(write.session, write.name);
  await writeThroughStaging(write, async (staging) => {
    const left = outdated ? await leaveOutOutdated(write, staging) : 0;
    return left + (await mergeFromStaging(write, staging));
  });
  const after = await touched(write.session, write.name);
  return before === null || after === null ? 0 : after.updated - before.updated;
}

export interface Circumstances {
  readonly target: string;
  /** The table was made by this load, so it is empty. */
  readonly created: boolean;
  /** The id under which the ledger knew this load, with other content. */
  readonly earlier?: bigint;
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
export async function removeEarlier(write: Write, { settings }: Attempt, { target, earlier }: Circumstances): Promise<number> {
  const { session, request, name, loadId } = write;
  if (loadId === undefined) {
    const where = request.partition === undefined ? '' : ` WHERE ${partitionCondition(request)}`;
    return executeCounted(session, `DELETE FROM ${name.sql}${where}`);
  }
  const superseded = await findSuperseded(session, settings.ledgerSchema, target, request, loadId);
  await markSuperseded(session, settings.ledgerSchema, superseded, loadId);
  const ids = earlier === undefined ? superseded : [earlier, ...superseded];
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
