import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ExtractOptions } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import type { Column } from '../../../src/core/dataset.js';
import { datasetSelect } from '../../../src/engine/dataset-sql.js';
import { withContext, type ContextOptions } from '../../conformance/context.js';
import { EMPTY_MANIFEST } from '../../conformance/source.js';
import { temporaryFolder } from '../../support/folder.js';

export interface ExtractedJson {
  /** Types by name. */
  readonly types: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
  /** Each value as DuckDB prints it. */
  readonly texts: readonly Readonly<Record<string, string | null>>[];
  /** Each row as DuckDB writes it in JSON. */
  readonly rows: readonly unknown[];
  readonly parts: number;
}

/** Writes files into a fresh folder (gzip where the name says so) and extracts what the options name, or the first of them. */
export async function extractJson(
  files: Readonly<Record<string, string | Buffer>>,
  options: ExtractOptions = {},
  context: ContextOptions = {},
): Promise<ExtractedJson> {
  const root = temporaryFolder();
  const directory = temporaryFolder();
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(root, name), name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
  const connector = await openConnector('files', 'lake', { root });
  return withContext(async (call) => {
    const asked = { path: Object.keys(files)[0], ...options };
    const extracted = await connector.source?.extract({ dataset: 'records', options: asked, directory }, call);
    if (!extracted) throw new Error('The connector has no source');
    const parts = extracted.parts.map((part) => ({ ...part, path: join(directory, part.path) }));
    const filter = extracted.filterPending && asked.where ? { filter: asked.where } : {};
    const manifest = { ...EMPTY_MANIFEST, parts, columns: extracted.columns, ...filter };
    const select = datasetSelect(manifest, directory);
    const texts = await call.session.rows<Record<string, string | null>>(`SELECT columns(*)::VARCHAR FROM (${select})`);
    const json = await call.session.rows<{ row: string }>(`SELECT to_json(records)::VARCHAR AS row FROM (${select}) AS records`);
    return {
      columns: extracted.columns,
      types: Object.fromEntries(extracted.columns.map(({ name, type }) => [name, type])),
      texts,
      rows: json.map(({ row }) => JSON.parse(row) as unknown),
      parts: parts.length,
    };
  }, context);
}
