import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type Compilable } from 'kysely';
import type { QueryTransform, SelectBuilder } from '../config/transform.js';
import { TerminalError, messageOf } from '../core/errors.js';
import type { BoundValue, Statement } from '../core/statement.js';

const NOT_EXECUTED =
  'a transform only builds its query: return it without execute(), stream() or transaction(), DuckDB runs it later';

class CompileOnlyDriver extends DummyDriver {
  override acquireConnection(): Promise<never> {
    return Promise.reject(new Error(NOT_EXECUTED));
  }
}

// Kysely writes DuckDB's SQL when it believes that it writes Postgres': quoted names, $1, $2.
const builder: SelectBuilder<never> = new Kysely<never>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new CompileOnlyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * The SELECT that a transform's query builder makes, with the values it binds.
 *
 * @param name the transform's, for messages
 * @throws TerminalError CONFIG_INVALID when the builder fails, returns no query, or binds a value that DuckDB cannot take
 */
export function compileQuery(name: string, transform: QueryTransform, params: Readonly<Record<string, unknown>>): Statement {
  try {
    const built = transform.build(builder, params) as Partial<Compilable> | Promise<unknown> | undefined;
    // A promise would be nobody's to await.
    if (built instanceof Promise) void built.catch(() => undefined);
    if (built === undefined || !('compile' in built) || built.compile === undefined) throw new Error(NOT_EXECUTED);
    const { sql, parameters } = built.compile();
    return { sql, values: parameters.map(boundValue) };
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The query builder of transform "${name}" failed: ${messageOf(error)}. Correct it in the config.`,
      {},
      { cause: error },
    );
  }
}

function boundValue(value: unknown, index: number): BoundValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (value instanceof Date && !Number.isNaN(value.getTime())) return { instant: value.toISOString() };
  const what =
    value instanceof Date ? 'an invalid date' : typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
  throw new TypeError(
    `it binds ${what} as value ${index + 1}, where a text, a finite number, a bigint, a boolean, a Date or null can stand`,
  );
}
