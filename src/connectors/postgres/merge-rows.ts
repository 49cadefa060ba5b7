import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import { executeCounted, select } from './attached.js';
import { isKey, keyPlans, restoredKey } from './key-plans.js';
import { leaveOutOutdated, leaveOutPresent } from './outdated-rows.js';
import type { TableName } from './table-name.js';
import { describe, insertFromStaging, touched, writeThroughStaging, type StagedExtra, type Write } from './write-rows.js';

/**
 * Upserts rows by key, and deletes those whose flag is true.
 *
 * @param alter makes the target fit, once the rows are staged
 * @param leaveOut which rows are left out: those of which the target has a later version, as when the load is made again after
 *   later ones; or those whose key is `present`, as when rows come late and nothing tells whose are newer
 * @throws TerminalError KEY_NULL, KEY_DUPLICATE, WATERMARK_MOVED
 */
export async function mergeRows(
  write: Write,
  alter: () => Promise<void>,
  leaveOut: 'none' | 'outdated' | 'present',
): Promise<{ replaced: number; deleted?: number; leftOut?: number }> {
  const { session, name, request } = write;
  const flag = request.deleteFlag === undefined ? undefined : flagOf(write, request.deleteFlag);
  if (flag && leaveOut === 'outdated') throw withoutOrder(write);
  let [updated, deleted, leftOut] = [0, 0, 0];
  // In the order of the key's index, so that each of its pages is looked up once and not once for each row.
  const staged = { ...write, order: keyOf(write), ...(flag && { extras: [flag] }) };
  const early = isSameKeyHere(write);
  if (early) await requireOneRowPerKey(write, datasetKeys(write));
  await writeThroughStaging(staged, async (staging) => {
    if (!early) await requireOneRowPerKey(write, stagedKeys(write, staging, restoredKey(write)));
    await alter();
    const left =
      leaveOut === 'outdated'
        ? await leaveOutOutdated(write, staging)
        : leaveOut === 'present'
          ? await leaveOutPresent(write, staging)
          : 0;
    leftOut = left;
    const before = await touched(session, name);
    const gone = flag ? await deleteFlagged(write, staging, flag) : { deleted: 0, absent: 0 };
    const written = await upsert(write, staging, flag);
    const after = await touched(session, name);
    updated = before === null || after === null ? 0 : after.updated - before.updated;
    deleted = gone.deleted;
    return left + written + gone.absent;
  });
  return { replaced: updated + deleted, ...(flag && { deleted }), ...(leaveOut === 'present' && { leftOut }) };
}

/** Nothing in the target tells of rows that later loads have deleted, so that this one would bring them back. */
function withoutOrder(write: Write): TerminalError {
  return new TerminalError(
    'WATERMARK_MOVED',
    `This load into ${describe(write)} was made before, later ones have been made since, and with a deleteFlag nothing tells which of its rows they have deleted. Nothing was loaded. Start a new run.`,
  );
}

/** Upserts staged rows by key; gives their number. @throws TerminalError KEY_NULL, KEY_DUPLICATE */
export async function mergeFromStaging(write: Write, staging: TableName): Promise<number> {
  await requireOneRowPerKey(write, stagedKeys(write, staging, restoredKey(write)));
  return upsert(write, staging, undefined);
}

/** The column of the staging table that says that a row is a deletion. */
export function flagOf({ plans }: Pick<Write, 'plans'>, column: string): StagedExtra {
  const expression = `coalesce(${quoteIdentifier(column)}, FALSE)`;
  return { name: freeName('millrace_gone', plans), expression, wire: 'boolean' };
}

/** A name that no column of the dataset has. */
export function freeName(wanted: string, plans: Write['plans']): string {
  return plans.some((plan) => plan.name.toLowerCase() === wanted) ? freeName(`${wanted}_`, plans) : wanted;
}

/** Rows whose keys are looked at. */
export interface KeyRows {
  /** In SQL. */
  readonly from: string;
  /** What tells rows apart, in SQL over them. */
  readonly identity: readonly string[];
  readonly ask: (sql: string) => Promise<{ without: bigint; repeated: bigint }[]>;
}

/** Rows in their staging table, as the server tells them apart. */
export function stagedKeys({ session }: Write, { sql: from }: TableName, identity: readonly string[]): KeyRows {
  return { from, identity, ask: (sql) => select(session, sql) };
}

/** Types whose values are the same to DuckDB where they are to Postgres; of texts a collation decides, of numbers a scale. */
const SAME_HERE: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'uuid', 'date']);

/** Whether DuckDB itself can tell the dataset's keys apart: in a fifth of the time, and before anything is sent. */
function isSameKeyHere(write: Write): boolean {
  return keyPlans(write).every((plan) => SAME_HERE.has(plan.wire));
}

function datasetKeys(write: Write): KeyRows {
  const { session, request } = write;
  const keys = keyPlans(write);
  const values = keys.map((plan) => `${plan.expression} AS ${quoteIdentifier(plan.name)}`);
  return {
    from: `(SELECT ${values.join(', ')} FROM (${request.select}) AS dataset)`,
    identity: keys.map((plan) => quoteIdentifier(plan.name)),
    ask: (sql) => session.rows(sql),
  };
}

/** @throws TerminalError KEY_NULL, KEY_DUPLICATE */
export async function requireOneRowPerKey(write: Write, { from, identity, ask }: KeyRows): Promise<void> {
  const { request } = write;
  const list = keyOf(write).map(quoteIdentifier).join(', ');
  const isNull = keyOf(write).map((column) => `${quoteIdentifier(column)} IS NULL`);
  const [found] = await ask(
    `SELECT coalesce(sum(rows) FILTER (WHERE without), 0)::bigint AS without, count(*) FILTER (WHERE rows > 1) AS repeated
     FROM (SELECT count(*) AS rows, bool_or(${isNull.join(' OR ')}) AS without FROM ${from} AS given GROUP BY ${identity.join(', ')}) AS keys`,
  );
  if (Number(found?.without) > 0) {
    throw new TerminalError(
      'KEY_NULL',
      `${found?.without} of ${request.rows} rows to load into ${describe(write)} have no value in the key (${list}). Let the contract reject such rows, or choose another key.`,
    );
  }
  if (Number(found?.repeated) === 0) return;
  const at = request.validFrom === undefined ? '' : `, at one moment of ${quoteIdentifier(request.validFrom)}`;
  throw new TerminalError(
    'KEY_DUPLICATE',
    `${found?.repeated} keys (${list}) are there more than once${at} among the ${request.rows} rows to load into ${describe(write)}. Make the key unique in the transform, or choose another key.`,
  );
}

function keyOf({ request }: Write): readonly string[] {
  return request.key ?? [];
}

async function upsert(write: Write, staging: TableName, flag: StagedExtra | undefined): Promise<number> {
  const others = write.plans.filter((plan) => !isKey(write, plan));
  // Where the key is all there is, it is set to itself, so that the row counts as written.
  const assigned = (others.length === 0 ? write.plans : others).map(
    (plan) => `${quoteIdentifier(plan.name)} = EXCLUDED.${quoteIdentifier(plan.name)}`,
  );
  const where = flag ? ` WHERE NOT ${quoteIdentifier(flag.name)}` : '';
  const list = keyOf(write).map(quoteIdentifier).join(', ');
  return insertFromStaging(write, staging, `${where} ON CONFLICT (${list}) DO UPDATE SET ${assigned.join(', ')}`);
}

/** Gives the rows that were deleted, and how many flagged keys the target is proven not to have: all, or a trigger kept some. */
async function deleteFlagged(write: Write, staging: TableName, flag: StagedExtra): Promise<{ deleted: number; absent: number }> {
  const { session, name } = write;
  const restored = keyPlans(write);
  const gone = quoteIdentifier(flag.name);
  const flagged = `(SELECT ${restored.map((plan, at) => `${plan.restore} AS k${at}`).join(', ')} FROM ${staging.sql} WHERE ${gone}) AS flagged`;
  const same = restored.map((plan, at) => `target.${quoteIdentifier(plan.name)} = flagged.k${at}`).join(' AND ');
  const deleted = await executeCounted(session, `DELETE FROM ${name.sql} AS target USING ${flagged} WHERE ${same}`);
  const [row] = await select<{ absent: bigint }>(
    session,
    `SELECT count(*) AS absent FROM ${flagged} WHERE NOT EXISTS (SELECT FROM ${name.sql} AS target WHERE ${same})`,
  );
  return { deleted, absent: Number(row?.absent) };
}
