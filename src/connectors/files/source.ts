import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { filterToSql } from '../../core/filter.js';
import type { Part } from '../../core/manifest.js';
import type { CallContext, Extracted, ExtractOptions, ExtractRequest, Source, SourceDescription } from '../contract.js';
import { copyWithHash } from './copy.js';
import { inspectCsv } from './csv.js';
import { describePlace } from './errors.js';
import { inspectJson, stageJson } from './json/stage.js';
import { inspectParquet, readParquet } from './parquet.js';
import type { FileTree, FoundFile } from './file-tree.js';

interface InspectedFile {
  readonly found: FoundFile;
  /** Where DuckDB reads it in this step. */
  readonly readAt: string;
  readonly part: Part;
  readonly columns: readonly Column[];
}

/** Reads CSV and Parquet files, in place or copied, and JSON files into typed parts. */
export function filesSource(connection: string, tree: FileTree): Source {
  const find = (options: ExtractOptions, signal: AbortSignal): Promise<FoundFile[]> =>
    tree.find({ connection, path: requirePath(connection, options) }, signal);

  return {
    ...(tree.remote && { remote: tree.remote }),
    async fingerprint({ options }, { signal }) {
      const hash = createHash('sha256');
      for (const found of await find(options, signal)) hash.update(`${found.origin}\0${found.stamp}\n`);
      return hash.digest('hex');
    },

    async describe({ options }, context) {
      const found = await find(options, context.signal);
      return describe({ connection, tree }, found, options, context);
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

interface Place {
  readonly connection: string;
  readonly tree: FileTree;
}

async function refer(
  { connection, tree }: Place,
  found: readonly FoundFile[],
  request: ExtractRequest,
  context: CallContext,
): Promise<Extracted> {
  const { options } = request;
  const files: InspectedFile[] = [];
  for (const file of found) files.push(await inspectFile({ connection, tree }, file, options, context));
  const columns = selectColumns(connection, found, agreeOnColumns(connection, files), options);
  await context.checkpoint('extract.reading');
  context.signal.throwIfAborted();
  const inPlace = files.map((file) => file.part);
  const paths = files.map(({ readAt }) => readAt);
  const rows = await countRows(connection, inPlace, paths, options, context);
  context.progress(rows ?? 0);
  const parts = options.copy === true ? await copyParts(connection, files, request, context) : inPlace;
  return { parts, columns, rows, filterPending: options.where !== undefined };
}

async function describe(
  { connection, tree }: Place,
  found: readonly FoundFile[],
  options: ExtractOptions,
  context: CallContext,
): Promise<SourceDescription> {
  const told = {
    from: options.path ?? '',
    files: found.map(({ origin, sizeBytes }) => ({ name: origin, bytes: sizeBytes })),
    bytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    isEstimate: false,
  };
  // What JSON values are shows at their end only.
  if (isJson(connection, found, options)) return { ...told, columns: null, isText: false, rows: null };
  const files: InspectedFile[] = [];
  for (const file of found) files.push(await inspectFile({ connection, tree }, file, options, context));
  const parts = files.map(({ part }) => part);
  return {
    ...told,
    columns: selectColumns(connection, found, agreeOnColumns(connection, files), options),
    isText: parts.some(({ format }) => format === 'csv'),
    rows: parts.some((part) => part.rows === null) ? null : parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
  };
}

function isJson(connection: string, found: readonly FoundFile[], options: ExtractOptions): boolean {
  if (options.format !== undefined) return options.format === 'json';
  const formats = new Set(found.map(({ origin }) => formatByName(connection, origin)));
  if (formats.has('json') && formats.size > 1) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The pattern "${options.path}" in connection "${connection}" matches JSON and other files. Narrow it: one dataset is of one format.`,
    );
  }
  return formats.has('json');
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
  const rows = await countRows(connection, parts, paths, options, context);
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

async function inspectFile(
  { connection, tree }: Place,
  found: FoundFile,
  options: ExtractOptions,
  context: CallContext,
): Promise<InspectedFile> {
  if (found.sizeBytes === 0) {
    throw new TerminalError(
      'FILE_EMPTY',
      `${describePlace({ connection, path: found.origin })} is empty: it has 0 bytes. Check what writes the file.`,
    );
  }
  const format = (options.format ?? formatByName(connection, found.origin)) === 'parquet' ? 'parquet' : 'csv';
  const base = {
    path: found.file,
    bytes: found.sizeBytes,
    fingerprint: found.stamp,
    origin: found.origin,
    ...(tree.remote && { connection }),
  };
  const readable = await tree.readable(found, context);
  const readAt = readable.file;
  if (format === 'parquet') {
    const facts = await inspectParquet(context.session, connection, readable);
    return { found, readAt, part: { ...base, format, rows: facts.rows }, columns: facts.columns };
  }
  const csv = await inspectCsv(context, connection, readable);
  const columns = csv.columns.map((name) => ({ name, type: 'VARCHAR', nullable: true }));
  return { found, readAt, part: { ...base, format, csv, rows: null }, columns };
}

function formatByName(connection: string, origin: string): 'csv' | 'json' | 'parquet' {
  if (/\.parquet$/i.test(origin)) return 'parquet';
  if (/\.(csv|tsv|txt)(\.gz)?$/i.test(origin)) return 'csv';
  if (/\.(json|ndjson|jsonl)(\.gz)?$/i.test(origin)) return 'json';
  throw new TerminalError(
    'OPTION_INVALID',
    `The format of ${describePlace({ connection, path: origin })} does not show in its name. Give the step format: 'csv', 'json' or 'parquet'.`,
  );
}

// Readers go by name, so order may differ between files; names and types may not.
function agreeOnColumns(connection: string, files: readonly InspectedFile[]): readonly Column[] {
  const [first, ...others] = files as [InspectedFile, ...InspectedFile[]];
  const expected = new Map(first.columns.map((column) => [column.name, column.type]));
  for (const other of others) {
    const actual = new Map(other.columns.map((column) => [column.name, column.type]));
    const differences = [
      ...[...expected.keys()].filter((name) => !actual.has(name)).map((name) => `"${name}" is missing`),
      ...[...actual.keys()].filter((name) => !expected.has(name)).map((name) => `"${name}" is extra`),
      ...[...expected]
        .filter(([name, type]) => actual.has(name) && actual.get(name) !== type)
        .map(([name, type]) => `"${name}" is ${actual.get(name)}, not ${type}`),
    ];
    if (differences.length > 0) {
      throw new TerminalError(
        'FILE_HEADER',
        `${describePlace({ connection, path: other.found.origin })} does not have the columns of "${first.found.origin}", which the same pattern matches: ${differences.slice(0, 5).join(', ')}. Correct the file, or narrow the pattern.`,
      );
    }
  }
  return first.columns.map((column) => ({
    ...column,
    nullable: files.some((file) => file.columns.some(({ name, nullable }) => name === column.name && nullable)),
  }));
}

function selectColumns(
  connection: string,
  found: readonly FoundFile[],
  columns: readonly Column[],
  options: ExtractOptions,
): readonly Column[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  for (const name of [...(options.columns ?? []), ...Object.keys(options.where ?? {})]) {
    if (byName.has(name)) continue;
    throw new TerminalError(
      'COLUMN_MISSING',
      `${describePlace({ connection, path: (found[0] as FoundFile).origin })} has no column "${name}". It has: ${columns
        .slice(0, 50)
        .map((column) => column.name)
        .join(', ')}.`,
    );
  }
  return options.columns?.map((name) => byName.get(name) as Column) ?? columns;
}

async function countRows(
  connection: string,
  parts: readonly Part[],
  paths: readonly string[],
  options: ExtractOptions,
  context: CallContext,
): Promise<number | null> {
  if (parts.some((part) => part.rows === null)) return null;
  if (options.where === undefined) return parts.reduce((sum, part) => sum + (part.rows ?? 0), 0);
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
