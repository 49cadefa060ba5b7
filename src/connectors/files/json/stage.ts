import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Column } from '../../../core/dataset.js';
import { TerminalError, TransientError } from '../../../core/errors.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../../core/filter.js';
import type { Part } from '../../../core/manifest.js';
import type { CallContext, ExtractRequest } from '../../contract.js';
import { describePlace } from '../errors.js';
import type { FoundFile } from '../file-tree.js';
import { readRecords, type JsonFacts } from './records.js';
import { rewriteRecords } from './rewrite.js';
import { JsonScanner } from './scanner.js';
import { Shape } from './shape.js';
import { columnOf, type JsonColumn } from './types.js';

/** Files of records as they were found: all of them read once, to the end. */
export interface JsonFiles {
  readonly columns: readonly JsonColumn[];
  readonly rows: number;
  readonly root: Shape;
  readonly files: readonly { readonly found: FoundFile; readonly facts: JsonFacts }[];
}

/** DuckDB's own limit for a record where none is set; a larger one costs memory. */
const USUAL_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * Reads files of JSON records to their end, and gives each key a column of a type that holds all its values.
 *
 * @throws TerminalError FILE_FORMAT with line and column, FILE_EMPTY, FILE_HEADER for keys that can't be columns
 */
export async function inspectJson(connection: string, found: readonly FoundFile[], context: CallContext): Promise<JsonFiles> {
  const root = new Shape();
  const files: { found: FoundFile; facts: JsonFacts }[] = [];
  let rows = 0;
  for (const file of found) {
    const before = rows;
    const onPiece = (records: number): void => context.progress(before + records);
    const facts = await readRecords(connection, file, { scanner: new JsonScanner(root), signal: context.signal, onPiece });
    files.push({ found: file, facts });
    rows += facts.records;
  }
  const columns = root.members.map(columnOf);
  checkNames(connection, found, columns);
  return { columns, rows, root, files };
}

// As SQL takes names: without case.
function checkNames(connection: string, found: readonly FoundFile[], columns: readonly JsonColumn[]): void {
  const names = new Map<string, string>();
  for (const { name } of columns) {
    const twin = names.get(name.toLowerCase());
    if (name === '') throw badKeys(connection, found, 'an empty key, which cannot be a column');
    if (name.includes('\0')) throw badKeys(connection, found, `the key ${JSON.stringify(name)}, which cannot be a column`);
    if (twin !== undefined)
      throw badKeys(connection, found, `the keys "${twin}" and "${name}": columns must differ by more than case`);
    names.set(name.toLowerCase(), name);
  }
}

function badKeys(connection: string, found: readonly FoundFile[], what: string): TerminalError {
  const where = describePlace({ connection, path: (found[0] as FoundFile).origin });
  const others = found.length > 1 ? ', or in another file of the pattern,' : '';
  return new TerminalError(
    'FILE_HEADER',
    `The objects in ${where}${others} have ${what}. Rename the key where the file is written.`,
  );
}

/**
 * Writes the records of each file into a Parquet part, in the file's order, with the given columns.
 *
 * @throws TerminalError FILE_CHANGED when a file was written to since it was inspected
 */
export async function stageJson(
  connection: string,
  inspected: JsonFiles,
  columns: readonly Column[],
  request: ExtractRequest,
  context: CallContext,
): Promise<Part[]> {
  const chosen = columns.map(
    (column) => inspected.columns.find(({ name }) => name === column.name) ?? { ...column, asText: false },
  );
  const parts: Part[] = [];
  for (const [index, { found, facts }] of inspected.files.entries()) {
    const name = `part-${index}.parquet`;
    const source = await readable(connection, inspected, index, chosen, request, context);
    await context.session.run(
      `COPY (SELECT ${chosen.map(selected).join(', ')} FROM ${source.sql}) TO ${quoteLiteral(path.join(request.directory, name))} (FORMAT parquet, COMPRESSION zstd)`,
    );
    if (source.temporary !== undefined) await rm(source.temporary);
    await requireUnchanged(connection, found);
    const part: Part = {
      path: `./${name}`,
      format: 'parquet',
      rows: facts.records,
      bytes: 0,
      fingerprint: '',
      origin: found.origin,
    };
    await requireAll(connection, part, request, context);
    parts.push(part);
  }
  return parts;
}

async function readable(
  connection: string,
  { root, files }: JsonFiles,
  index: number,
  columns: readonly JsonColumn[],
  request: ExtractRequest,
  { signal }: CallContext,
): Promise<{ readonly sql: string; readonly temporary?: string }> {
  const { found, facts } = files[index] as JsonFiles['files'][number];
  const asText = new Set(columns.filter((column) => column.asText).map(({ name }) => name));
  if (asText.size === 0 && !(facts.hasByteOrderMark && facts.form !== 'array')) {
    return { sql: readJson(found.file, facts, columns) };
  }
  const temporary = path.join(request.directory, `records-${index}.ndjson`);
  await rewriteRecords({ connection, found, root, signal }, asText, temporary);
  const rewritten = { ...facts, longest: facts.longest * 2, form: 'newline_delimited', compression: 'uncompressed' } as const;
  return { sql: readJson(temporary, rewritten, columns), temporary };
}

function readJson(file: string, facts: JsonFacts, columns: readonly JsonColumn[]): string {
  const types = columns.map(({ name, type, asText }) => `${quoteLiteral(name)}: ${quoteLiteral(asText ? 'VARCHAR' : type)}`);
  const options = [
    'auto_detect = false',
    `format = ${quoteLiteral(facts.form)}`,
    `columns = {${types.join(', ')}}`,
    'records = true',
    `compression = ${quoteLiteral(facts.compression)}`,
    `maximum_object_size = ${Math.max(USUAL_RECORD_BYTES, facts.longest + 1024)}`,
    'hive_partitioning = false',
  ];
  return `read_json(${quoteFile(file)}, ${options.join(', ')})`;
}

function selected({ name, type, asText }: JsonColumn): string {
  const column = quoteIdentifier(name);
  return asText ? `CAST(${column} AS ${type}) AS ${column}` : column;
}

async function requireUnchanged(connection: string, found: FoundFile): Promise<void> {
  if (await found.isUnchanged()) return;
  throw new TerminalError(
    'FILE_CHANGED',
    `${describePlace({ connection, path: found.origin })} was changed while it was read. Retry when it is no longer being written.`,
  );
}

async function requireAll(connection: string, part: Part, request: ExtractRequest, { session }: CallContext): Promise<void> {
  const file = quoteFile(path.join(request.directory, part.path));
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${file})`);
  if (Number(counted?.rows) === part.rows) return;
  const place = describePlace({ connection, path: part.origin ?? part.path });
  throw new TransientError(
    'ROWS_LOST',
    `${place} has ${part.rows} objects and DuckDB read ${counted?.rows}. Report it with the file.`,
  );
}
