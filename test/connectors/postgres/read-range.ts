import { join } from 'node:path';
import type { CursorRange } from '../../../src/core/cursor.js';
import type { ExtractOptions } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';

/** What an extract by a cursor has read. */
export interface ReadRange {
  readonly range: CursorRange | undefined;
  /** The column `id` of the rows, sorted. */
  readonly ids: readonly number[];
  readonly rows: number | null;
}

/** Extracts from a database of that URL, as a step would, and reads what it wrote. */
export async function readRange(url: string, options: ExtractOptions): Promise<ReadRange> {
  const connector = await openConnector('postgres', 'shop', { url });
  const directory = temporaryFolder();
  return withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    const { range, parts, rows } = await connector.source.extract({ dataset: 'orders', options, directory }, context);
    const files = parts.map((part) => `'${join(directory, part.path)}'`).join(', ');
    const read = await context.session.rows<{ id: number }>(`SELECT id::INTEGER AS id FROM read_parquet([${files}]) ORDER BY id`);
    return { range, ids: read.map(({ id }) => id), rows };
  });
}
