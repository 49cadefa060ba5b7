import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import type { Part } from '../../core/manifest.js';
import type { CallContext, ExtractOptions } from '../contract.js';
import { inspectCsv } from './csv.js';
import { describePlace, unreadable, type FilePlace } from './errors.js';
import type { FileTree, FoundFile } from './file-tree.js';
import { inspectParquet, type ParquetFacts } from './parquet.js';

export interface InspectedFile {
  readonly found: FoundFile;
  /** Where DuckDB reads it in this step. */
  readonly readAt: string;
  readonly part: Part;
  readonly columns: readonly Column[];
}

/** Where files are looked for. */
export interface Place {
  readonly connection: string;
  readonly tree: FileTree;
}

/** @throws TerminalError OPTION_INVALID for a pattern that matches JSON and other files */
export function isJson(connection: string, found: readonly FoundFile[], options: ExtractOptions): boolean {
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

/** Looks at a CSV or Parquet file's columns, and where its rows are going to be read, at what reading them takes. @throws TerminalError FILE_EMPTY, FILE_FORMAT, FILE_HEADER */
export async function inspectFile(
  { connection, tree }: Place,
  found: FoundFile,
  options: ExtractOptions,
  context: CallContext,
  { isRead }: { readonly isRead: boolean },
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
    requireExact({ connection, path: found.origin }, facts, options);
    return { found, readAt, part: { ...base, format, rows: facts.rows }, columns: facts.columns };
  }
  const csv = await inspectCsv(context, connection, readable, isRead);
  const columns = csv.columns.map((name) => ({ name, type: 'VARCHAR', nullable: true }));
  return { found, readAt, part: { ...base, format, csv, rows: null }, columns };
}

/** @throws TerminalError FILE_FORMAT for a column that is asked for and cannot be read as it is */
function requireExact(place: FilePlace, { tooPrecise }: ParquetFacts, { columns, where }: ExtractOptions): void {
  const asked = columns && new Set([...columns, ...Object.keys(where ?? {})]);
  const [found] = [...tooPrecise].filter(([name]) => asked?.has(name) !== false);
  if (found === undefined) return;
  throw unreadable(
    place,
    `its column "${found[0]}" holds decimals of ${found[1]} digits, and no more than 38 can be read exactly. Write the file with fewer digits or as text, or leave the column out with \`columns\`.`,
  );
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

/** Readers go by name, so order may differ between files; names and types may not. @throws TerminalError FILE_HEADER */
export function agreeOnColumns(connection: string, files: readonly InspectedFile[]): readonly Column[] {
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

/** @throws TerminalError COLUMN_MISSING */
export function selectColumns(
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
