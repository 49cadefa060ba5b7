import path from 'node:path';
import type { Column } from '../core/dataset.js';
import { filterToSql, quoteFile, quoteIdentifier, quoteLiteral, textFilterToSql, type Filter } from '../core/filter.js';
import type { Manifest, Part } from '../core/manifest.js';
import { isInPlace, isRemote } from '../core/place.js';

/** Where a part's file is, on disk or as a URL: absolute paths are in place, others lie below the staging root. */
export function resolvePath(stagingRoot: string, relative: string): string {
  if (isInPlace(relative)) return relative;
  return isRemote(stagingRoot) ? `${stagingRoot}/${relative}` : path.join(stagingRoot, relative);
}

/**
 * The SELECT that gives a dataset's rows, with exactly its columns in order: parts read in order, deleted rows left out,
 * a pending filter applied. A CSV part that was not validated reads strictly: a malformed line is an error, never skipped.
 */
export function datasetSelect(manifest: Manifest, stagingRoot: string): string {
  const columns = manifest.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  if (manifest.parts.length === 0) return emptySelect(manifest.columns);
  const reads = mergeParts(manifest.parts).map((parts) => readParts(parts, columns, manifest.filter, stagingRoot));
  return reads.join('\nUNION ALL\n');
}

/** A SELECT of no rows with these columns. */
export function emptySelect(columns: readonly Column[]): string {
  return `SELECT ${columns.map((column) => `NULL::${column.type} AS ${quoteIdentifier(column.name)}`).join(', ')} WHERE FALSE`;
}

// Plain Parquet parts read as one list, so that DuckDB plans one parallel scan instead of a union of many.
function mergeParts(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (last && isPlain(part) && isPlain(last[0] as Part)) last.push(part);
    else groups.push([part]);
  }
  return groups;
}

function isPlain(part: Part): boolean {
  return part.format === 'parquet' && part.deletes === undefined;
}

function readParts(parts: readonly Part[], columns: string, filter: Filter | undefined, stagingRoot: string): string {
  const first = parts[0] as Part;
  const isText = first.format === 'csv';
  const where = filter === undefined ? '' : ` WHERE ${isText ? textFilterToSql(filter) : filterToSql(filter)}`;
  if (isText) return `SELECT ${columns} FROM ${readCsv(first, stagingRoot)}${where}`;
  const files = parts.map((part) => quoteFile(resolvePath(stagingRoot, part.path))).join(', ');
  if (first.deletes === undefined) return `SELECT ${columns} FROM read_parquet([${files}], hive_partitioning = false)${where}`;
  const deletes = `read_parquet(${quoteFile(resolvePath(stagingRoot, first.deletes))})`;
  return `SELECT ${columns} FROM read_parquet([${files}], file_row_number = true, hive_partitioning = false) AS kept ANTI JOIN ${deletes} AS gone ON kept.file_row_number = gone.row${where}`;
}

/** The table function that reads a CSV part as text, by its fixed dialect, refusing malformed lines. `extra` adds options. */
export function readCsv(part: Part, stagingRoot: string, extra: readonly string[] = []): string {
  const dialect = part.csv;
  if (!dialect) throw new TypeError(`The CSV part ${part.path} has no dialect.`);
  const columns = dialect.columns.map((name) => `${quoteLiteral(name)}: 'VARCHAR'`).join(', ');
  const options = [
    'auto_detect = false',
    `columns = {${columns}}`,
    `delim = ${quoteLiteral(dialect.delimiter)}`,
    `quote = ${quoteLiteral(dialect.quote)}`,
    `escape = ${quoteLiteral(dialect.escape)}`,
    `header = ${dialect.headerLines === 1}`,
    `compression = ${quoteLiteral(dialect.compression)}`,
    `parallel = ${dialect.readFromStart !== true}`,
    "nullstr = ''",
    'allow_quoted_nulls = false',
    'hive_partitioning = false',
    ...extra,
  ];
  return `read_csv(${quoteFile(resolvePath(stagingRoot, part.path))}, ${options.join(', ')})`;
}
