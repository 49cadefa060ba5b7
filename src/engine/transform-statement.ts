import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { Transform } from '../config/transform.js';
import { TerminalError, messageOf } from '../core/errors.js';
import type { Scalar } from '../core/filter.js';
import type { Statement } from './transform.js';

type Params = Readonly<Record<string, Scalar>>;

/**
 * The one SELECT of a transform, with the parameters it uses: what is read is the file as it is now, and its text is
 * part of the dataset's key.
 *
 * @throws TerminalError CONFIG_INVALID when the file cannot be read or the builder fails
 */
export async function statementOf(directory: string, transform: Transform, params: Params): Promise<Statement> {
  if (transform.kind === 'query') return compileQuery(transform.build, params);
  const file = path.resolve(directory, transform.path);
  try {
    const sql = withoutSemicolon(await readFile(file, 'utf8'));
    const used = Object.entries(params).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql));
    return { sql, values: Object.fromEntries(used) };
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The SQL file ${transform.path} cannot be read: ${messageOf(error)}. Correct its path in the config; it is relative to the config's folder.`,
    );
  }
}

/** Does a transform's work, and names its file in what is wrong with the SQL. */
export async function namingFile<T>(transform: Transform | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TerminalError) || error.code !== 'QUERY_FAILED' || transform?.kind !== 'sqlFile') throw error;
    throw new TerminalError(error.code, `${error.message} Correct the SQL in ${transform.path}.`, error.details, {
      cause: error,
    });
  }
}

// Kysely writes DuckDB's SQL when it believes that it writes Postgres': quoted names, $1, $2.
const builder = new Kysely<never>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

function compileQuery(build: Extract<Transform, { kind: 'query' }>['build'], params: Params): Statement {
  try {
    const compiled = build(builder, params).compile();
    return { sql: compiled.sql, values: compiled.parameters as readonly Scalar[] };
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The query builder of a transform failed: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

function withoutSemicolon(sql: string): string {
  return sql.trim().replace(/;\s*$/, '');
}
