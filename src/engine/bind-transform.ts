import type { Column } from '../core/dataset.js';
import { quoteIdentifier } from '../core/filter.js';
import type { Statement } from '../core/statement.js';
import { inspectSelect } from './select-guard.js';
import type { EngineSession } from './session.js';
import { describeStatement, lockSession } from './transform.js';

export interface BindRequest {
  /** For messages. */
  readonly name: string;
  readonly statement: Statement;
  /** The columns of each input. */
  readonly inputs: Readonly<Record<string, readonly Column[]>>;
  /** The names of the run's parameters. */
  readonly parameters: readonly string[];
}

/** Locks a session for {@link bindTransform}: no file, no network, no settings. */
export async function lockForBinding(session: EngineSession): Promise<void> {
  await lockSession(session, { paths: [], directories: [] });
}

/**
 * The columns that a transform's SELECT gives over empty inputs, in a locked session, of which nothing is left. It is
 * looked at and bound as it would be for a run; no row is computed.
 *
 * @throws TerminalError QUERY_FAILED, TRANSFORM_FORBIDDEN; their details have `line` and `column` where DuckDB tells
 */
export async function bindTransform(session: EngineSession, request: BindRequest): Promise<Column[]> {
  await inspectSelect(session, request.name, request.statement.sql, Object.keys(request.inputs));
  await session.run('BEGIN');
  try {
    for (const [input, columns] of Object.entries(request.inputs)) {
      const list = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`).join(', ');
      await session.run(`CREATE VIEW ${quoteIdentifier(input)} AS SELECT ${list} WHERE false`);
    }
    return await describeStatement(session, request);
  } finally {
    await session.rollback();
  }
}
