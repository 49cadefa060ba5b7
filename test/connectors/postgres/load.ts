import { randomBytes } from 'node:crypto';
import type { Column } from '../../../src/core/dataset.js';
import type { LoadResult } from '../../../src/core/load.js';
import type { CallContext, LoadRequest } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext, type ContextOptions } from '../../conformance/context.js';

export interface QueryLoad extends Partial<Omit<LoadRequest, 'select' | 'target'>> {
  readonly target: string;
  /** DuckDB's SQL; columns and rows are found from it unless given. */
  readonly select: string;
}

/** Loads the rows of a query of DuckDB's into a database, as a new load unless it says which. */
export async function loadQuery(
  options: Readonly<Record<string, unknown>>,
  load: QueryLoad,
  contextOptions?: ContextOptions,
): Promise<LoadResult> {
  const connector = await openConnector('postgres', 'warehouse', options);
  return withContext(async (context) => {
    const columns = load.columns ?? (await describe(context, load.select));
    const [counted] = await context.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${load.select})`);
    const identity = {
      loadId: randomBytes(6).toString('hex'),
      content: 'content',
      pipeline: 'p',
      step: 'load:t',
      workflowId: 'w',
      runId: 'r',
    };
    const request = { identity, mode: 'append', connection: 'warehouse', rows: Number(counted?.rows), ...load, columns } as const;
    if (!connector.destination) throw new Error('The connector has no destination');
    return connector.destination.load(request, context);
  }, contextOptions);
}

async function describe({ session }: CallContext, select: string): Promise<Column[]> {
  const rows = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${select}`);
  return rows.map((row) => ({ name: row.column_name, type: row.column_type, nullable: true }));
}
