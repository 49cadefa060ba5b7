import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { filterToSql } from '../../core/filter.js';
import type { Part } from '../../core/manifest.js';
import type { CallContext, Extracted, ExtractOptions, ExtractRequest, Source } from '../contract.js';
import { arrivingFiles } from './arrivals.js';
import { requireComparable } from './comparable.js';
import { copyWithHash } from './copy.js';
import { describeFound } from './describe-source.js';
import { describePlace } from './errors.js';
import { inspectJson, stageJson } from './json/stage.js';
import { readParquet } from './parquet.js';
import { agreeOnColumns, inspectFile, isJson, selectColumns, type InspectedFile, type Place } from './inspect-files.js';
import type { FileTree, FoundFile } from './file-tree.js';

/** Reads CSV and Parquet files, in place or copied, and JSON files into typed parts. */
export function filesSource(connection: string, tree: FileTree): Source {
  const find = (options: ExtractOptions, signal: AbortSignal): Promise<FoundFile[]> =>
    tree.find({ connection, path: requirePath(connection, options) }, signal);

  return {
    ...(tree.remote && { remote: tree.remote }),
    arriving: (wanted, { signal }) => arrivingFiles(tree, connection, wanted, signal),
    async fingerprint({ options }, { signal }) {
      const hash = createHash('sha256');
      for (const found of await find(options, signal)) hash.update(`${found.origin}\0${found.stamp}\n`);
      return hash.digest('hex');
    },

    async describe({ options }, context) {
      const found = await find(options, context.signal);
      return describeFound({ connection, tree }, found, options, context);
    },

    async extract(request, context) {
      try {
        const found = await find(request.options, context.signal);
        const read = isJson(connection, found, request.options) ? stage : refer;
        return await read({ connection, tree }, found, request, context);
      } catch (error) {
        // An aborted session says itself why it was aborted.
        if (context.signal.aborted) await context.session.run('SELECT 1');
        throw error;
      }
    },
  };
}

async function refer(
  { connection, tree }: Place,
  found: readonly FoundFile[],
  request: ExtractRequest,
  context: CallContext,
): Promise<Extracted> {
  const { options } = request;
  const files: InspectedFile[] = [];
  for (const file of found) files.push(await inspectFile({ connection, tree }, file, options, context, { isRead: true }));
  const all = agreeOnColumns(connection, files);
  const columns = selectColumns(connection, found, all, options);
  await context.checkpoint('extract.reading');
  context.signal.throwIfAborted();
  const inPlace = files.map((file) => file.part);
  const paths = files.map(({ readAt }) => readAt);
  const rows = await countRows(connection, { parts: inPlace, paths, columns: all }, options, context);
  context.progress(rows ?? 0);
  const parts = options.copy === true ? await copyParts(connection, files, request, context) : inPlace;
  return { parts, columns, rows, filterPending: options.where !== undefined };
}

/** JSON is read at once: what its values are shows only at its end, and readers must never find anything else. */
async function stage(
  { connection, tree }: Place,
  files: readonly FoundFile[],
  request: ExtractRequest,
  context: CallContext,
): Promise<Extracted> {
  const { options } = request;
  const found: FoundFile[] = [];
  for (const file of files) found.push(await tree.readable(file, context, true));
  const inspected = await inspectJson(connection, found, context);
  const all = inspected.columns.map(({ name, type }) => ({ name, type, nullable: true }));
  // Without a key nothing is known of the columns but what the step asks for.
  const asked = (options.columns ?? []).map((name) => ({ name, type: 'JSON', nullable: true }));
  const hasKeys = all.length > 0;
  if (!hasKeys && asked.length === 0) {
    throw new TerminalError(
      'FILE_EMPTY',
      `${describePlace({ connection, path: (found[0] as FoundFile).origin })} holds no object with a key, so nothing tells its columns. Name them with \`columns\` where that may be.`,
    );
  }
  const columns = hasKeys ? selectColumns(connection, found, all, options) : asked;
  await context.checkpoint('extract.reading');
  context.signal.throwIfAborted();
  // The filter is still to be applied by readers, who need its columns in the file.
  const filtered = [...(hasKeys ? all : asked)].filter(
    ({ name }) => Object.hasOwn(options.where ?? {}, name) && !columns.some((column) => column.name === name),
  );
  const parts = await stageJson(connection, inspected, [...columns, ...filtered], request, context);
  const paths = parts.map((part) => path.join(request.directory, part.path));
  const rows = await countRows(connection, { parts, paths, columns: all }, options, context);
  context.progress(rows ?? 0);
  return { parts, columns, rows, filterPending: options.where !== undefined };
}

function requirePath(connection: string, options: ExtractOptions): string {
  if (options.cursor !== undefined || options.after !== undefined || options.lag !== undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The connection "${connection}" holds files, which are read as a whole: cursor, after and lag are for databases. Use where.`,
    );
  }
  if (options.table !== undefined || options.query !== undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The connection "${connection}" holds files: use path, not ${options.table === undefined ? 'query' : 'table'}.`,
    );
  }
  if (options.path === undefined || options.path.trim() === '') {
    throw new TerminalError(
      'OPTION_INVALID',
      `An extract from connection "${connection}" needs path: a file or a pattern below the connection's root.`,
    );
  }
  return options.path;
}

interface Readable {
  readonly parts: readonly Part[];
  /** Where DuckDB reads them. */
  readonly paths: readonly string[];
  /** All that they have. */
  readonly columns: readonly Column[];
}

async function countRows(
  connection: string,
  { parts, paths, columns }: Readable,
  options: ExtractOptions,
  context: CallContext,
): Promise<number | null> {
  if (parts.some((part) => part.rows === null)) return null;
  if (options.where === undefined) return parts.reduce((sum, part) => sum + (part.rows ?? 0), 0);
  requireComparable({ connection, path: parts[0]?.origin ?? '' }, columns, options.where);
  try {
    const [row] = await context.session.rows<{ rows: bigint }>(
      `SELECT count(*) AS rows FROM ${readParquet(paths)} WHERE ${filterToSql(options.where)}`,
    );
    return Number(row?.rows);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (!/^(Binder|Conversion) Error/.test(text)) throw error;
    const place = describePlace({ connection, path: parts[0]?.origin ?? '' });
    throw new TerminalError(
      'OPTION_INVALID',
      `The filter \`where\` does not fit the columns of ${place}: ${text.split('\n')[0]}`,
      {},
      { cause: error },
    );
  }
}

async function copyParts(
  connection: string,
  files: readonly InspectedFile[],
  request: ExtractRequest,
  context: CallContext,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [index, { found, part }] of files.entries()) {
    const extension = part.format === 'parquet' ? 'parquet' : part.csv?.compression === 'gzip' ? 'csv.gz' : 'csv';
    const name = `part-${index}.${extension}`;
    const fingerprint = await copyWithHash(connection, found, path.join(request.directory, name), context.signal);
    const { connection: _, ...copied } = part;
    parts.push({ ...copied, path: `./${name}`, fingerprint });
  }
  return parts;
}
