import { randomBytes } from 'node:crypto';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import { execute, executeCounted, select } from './attached.js';
import type { ColumnPlan } from './column-plan.js';
import { newestMoment } from './ledger-details.js';
import { isKey, keyPlans, restoredKey } from './key-plans.js';
import { flagOf, freeName, requireOneRowPerKey, stagedKeys } from './merge-rows.js';
import type { TableName } from './table-name.js';
import { describe, writeThroughStaging, type StagedExtra, type Write } from './write-rows.js';

/*
 * A table of versions tells, for each key, its state at every moment: a version holds from valid_from until before valid_to.
 * A row of the dataset says that from its moment on its key had this state, or with the flag, that it had none, until the
 * next moment of which the table or the load says something. So the new history is the old one's steps and the load's,
 * sorted by moment, where the load's count at the same moment; steps that change nothing fall away. One rule for all:
 * new and changed rows, several of one key, late ones, a load made again.
 */

/** The moment of a load: now, and after that of any load before, even where the server's clock went back. */
export async function momentOfLoad({ session, ledgerSchema }: Write, target: string): Promise<string> {
  const before = await newestMoment(session, ledgerSchema, target);
  const later = before === undefined ? '' : `, ${quoteLiteral(before)}::timestamptz + interval '1 microsecond'`;
  const [row] = await select<{ moment: string }>(session, `SELECT greatest(clock_timestamp()${later})::text AS moment`);
  return row?.moment ?? '';
}

/**
 * Writes what the dataset says into the history, and proves it row by row.
 *
 * @param moment of the load; absent where the rows have moments of their own
 * @param alter makes the target fit, once the rows are staged
 * @throws TerminalError KEY_NULL, KEY_DUPLICATE
 */
export async function keepVersions(
  write: Write,
  moment: string | undefined,
  alter: () => Promise<void>,
): Promise<{ replaced: number; deleted?: number; moment?: string }> {
  const { deleteFlag, validFrom } = write.request;
  const flag = deleteFlag === undefined ? undefined : flagOf(write, deleteFlag);
  const at = validFrom === undefined ? undefined : momentOf(write, validFrom);
  const extras = [flag, at].filter((extra) => extra !== undefined);
  let outcome = { replaced: 0, ended: 0 };
  await writeThroughStaging({ ...write, extras }, async (staging) => {
    if (at) await requireMoments(write, staging, at);
    const identity = [...restoredKey(write), ...(at ? [quoteIdentifier(at.name)] : [])];
    await requireOneRowPerKey(write, stagedKeys(write, staging, identity));
    await alter();
    const events = await stageEvents(write, staging, { flag, at, moment });
    const steps = await stageSteps(write, events);
    outcome = await applySteps(write, steps);
    const proven = await countProven(write, events);
    await execute(write.session, `DROP TABLE ${steps}; DROP TABLE ${events}`);
    return proven;
  });
  const { replaced, ended } = outcome;
  return { replaced, ...(flag && { deleted: ended }), ...(moment !== undefined && { moment }) };
}

// A time without a zone is taken to be UTC, as everywhere in a session.
function momentOf({ request, plans }: Write, column: string): StagedExtra {
  const name = quoteIdentifier(column);
  const isZoned = request.columns.find((each) => each.name === column)?.type === 'TIMESTAMP WITH TIME ZONE';
  const expression = isZoned ? name : `CAST(${name} AS TIMESTAMP) AT TIME ZONE 'UTC'`;
  return { name: freeName('millrace_moment', plans), expression, wire: 'timestamptz' };
}

async function requireMoments(write: Write, staging: TableName, at: StagedExtra): Promise<void> {
  const [row] = await select<{ rows: bigint }>(
    write.session,
    `SELECT count(*) AS rows FROM ${staging.sql} WHERE ${quoteIdentifier(at.name)} IS NULL OR NOT isfinite(${quoteIdentifier(at.name)})`,
  );
  if (Number(row?.rows) === 0) return;
  throw new TerminalError(
    'KEY_NULL',
    `${row?.rows} of ${write.request.rows} rows to load into ${describe(write)} have no moment in ${quoteIdentifier(write.request.validFrom ?? '')}, from which their version holds. Let the contract reject such rows, or leave out validFrom.`,
  );
}

/** The dataset's columns as the statements below name them: `k0` … of the key, `c0` … of the others. */
function namedPlans(write: Write): { keys: { as: string; plan: ColumnPlan }[]; others: { as: string; plan: ColumnPlan }[] } {
  const keys = keyPlans(write).map((plan, index) => ({ as: `k${index}`, plan }));
  const others = write.plans.filter((plan) => !isKey(write, plan)).map((plan, index) => ({ as: `c${index}`, plan }));
  return { keys, others };
}

interface Told {
  readonly flag: StagedExtra | undefined;
  readonly at: StagedExtra | undefined;
  readonly moment: string | undefined;
}

/** A table of what the dataset says, in the target's types. */
async function stageEvents(write: Write, staging: TableName, { flag, at, moment }: Told): Promise<string> {
  const { keys, others } = namedPlans(write);
  const columns = [
    ...[...keys, ...others].map(({ as, plan }) => `${plan.restore} AS ${as}`),
    `${at ? quoteIdentifier(at.name) : `${quoteLiteral(moment ?? '')}::timestamptz`} AS moment`,
    `${flag ? quoteIdentifier(flag.name) : 'FALSE'} AS gone`,
  ];
  return makeTable(write, 'events', `SELECT ${columns.join(', ')} FROM ${staging.sql}`);
}

/**
 * A table of the new histories of those keys whose history changes, step by step. That a key is gone from the first is a step
 * too: of a key whose only version is taken back there would be no other.
 */
async function stageSteps(write: Write, events: string): Promise<string> {
  const { keys, others } = namedPlans(write);
  const key = keys.map(({ as }) => as).join(', ');
  const own = others.map(({ as }) => `, ${as}`).join('');
  const held = (from: string): string =>
    [...keys, ...others].map(({ as, plan }) => `${from}.${quoteIdentifier(plan.name)} AS ${as}`).join(', ');
  const state = (prefix = ''): string => stateOf(write, (_, as) => `${prefix}${as}`);
  return makeTable(
    write,
    'steps',
    `WITH touched AS (
       SELECT DISTINCT ${keys.map(({ as }) => `e.${as}`).join(', ')} FROM ${events} AS e LEFT JOIN ${write.name.sql} AS v ON ${holdsAt(write)}
       WHERE CASE WHEN e.gone THEN v.valid_from IS NOT NULL ELSE v.valid_from IS NULL OR ${differs(write)} END
     ), versions AS (
       SELECT ${held('v')}, v.valid_from, v.valid_to FROM ${write.name.sql} AS v JOIN touched AS e ON ${sameKey(write)}
     ), told AS (
       SELECT ${key}${own}, valid_from AS moment, FALSE AS gone, 1 AS rank FROM versions
       UNION ALL SELECT ${key}${others.map(() => ', NULL').join('')}, valid_to, TRUE, 0 FROM versions WHERE valid_to IS NOT NULL
       UNION ALL SELECT ${key}${own}, moment, gone, 2 FROM ${events} JOIN touched USING (${key})
     ), counting AS (
       SELECT DISTINCT ON (${key}, moment) *, bool_or(rank = 1) OVER (PARTITION BY ${key}, moment) AS began
       FROM told ORDER BY ${key}, moment, rank DESC
     ), compared AS (
       SELECT *, lag(gone) OVER past AS was_gone, lag(${state()}) OVER past AS was FROM counting
       WINDOW past AS (PARTITION BY ${key} ORDER BY moment)
     ), steps AS (
       SELECT * FROM compared
       WHERE CASE WHEN gone THEN was_gone IS DISTINCT FROM TRUE ELSE was_gone IS DISTINCT FROM FALSE OR was IS DISTINCT FROM ${state()} END
     )
     SELECT ${key}${own}, moment, gone, rank = 2 AND (was_gone = FALSE OR began) AS ends, lead(moment) OVER (PARTITION BY ${key} ORDER BY moment) AS until FROM steps`,
  );
}

/** Makes the table's versions those of the steps. A version that stays is kept, with whatever else its row has. */
async function applySteps(write: Write, steps: string): Promise<{ replaced: number; ended: number }> {
  const { session, name } = write;
  const { keys, others } = namedPlans(write);
  const key = keys.map(({ as }) => as).join(', ');
  const stays = `${sameKey(write)} AND e.moment = v.valid_from AND NOT e.gone`;
  const removed = await executeCounted(
    session,
    `DELETE FROM ${name.sql} AS v USING (SELECT DISTINCT ${key} FROM ${steps}) AS e
     WHERE ${sameKey(write)} AND NOT EXISTS (SELECT FROM ${steps} AS e WHERE ${stays})`,
  );
  const values = others.map(({ as, plan }) => `${quoteIdentifier(plan.name)} = e.${as}`);
  const assigned = ['valid_to = e.until', 'is_current = (e.until IS NULL)', ...values];
  const updated = await executeCounted(
    session,
    `UPDATE ${name.sql} AS v SET ${assigned.join(', ')} FROM ${steps} AS e
     WHERE ${stays} AND (v.valid_to IS DISTINCT FROM e.until OR ${differs(write)})`,
  );
  const columns = [...[...keys, ...others].map(({ plan }) => quoteIdentifier(plan.name)), 'valid_from', 'valid_to', 'is_current'];
  const inserted = [...[...keys, ...others].map(({ as }) => `e.${as}`), 'e.moment', 'e.until', 'e.until IS NULL'];
  await executeCounted(
    session,
    `INSERT INTO ${name.sql} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${inserted.join(', ')} FROM ${steps} AS e
     WHERE NOT e.gone AND NOT EXISTS (SELECT FROM ${name.sql} AS v WHERE ${stays})`,
  );
  const [ended] = await select<{ versions: bigint }>(session, `SELECT count(*) AS versions FROM ${steps} WHERE gone AND ends`);
  return { replaced: removed + updated, ended: Number(ended?.versions) };
}

/** How many rows of the dataset the table now says the same as: a version at their moment, or none. */
async function countProven(write: Write, events: string): Promise<number> {
  const [row] = await select<{ rows: bigint }>(
    write.session,
    `SELECT count(*) AS rows FROM ${events} AS e LEFT JOIN ${write.name.sql} AS v ON ${holdsAt(write)}
     WHERE CASE WHEN e.gone THEN v.valid_from IS NULL ELSE v.valid_from IS NOT NULL AND NOT ${differs(write)} END`,
  );
  return Number(row?.rows);
}

function sameKey(write: Write): string {
  return namedPlans(write)
    .keys.map(({ as, plan }) => `v.${quoteIdentifier(plan.name)} = e.${as}`)
    .join(' AND ');
}

function holdsAt(write: Write): string {
  return `${sameKey(write)} AND v.valid_from <= e.moment AND (v.valid_to IS NULL OR e.moment < v.valid_to)`;
}

function differs(write: Write): string {
  return `(${stateOf(write, (plan) => `v.${quoteIdentifier(plan.name)}`)} IS DISTINCT FROM ${stateOf(write, (_, as) => `e.${as}`)})`;
}

/**
 * Types without an equality, or whose equality is not that of their values, as of an interval, to which a month is 30 days: they
 * are compared as they are written.
 */
const COMPARED_AS_TEXT = /^(json|xml|point|line|lseg|box|path|polygon|circle|citext|interval)(\[\])*$/;

/** Texts, of which a column's collation may hold different ones for the same. */
const TEXTS = /^(text|character varying|character|bpchar|name)(\[\])*$/;

/** What a version says of its key. When it began is no part of it: a row that tells the same later is no new version. */
function stateOf(write: Write, name: (plan: ColumnPlan, as: string) => string): string {
  const compared = namedPlans(write).others.filter(({ plan }) => plan.name !== write.request.validFrom);
  const columns = compared.map(({ as, plan }) => {
    const type = /::([^:]*)$/.exec(plan.restore)?.[1] ?? '';
    if (COMPARED_AS_TEXT.test(type)) return `${name(plan, as)}::text`;
    return TEXTS.test(type) ? `${name(plan, as)} COLLATE "C"` : name(plan, as);
  });
  return `ROW(${columns.length === 0 ? '0' : columns.join(', ')})`;
}

/** A table of this attempt's own, in the load's transaction, so that nobody else sees it. */
async function makeTable({ session, ledgerSchema }: Write, kind: string, query: string): Promise<string> {
  const table = `${quoteIdentifier(ledgerSchema)}.${kind}_${randomBytes(8).toString('hex')}`;
  await executeCounted(session, `CREATE UNLOGGED TABLE ${table} AS ${query}`);
  await execute(session, `ANALYZE ${table}`);
  return table;
}
