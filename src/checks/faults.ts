import { TerminalError } from '../core/errors.js';
import { tellSqlError } from '../engine/sql-error.js';

/** What the engines say of SQL that they were given under the name of a transform. */
const OF_THE_SQL: ReadonlySet<string> = new Set(['QUERY_FAILED', 'TRANSFORM_FORBIDDEN', 'VALUE_REFUSED', 'COLUMN_TYPE']);

/**
 * Does what a check asks of an engine, and says of its SQL's faults that they are the check's.
 *
 * @param name under which the engine was given the SQL
 * @throws TerminalError CHECK_INVALID
 */
export async function ofCheck<T>(set: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TerminalError) || !OF_THE_SQL.has(error.code)) throw error;
    const engines = `Transform "${name}"`;
    const text = error.message.startsWith(engines)
      ? error.message.slice(engines.length)
      : ` cannot be computed: ${engineWords(error.message)}.`;
    throw new TerminalError(
      'CHECK_INVALID',
      `Check "${name}" of "${set}"${text}`,
      { ...error.details, set, check: name },
      {
        cause: error,
      },
    );
  }
}

// Of a statement of ours, the place in it says nothing.
function engineWords(message: string): string {
  return tellSqlError(message, 0)
    .replace(/ \(line \d+[\s\S]*$/, '')
    .replace(/[.!]$/, '');
}
