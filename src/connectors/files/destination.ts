import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError, TransientError } from '../../core/errors.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { LoadResult, SchemaChange } from '../../core/load.js';
import { storedWatermark } from '../../core/watermark.js';
import type { CallContext, Destination, LoadRequest } from '../contract.js';
import { describePlace, translateFileError, type FilePlace } from './errors.js';
import { layoutOf, type Layout } from './layout.js';
import { fitColumns } from './fit-columns.js';
import { findDone, newestColumns, removeLeftovers, shortHash, syncFolder, writeEntry, type LedgerEntry } from './ledger.js';
import { takeLock } from './lock.js';
import { readParquet } from './parquet.js';
import { requireBelowRoot } from './paths.js';
import { readLedger } from './read-ledger.js';
import { announceMove, checkWatermark, readWatermark, watermarkLock } from './watermark.js';

interface Attempt {
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly place: FilePlace;
  readonly layout: Layout;
  /** Short hash of the load, the same for every attempt. */
  readonly load: string;
  /** Absolute path of the file being written. */
  readonly temporary: string;
  readonly created: boolean;
  readonly changes?: readonly SchemaChange[];
}

/** Writes Parquet and CSV files below `root` (absolute). A load becomes visible by one rename, and only then counts. */
export function filesDestination(connection: string, root: string): Destination {
  return {
    capabilities: { modes: ['append', 'replace'], partitions: true, deletes: false },
    ledger: () => readLedger(connection, root),
    async watermark(request) {
      try {
        return await readWatermark(root, request);
      } catch (error) {
        throw translateFileError(error, { connection, path: request.target });
      }
    },
    async load(request, context) {
      if (request.mode === 'merge' || request.mode === 'scd2') {
        throw new TerminalError(
          'CAPABILITY_MISSING',
          `The connection "${connection}" holds files, which take no ${request.mode}: it changes rows that are there. Use append or replace.`,
        );
      }
      const place = { connection, path: request.target };
      requirePartitionColumns(request);
      const layout = layoutOf(root, place, request);
      try {
        await requireBelowRoot(root, layout.file, place);
        const created = !existsSync(layout.target);
        await mkdir(layout.ledger, { recursive: true });
        await mkdir(path.dirname(layout.file), { recursive: true });
        const load = shortHash(request.target, request.identity.loadId);
        const temporary = path.join(layout.ledger, `${load}-${randomBytes(8).toString('hex')}.tmp`);
        return await underLock({ request, context, place, layout, load, temporary, created });
      } catch (error) {
        // An aborted session says itself why it was aborted.
        if (context.signal.aborted) await context.session.run('SELECT 1');
        throw translateFileError(error, place);
      }
    },
  };
}

// One lock for each data file, so that loads into other partitions go on meanwhile; before it the one of the watermark.
async function underLock(attempt: Attempt): Promise<LoadResult> {
  const { layout, context, request } = attempt;
  const { watermark } = request;
  const wanted = path.join(layout.ledger, `${shortHash(layout.file)}.lock`);
  const outer = watermark && (await takeLock(watermarkLock(layout.ledger, watermark), context.signal));
  try {
    const lock = await takeLock(wanted, context.signal);
    try {
      return await loadOnce(attempt, async () => (await lock.isHeld()) && (await outer?.isHeld()) !== false);
    } finally {
      await lock.release();
    }
  } finally {
    await outer?.release();
  }
}

function requirePartitionColumns(request: LoadRequest): void {
  const names = request.columns.map((column) => column.name);
  const unknown = Object.keys(request.partition ?? {}).find((column) => !names.includes(column));
  if (unknown === undefined) return;
  throw new TerminalError(
    'OPTION_INVALID',
    `The partition of the load into "${request.target}" names the column "${unknown}", which the dataset has not. It has: ${names.join(', ')}.`,
  );
}

async function loadOnce(given: Attempt, isHeld: () => Promise<boolean>): Promise<LoadResult> {
  const { request, context, layout, place, load, created } = given;
  const result = resultOf(request);
  const done = await findDone(layout.ledger, load);
  await removeLeftovers(layout.ledger, load, done);
  const moving = request.watermark && { ledger: layout.ledger, load, target: result.target, range: request.watermark };
  const move = moving && (await checkWatermark(moving));
  if (done?.content === request.identity.content && move?.again !== false) {
    const before = { ...(done.changes && { changes: done.changes }) };
    return { ...result, rows: done.rows, replaced: 0, alreadyDone: true, created: false, ...before };
  }
  if (done?.watermark && !move) throw withoutWatermark(place);
  const fit = await fitColumns(request, await newestColumns(layout.ledger, request.target), place, context.session);
  const changes = fit.changes.length === 0 ? {} : { changes: fit.changes };
  const attempt = { ...given, ...changes, request: fit.request };
  const replaced = existsSync(layout.file) ? await countRows(attempt, layout.file) : 0;
  try {
    await writeTemporary(attempt);
    await context.checkpoint('load.copied');
    if (!(await isHeld()))
      throw new TransientError(
        'CONFLICT',
        `Another load took over the lock of ${describePlace(place)} while this one stood still. Nothing was changed; the step is tried again.`,
      );
    if (moving && !move?.again) await announceMove(moving);
    await writeEntry(layout.ledger, load, { ...entryOf(attempt, 'prepared'), ...(done && { earlier: done }) });
    await context.checkpoint('load.before-commit');
    context.signal.throwIfAborted();
    await rename(attempt.temporary, layout.file);
  } catch (error) {
    await discard(attempt, done);
    throw error;
  }
  await syncFolder(path.dirname(layout.file));
  await context.checkpoint('load.committed');
  await writeEntry(layout.ledger, load, entryOf(attempt, 'committed'));
  return { ...result, rows: request.rows, replaced, alreadyDone: false, created, ...changes };
}

function resultOf({ connection, target, mode, identity, watermark }: LoadRequest) {
  const result = { target: `${connection}.${target}`, mode, loadId: identity.loadId };
  return { ...result, ...(watermark && { watermark: watermark.upTo }) };
}

function withoutWatermark(place: FilePlace): TerminalError {
  return new TerminalError(
    'OPTION_INVALID',
    `The load into ${describePlace(place)} was made before with a watermark, and is to be made again without one: the folder would no longer know how far it has got. Give it the watermark, or start a new run.`,
  );
}

async function discard({ layout, load }: Attempt, earlier: LedgerEntry | undefined): Promise<void> {
  if (earlier !== undefined) await writeEntry(layout.ledger, load, { ...earlier, state: 'committed' });
  await removeLeftovers(layout.ledger, load, earlier);
}

async function writeTemporary(attempt: Attempt): Promise<void> {
  const { request, context, layout, temporary, place } = attempt;
  const options =
    layout.format === 'parquet'
      ? `FORMAT parquet, COMPRESSION ${layout.compression}`
      : `FORMAT csv, HEADER true, COMPRESSION ${quoteLiteral(layout.compression)}`;
  const columns = request.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  const [copied] = await context.session.rows<{ Count: bigint }>(
    `COPY (SELECT ${columns} FROM (${request.select}) AS dataset) TO ${quoteLiteral(temporary)} (${options})`,
  );
  const handle = await open(temporary, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const rows = layout.format === 'parquet' ? await countRows(attempt, temporary) : Number(copied?.Count);
  if (rows !== request.rows) {
    throw new TransientError(
      'ROWS_LOST',
      `The load into ${describePlace(place)} should hold ${request.rows} rows and the file holds ${rows}; it was discarded.`,
    );
  }
  await requirePartition(attempt);
  context.progress(rows);
}

async function requirePartition({ request, context, place }: Attempt): Promise<void> {
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

// Rows of a file that is about to be replaced are for people to read; a file that is not readable says nothing.
async function countRows({ context, layout }: Attempt, file: string): Promise<number> {
  const from =
    layout.format === 'parquet'
      ? readParquet([file])
      : `read_csv(${quoteFile(file)}, header = true, all_varchar = true, compression = ${quoteLiteral(layout.compression)})`;
  const [row] = await context.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${from}`).catch(() => []);
  return Number(row?.rows ?? 0);
}

function entryOf({ request, layout, temporary, changes }: Attempt, state: LedgerEntry['state']): LedgerEntry {
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
    state,
    temporary: path.basename(temporary),
    file: path.relative(path.dirname(layout.ledger), layout.file),
    ...(request.watermark && { watermark: storedWatermark(request.watermark) }),
    at: new Date().toISOString(),
    columns: request.columns.map(({ name, type }) => ({ name, type })),
    ...(changes && { changes }),
  };
}
