import type pg from 'pg';
import { TerminalError, TransientError, MillraceError } from '../../core/errors.js';
import type { Column } from '../../core/dataset.js';
import { quoteIdentifier } from '../../core/filter.js';
import { createdType } from './created-type.js';
import { serverWords, translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';
import { datasetColumn, describeSelect, type SourceColumn } from './source-columns.js';
import { SqlFault, type WrappedSql } from './transform-sql.js';

/** What a SELECT is bound with. */
export interface Binding {
  readonly side: pg.Client;
  readonly settings: ResolvedPostgres;
  /** The transform's name. */
  readonly name: string;
  /** The inputs' names, for messages. */
  readonly inputs: readonly string[];
}

const NONE: ReadonlySet<string> = new Set();

/** A column of a table or a SELECT as a dataset would have it: the one form in which contracts compare. */
export function asDatasetColumn(column: SourceColumn): Column {
  return datasetColumn(column, NONE);
}

/** An expression for a column that has no values; texts where Postgres has no such type. */
export function emptyColumn({ name, type, nullable }: Column): string {
  return `CAST(NULL AS ${createdType({ name, type, nullable }, NONE) ?? 'text'}) AS ${quoteIdentifier(name)}`;
}

/**
 * Binds a SELECT without running it: proves that it is one statement that only reads, and only the tables it was given.
 *
 * @param allowed the oids of its inputs
 * @throws TerminalError QUERY_FAILED with `line` and `column` where the server tells, TRANSFORM_FORBIDDEN
 */
export async function bindStatement(binding: Binding, wrapped: WrappedSql, allowed: readonly string[]): Promise<SourceColumn[]> {
  const columns = await readOnly(binding.side, async () => {
    await requireOneStatement(binding, wrapped);
    return describeSelect(binding.side, wrapped.sql);
  });
  await requireInputsOnly(binding, wrapped, allowed);
  return columns;
}

async function readOnly<T>(side: pg.Client, work: () => Promise<T>): Promise<T> {
  await side.query('BEGIN READ ONLY');
  try {
    return await work();
  } finally {
    await side.query('ROLLBACK').catch(() => undefined);
  }
}

// A query with values is parsed as one statement by the protocol itself, so that no text can end ours and begin another one.
async function requireOneStatement(binding: Binding, { sql, placeOf }: WrappedSql): Promise<void> {
  const head = 'SELECT * FROM (';
  try {
    await binding.side.query(`${head}${sql}\n) AS source LIMIT $1`, [0]);
  } catch (error) {
    const { position } = error as { position?: string };
    const place = position === undefined ? undefined : placeOf(charOffset(`${head}${sql}`, Number(position) - 1) - head.length);
    throw explainSqlError(error, binding, place);
  }
}

// Postgres counts characters, JavaScript halves of some.
function charOffset(text: string, characters: number): number {
  return Array.from(text).slice(0, characters).join('').length;
}

// A view knows on which tables it depends, also on those that the planner would never read.
async function requireInputsOnly(
  { side, settings, name, inputs }: Binding,
  wrapped: WrappedSql,
  allowed: readonly string[],
): Promise<void> {
  await side.query('BEGIN');
  try {
    await side.query(`CREATE TEMPORARY VIEW millrace_bound AS ${wrapped.sql}`);
    const { rows } = await side.query<{ name: string }>(
      `SELECT DISTINCT n.nspname || '.' || c.relname AS name
       FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE r.ev_class = 'pg_temp.millrace_bound'::regclass AND c.oid <> r.ev_class AND c.oid <> ALL ($1::oid[]) ORDER BY 1`,
      [allowed],
    );
    if (rows.length === 0) return;
    throw new TerminalError(
      'TRANSFORM_FORBIDDEN',
      `Transform "${name}" reads ${rows.map((row) => row.name).join(', ')} in connection "${settings.connection}", which it was not given. Its inputs are: ${inputs.join(', ') || 'none'}. Declare what it reads as an input.`,
    );
  } finally {
    await side.query('ROLLBACK').catch(() => undefined);
  }
}

/** Faults of the SQL, as against those of the server, of a lock or of a right. */
const FAULTS_OF_SQL: ReadonlySet<string> = new Set([
  'QUERY_FAILED',
  'VALUE_REFUSED',
  'COLUMN_MISSING',
  'KEY_DUPLICATE',
  'TABLE_MISSING',
]);

/** Says what is wrong with a transform's SQL, where it is that. */
export function explainSqlError(
  error: unknown,
  { settings, name, inputs }: Omit<Binding, 'side'>,
  place?: { readonly line: number; readonly column: number },
): Error {
  if (error instanceof SqlFault) return error;
  const known = translatePostgresError(error, settings, `a table that transform "${name}" reads`);
  if (!(known instanceof MillraceError) || known instanceof TransientError || !FAULTS_OF_SQL.has(known.code)) return known;
  if (error instanceof MillraceError && error.code !== 'QUERY_FAILED') return known;
  const at = place === undefined ? '' : ` (line ${place.line}, column ${place.column})`;
  const given = known.code === 'TABLE_MISSING' ? ` Its inputs are: ${inputs.join(', ') || 'none'}.` : '';
  return new SqlFault(
    `Transform "${name}" does not run in connection "${settings.connection}": ${serverWords(error, settings)}${at}.${given}`,
    { ...place },
    { cause: error },
  );
}
