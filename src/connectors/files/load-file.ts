import { open, stat } from 'node:fs/promises';
import { TerminalError, TransientError } from '../../core/errors.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { LoadResult, SchemaChange } from '../../core/load.js';
import { storedWatermark } from '../../core/watermark.js';
import { hashFile } from '../../disk/hash-file.js';
import type { CallContext, LoadRequest } from '../contract.js';
import { describePlace, type FilePlace } from './errors.js';
import type { Layout } from './layout.js';
import type { LedgerEntry } from './ledger.js';
import { pathInManifest } from './manifest.js';
import { readParquet } from './parquet.js';

/** One load of a file, wherever the file goes. */
export interface FileLoad {
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly place: FilePlace;
  readonly layout: Layout;
  /** How its columns differ from those of the load before. @default not at all */
  readonly changes?: readonly SchemaChange[];
}

export interface WrittenFile {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** @throws TerminalError CAPABILITY_MISSING for a merge or versions, OPTION_INVALID for a partition by a column that is not there */
export function requireLoadable({ request, place }: Pick<FileLoad, 'request' | 'place'>): void {
  if (request.mode === 'merge' || request.mode === 'scd2') {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `The connection "${place.connection}" holds files, which take no ${request.mode}: it changes rows that are there. Use append or replace.`,
    );
  }
  const names = request.columns.map((column) => column.name);
  const unknown = Object.keys(request.partition ?? {}).find((column) => !names.includes(column));
  if (unknown === undefined) return;
  throw new TerminalError(
    'OPTION_INVALID',
    `The partition of the load into "${request.target}" names the column "${unknown}", which the dataset has not. It has: ${names.join(', ')}.`,
  );
}

/**
 * Writes the rows into a new file on this machine, to the disk, and counts them there.
 * @throws TransientError ROWS_LOST; TerminalError PARTITION_MISMATCH
 */
export async function writeRows(load: FileLoad, file: string): Promise<WrittenFile> {
  const { request, context, layout, place } = load;
  const options =
    layout.format === 'parquet'
      ? `FORMAT parquet, COMPRESSION ${layout.compression}`
      : `FORMAT csv, HEADER true, COMPRESSION ${quoteLiteral(layout.compression)}`;
  const columns = request.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  const [copied] = await context.session.rows<{ Count: bigint }>(
    `COPY (SELECT ${columns} FROM (${request.select}) AS dataset) TO ${quoteLiteral(file)} (${options})`,
  );
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const rows = layout.format === 'parquet' ? await countRows(load, file) : Number(copied?.Count);
  if (rows !== request.rows) {
    throw new TransientError(
      'ROWS_LOST',
      `The load into ${describePlace(place)} should hold ${request.rows} rows and the file holds ${rows}; it was discarded.`,
    );
  }
  await requirePartition(load);
  context.progress(rows);
  return { bytes: (await stat(file)).size, sha256: await hashFile(file) };
}

/** The rows of a file that is about to be replaced, for people to read; a file that is not readable says nothing. */
export async function countRows({ context, layout }: FileLoad, file: string): Promise<number> {
  const from =
    layout.format === 'parquet'
      ? readParquet([file])
      : `read_csv(${quoteFile(file)}, header = true, all_varchar = true, compression = ${quoteLiteral(layout.compression)})`;
  const [row] = await context.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${from}`).catch(() => []);
  return Number(row?.rows ?? 0);
}

/** What a load's result has, however it went. */
export function resultOf({ connection, target, mode, identity, watermark }: LoadRequest) {
  const result = { target: `${connection}.${target}`, mode, loadId: identity.loadId };
  return { ...result, ...(watermark && { watermark: watermark.upTo }) } satisfies Partial<LoadResult>;
}

/** What every ledger of files notes of a load. */
export function entryOf(
  { request, layout, changes }: FileLoad,
  written: WrittenFile,
): Omit<LedgerEntry, 'state' | 'temporary' | 'earlier'> {
  const { identity } = request;
  return {
    loadId: identity.loadId,
    content: identity.content,
    rows: request.rows,
    target: request.target,
    mode: request.mode,
    pipeline: identity.pipeline,
    step: identity.step,
    ...(identity.partition === undefined ? {} : { partition: identity.partition }),
    workflowId: identity.workflowId,
    runId: identity.runId,
    file: pathInManifest(layout.ledger, layout.file),
    at: new Date().toISOString(),
    ...(request.watermark && { watermark: storedWatermark(request.watermark) }),
    ...written,
    columns: request.columns.map(({ name, type }) => ({ name, type })),
    ...(changes && { changes }),
  };
}

/** What a result tells of the columns, from the entry in the ledger. */
export function changesOf({ changes }: Pick<LedgerEntry, 'changes'>): Pick<LoadResult, 'changes'> {
  return { ...(changes && { changes }) };
}

async function requirePartition({ request, context, place }: FileLoad): Promise<void> {
  if (request.partition === undefined) return;
  const terms = Object.entries(request.partition).map(
    ([column, value]) => `${quoteIdentifier(column)} IS NOT DISTINCT FROM ${quoteLiteral(value)}`,
  );
  const [row] = await context.session.rows<{ outside: bigint }>(
    `SELECT count(*) AS outside FROM (${request.select}) AS dataset WHERE NOT (${terms.join(' AND ')})`,
  );
  if (Number(row?.outside) === 0) return;
  const partition = Object.entries(request.partition).map(([column, value]) => `${column} = ${String(value)}`);
  throw new TerminalError(
    'PARTITION_MISMATCH',
    `${row?.outside} of ${request.rows} rows lie outside the partition ${partition.join(', ')} of ${describePlace(place)}. Filter them in the transform, or correct the partition.`,
  );
}
