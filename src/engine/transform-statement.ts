import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { QueryTransform, SqlTransform } from '../config/transform.js';
import { TerminalError, messageOf } from '../core/errors.js';
import type { Scalar } from '../core/filter.js';
import type { Statement } from '../core/statement.js';
import { compileQuery } from './compile-query.js';

type Params = Readonly<Record<string, Scalar>>;
type ParamsSchema = NonNullable<QueryTransform['params']>;

/**
 * The one SELECT of a transform, with the parameters it uses: what is read is the file as it is now, and its text is
 * part of the dataset's key.
 *
 * @param name the transform's, for messages
 * @throws TerminalError CONFIG_INVALID when the file cannot be read or the builder fails; PARAMETERS_INVALID
 */
export async function statementOf(directory: string, name: string, transform: SqlTransform, params: Params): Promise<Statement> {
  if (transform.kind === 'query') return compileQuery(name, transform, parametersOf(name, transform, params));
  const file = path.resolve(directory, transform.path);
  try {
    const sql = withoutSemicolon(await readFile(file, 'utf8'));
    const used = Object.entries(params).filter(([parameter]) => new RegExp(`\\$${parameter}\\b`).test(sql));
    return { sql, values: Object.fromEntries(used) };
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The SQL file ${transform.path} cannot be read: ${messageOf(error)}. Correct its path in the config; it is relative to the config's folder.`,
    );
  }
}

/**
 * The run's parameters as a transform declares them: only those, and what its schema makes of them.
 * @throws TerminalError PARAMETERS_INVALID naming each that is missing or of another type
 */
export function parametersOf(
  name: string,
  { params: schema }: { readonly params?: ParamsSchema },
  params: Params,
): Readonly<Record<string, unknown>> {
  if (schema === undefined) return params;
  const parsed = schema.safeParse(declaredParams({ params: schema }, params));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TerminalError(
    'PARAMETERS_INVALID',
    `The run's parameters do not fit those that transform "${name}" declares: ${problems.join('; ')}. It has: ${Object.keys(params).join(', ') || 'none'}. Add them to the pipeline's params, or correct the transform's.`,
  );
}

/** The run's parameters that a transform declares, as they are; all of them where it declares none. */
export function declaredParams({ params: schema }: { readonly params?: ParamsSchema }, params: Params): Params {
  if (schema === undefined) return params;
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in schema.shape));
}

/** Does a transform's work, and names its file in what is wrong with the SQL. */
export async function namingFile<T>(transform: SqlTransform, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TerminalError) || error.code !== 'QUERY_FAILED' || transform.kind !== 'sqlFile') throw error;
    throw new TerminalError(error.code, `${error.message} Correct the SQL in ${transform.path}.`, error.details, {
      cause: error,
    });
  }
}

function withoutSemicolon(sql: string): string {
  return sql.trimEnd().replace(/;\s*$/, '');
}
