import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadResult } from '../../core/load.js';
import { checkAddition, type AdditionState } from './additions.js';
import { alterTarget } from './alter-target.js';
import { execute, executeCounted } from './attached.js';
import { auditOf } from './audit-load.js';
import { fitTarget, type Fit } from './fit-target.js';
import { readDetails, writeDetails, type LedgerDetails } from './ledger-details.js';
import { findAdded, findLoad, findSuperseded, moveToEnd, markSuperseded, recordLoad, type LedgerEntry } from './ledger.js';
import { chooseRoute, LOAD_COLUMN, planLoad } from './load-plan.js';
import { lockTarget, provideLoadColumn, provideTarget, type Attempt } from './load-target.js';
import { mergeRows } from './merge-rows.js';
import type { TargetTable } from './target-table.js';
import { keepVersions, momentOfLoad } from './versions.js';
import { lockWatermark } from './watermark.js';
import {
  insertFromStaging,
  needsStaging,
  partitionCondition,
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
  const told = earlier && (await readDetails(session, settings.ledgerSchema, request.identity.loadId));
  const result = resultOf(attempt, target);
  if (earlier?.content === request.identity.content && move?.again !== false) {
    return { ...result, rows: earlier.rows, replaced: 0, alreadyDone: true, created: false, ...outcomeOf(told ?? {}) };
  }
  if (earlier?.watermark && move === undefined) throw withoutWatermark(attempt, target);
  const addition = await checkAddition(attempt, target);
  const { fit, ...provided } = await prepareTarget(attempt, target);
  if (earlier && move?.again === false && !move.isLatest) await moveToEnd(session, settings.ledgerSchema, earlier.id);
  const { write, entry } = await beginWrite({ ...attempt, request: fit.request }, fit.table, target);
  const audit = auditOf(attempt, fit.table);
  const begun = { entry, write: { ...write, ...(audit && { audit }) } };
  const loading = { attempt, target, fit, begun, earlier, told, outdated: move?.outdated === true, addition, ...provided };
  const done = await putRows(loading);
  context.progress(request.rows);
  await context.checkpoint('load.copied');
  const details = detailsOf(loading, done);
  await writeDetails(session, settings.ledgerSchema, begun.entry, details);
  await context.checkpoint('load.before-commit');
  return {
    ...result,
    rows: request.rows,
    replaced: done.replaced,
    alreadyDone: false,
    created: provided.created,
    ...outcomeOf(details),
  };
}

/** Finds or makes the target, and settles how the columns fit. */
export async function prepareTarget(attempt: Attempt, target: string): Promise<{ fit: Fit; created: boolean }> {
  const { table, created } = await provideTarget(attempt);
  const fit = await fitTarget(attempt, table, target, created);
  return { fit: { ...fit, table: await provideLoadColumn(attempt, fit.table) }, created };
}

/** What the ledger keeps beside the numbers; of changes that an earlier load of the same id made, those that stay. */
function detailsOf({ attempt, fit, told }: Loading, { deleted, moment, leftOut }: Put): LedgerDetails {
  const { addsTo } = attempt.request;
  const kept = (told?.changes ?? []).filter(({ change }) => change !== 'discarded' && change !== 'missing');
  const changes = [...kept, ...fit.changes];
  return {
    columns: fit.request.columns.map(({ name }) => name),
    ...(changes.length > 0 && { changes }),
    ...(deleted !== undefined && { deleted }),
    ...(moment !== undefined && { moment }),
    ...(attempt.request.audit && { audited: attempt.request.audit.settle() }),
    ...(addsTo && { addsTo }),
    ...(leftOut !== undefined && { leftOut }),
  };
}

function outcomeOf({
  changes,
  deleted,
  audited,
  leftOut,
}: LedgerDetails): Pick<LoadResult, 'changes' | 'deleted' | 'audited' | 'leftOut'> {
  return {
    ...(changes && { changes }),
    ...(deleted !== undefined && { deleted }),
    ...(audited && { audited }),
    ...(leftOut !== undefined && { leftOut }),
  };
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
  // Intervals come as text; by SQL's standard, the sign of a year would hold for the days after it too.
  await execute(
    session,
    `SET LOCAL lock_timeout = ${settings.lockTimeoutMs}; SET LOCAL standard_conforming_strings = on; SET LOCAL IntervalStyle = 'postgres'`,
  );
  await lockTarget(session, target, request);
  return target;
}

/** Finds every column's way into the target and writes the ledger's row. */
export async function beginWrite(
  { settings, request, context, name }: Attempt,
  table: TargetTable,
  target: string,
): Promise<Begun> {
  const { session } = context;
  const { ledgerSchema } = settings;
  const plans = planLoad(request, name, table);
  const entry = await recordLoad(session, ledgerSchema, target, request);
  // DuckDB knows the tables of its last look only.
  await session.run('CALL pg_clear_cache()');
  return { entry, write: { session, request, name, plans, ledgerSchema, ...(request.mode === 'append' && { loadId: entry }) } };
}

/** A load whose row is in the ledger. */
export interface Begun {
  readonly write: Write;
  /** The id of that row. */
  readonly entry: bigint;
}

/** What every result of a load says. */
export function resultOf({ request }: Attempt, target: string) {
  const { watermark } = request;
  const result = { target: `${request.connection}.${target}`, mode: request.mode, loadId: request.identity.loadId };
  return { ...result, ...(watermark && { watermark: watermark.upTo }) };
}

interface Loading {
  readonly attempt: Attempt;
  /** The target's name in the ledger. */
  readonly target: string;
  readonly fit: Fit;
  readonly begun: Begun;
  readonly created: boolean;
  /** What the ledger knew of this load, when it knew it with other content; and what it told besides. */
  readonly earlier: LedgerEntry | undefined;
  readonly told: LedgerDetails | undefined;
  /** The load is made again after others whose range is a later one. */
  readonly outdated: boolean;
  /** Of a load that adds to an earlier one. */
  readonly addition: AdditionState | undefined;
}

/** What putting rows into a target did there. */
export interface Put {
  readonly replaced: number;
  readonly deleted?: number;
  readonly moment?: string;
  readonly leftOut?: number;
}

async function putRows(loading: Loading): Promise<Put> {
  const { attempt, target, fit, begun, told, outdated, addition } = loading;
  const { write } = begun;
  const { session, name, request } = write;
  const alter = () => alterTarget(session, name, fit.alters, request.connection);
  if (request.mode === 'merge')
    return mergeRows(write, alter, addition?.later === true ? 'present' : outdated ? 'outdated' : 'none');
  if (request.mode === 'scd2') {
    const moment = request.validFrom === undefined ? (told?.moment ?? (await momentOfLoad(write, target))) : undefined;
    return keepVersions(write, moment, alter);
  }
  return { replaced: await writeRows(loading, alter, attempt) };
}

export interface Circumstances {
  readonly target: string;
  /** The id under which the ledger knew this load, with other content. */
  readonly earlier?: bigint;
}

async function writeRows(
  { target, fit, begun: { write }, created, earlier }: Loading,
  alter: () => Promise<void>,
  attempt: Attempt,
): Promise<number> {
  if (write.request.partition !== undefined) await requirePartition(write);
  const remove = async (): Promise<number> =>
    created || write.request.addsTo ? 0 : removeEarlier(write, attempt, { target, ...(earlier && { earlier: earlier.id }) });
  const route =
    attempt.staged === true || fit.alters.length > 0 || write.audit !== undefined
      ? 'staging'
      : chooseRoute(write.plans, fit.table);
  if (route === 'staging') {
    let replaced = 0;
    await writeThroughStaging(write, async (staging) => {
      await alter();
      replaced = await remove();
      return insertFromStaging(write, staging);
    });
    return replaced;
  }
  const replaced = await remove();
  await writeDirectly(write, route);
  return replaced;
}

// DELETE rather than TRUNCATE: readers go on seeing the old rows until the commit, and are never made to wait.
export async function removeEarlier(write: Write, { settings }: Attempt, { target, earlier }: Circumstances): Promise<number> {
  const { session, request, name, loadId } = write;
  if (loadId === undefined) {
    const where = request.partition === undefined ? '' : ` WHERE ${partitionCondition(request)}`;
    return executeCounted(session, `DELETE FROM ${name.sql}${where}`);
  }
  const superseded = [
    ...(await findSuperseded(session, settings.ledgerSchema, target, request, loadId)),
    ...(earlier === undefined ? [] : await findAdded(session, settings.ledgerSchema, target, request, loadId)),
  ];
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
