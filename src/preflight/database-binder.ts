import type { LoadedProject } from '../config/load.js';
import { resolveOptions } from '../config/resolve-env.js';
import type { Connector, DescribeRequest } from '../connectors/contract.js';
import { openConnector } from '../connectors/registry.js';
import type { Column } from '../core/dataset.js';
import { MillraceError } from '../core/errors.js';
import type { BindRequest } from '../engine/bind-transform.js';
import { openSession } from '../engine/session.js';

/** How long a database may take over one SELECT, of which it computes no row. */
const LIMIT_MS = 5_000;

/** What an answer about the SQL is; anything else is about the connection, which a check of its own looks at. */
const OF_THE_SQL: ReadonlySet<string> = new Set(['QUERY_FAILED', 'TRANSFORM_FORBIDDEN', 'OPTION_INVALID', 'PARAMETERS_INVALID']);

/** The databases of a project that a transform in their SQL may be meant for: which one, only a pipeline says. */
export class DatabaseBinder {
  constructor(private readonly project: LoadedProject) {}

  /**
   * The columns that a SELECT gives in the first database that binds it; `undefined` where none answers.
   * @throws what the last one says that answers and refuses it
   */
  async bind(dialect: string, request: BindRequest): Promise<readonly Column[] | undefined> {
    const { connections } = this.project.config;
    let refusal: { readonly error: unknown } | undefined;
    for (const [connection, { kind }] of Object.entries(connections)) {
      if (kind !== dialect) continue;
      try {
        const columns = await this.describe(connection, kind, { ...request, connection });
        if (columns) return columns;
      } catch (error) {
        if (error instanceof MillraceError && OF_THE_SQL.has(error.code)) refusal = { error };
      }
    }
    if (refusal) throw refusal.error;
    return undefined;
  }

  private async describe(name: string, kind: string, request: DescribeRequest): Promise<readonly Column[] | undefined> {
    const connection = this.project.config.connections[name];
    if (!connection) return undefined;
    const signal = AbortSignal.timeout(LIMIT_MS);
    let connector: Connector | undefined;
    const session = await openSession({ ...this.project.engine, threads: 1 }, signal);
    try {
      connector = await openConnector(kind, name, resolveOptions(name, connection, this.project.root));
      const context = { session, signal, progress: () => undefined, checkpoint: () => Promise.resolve() };
      return await connector.destination?.describeTransform?.(request, context);
    } finally {
      session.close();
      await connector?.close();
    }
  }
}
