import type pg from 'pg';
import { TerminalError } from '../../core/errors.js';
import { quoteLiteral } from '../../core/filter.js';
import type { CallContext, LoadRequest, Session } from '../contract.js';
import { execute, select } from './attached.js';
import { createTableStatement, LOAD_COLUMN } from './load-plan.js';
import type { ResolvedPostgres } from './options.js';
import type { TableName } from './table-name.js';
import { inspectTarget, type TargetTable } from './target-table.js';

/** One load's attempt: what its steps share. */
export interface Attempt {
  readonly settings: ResolvedPostgres;
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly name: TableName;
  readonly side: pg.Client;
  /** Set once a direct write has turned out impossible. */
  readonly staged?: boolean;
}

/**
 * Loads that may touch the same rows queue; others run side by side. Everyone holds the table's lock, shared where the
 * load keeps to one partition or to its own rows, and exclusive where it does not; then the lock of that partition.
 */
export async function lockTarget(session: Session, target: string, request: LoadRequest): Promise<void> {
  const { identity, mode, partition, addsTo } = request;
  const slice =
    mode === 'append'
      ? `${identity.pipeline} ${identity.step} ${identity.partition ?? addsTo?.loadId ?? identity.loadId}`
      : mode === 'replace' && partition !== undefined
        ? JSON.stringify(Object.entries(partition).toSorted(([a], [b]) => a.localeCompare(b)))
        : undefined;
  const lock = (kind: string, text: string): Promise<void> =>
    execute(session, `SELECT ${kind}(hashtextextended(${quoteLiteral(`millrace ${text}`)}, 0))`);
  await lock(slice === undefined ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared', target);
  if (slice !== undefined) await lock('pg_advisory_xact_lock', `${target} ${mode} ${slice}`);
}

export async function provideTarget(attempt: Attempt): Promise<{ table: TargetTable; created: boolean }> {
  const { request, context, name } = attempt;
  const found = await inspectTarget(context.session, name, request.connection);
  if (found !== undefined) return { table: found, created: false };
  const statement = createTableStatement(request, name, await restorableTypes(context.session, request));
  const index = request.mode === 'append' ? `; ${loadIndexStatement(name)}` : '';
  await execute(
    context.session,
    `SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace create ${name.sql}`)}, 0))`,
  );
  const meanwhile = await inspectTarget(context.session, name, request.connection);
  if (meanwhile !== undefined) return { table: meanwhile, created: false };
  await execute(context.session, `${statement}${index}`);
  const table = await inspectTarget(context.session, name, request.connection);
  if (table === undefined) throw new Error(`${name.sql} is missing right after it was made`);
  return { table, created: true };
}

/**
 * The table with the column that an append needs. It is added on the side, so that the lock that ALTER TABLE takes is held
 * for a moment and not for the whole load.
 */
export async function provideLoadColumn({ request, name, side, settings }: Attempt, table: TargetTable): Promise<TargetTable> {
  if (request.mode !== 'append' || table.columns.some((column) => column.name === LOAD_COLUMN)) return table;
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

/** The types at the source that this server knows. */
export async function restorableTypes(session: Session, request: LoadRequest): Promise<Set<string>> {
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
