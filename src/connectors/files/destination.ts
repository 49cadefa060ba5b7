import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError, TransientError } from '../../core/errors.js';
import type { LoadResult } from '../../core/load.js';
import { hashFile } from '../../disk/hash-file.js';
import type { Destination } from '../contract.js';
import { describeFiles } from './describe-target.js';
import { describePlace, translateFileError, type FilePlace } from './errors.js';
import { fitColumns } from './fit-columns.js';
import { layoutOf } from './layout.js';
import { findDone, removeLeftovers, shortHash, syncFolder, writeEntry, type LedgerEntry } from './ledger.js';
import {
  changesOf,
  countRows,
  entryOf,
  requireLoadable,
  resultOf,
  writeRows,
  type FileLoad,
  type WrittenFile,
} from './load-file.js';
import { takeLock } from './lock.js';
import { readFolderManifest, recordFile, type DataFile } from './manifest.js';
import { joinRoot, requireBelowRoot } from './paths.js';
import { readLedger } from './read-ledger.js';
import { recentFolderLoads } from './recent-loads.js';
import { announceMove, checkWatermark, readWatermark, watermarkLock } from './watermark.js';

interface Attempt extends FileLoad {
  /** Short hash of the load, the same for every attempt. */
  readonly load: string;
  /** Absolute paths: the data file, the ledger's folder, the file being written (on the same disk). */
  readonly file: string;
  readonly ledger: string;
  readonly temporary: string;
  readonly created: boolean;
}

/** Writes Parquet and CSV files below `root` (absolute). A load becomes visible by one rename, and only then counts. */
export function filesDestination(connection: string, root: string): Destination {
  return {
    capabilities: { modes: ['append', 'replace'], partitions: true, deletes: false, audits: false },
    ledger: () => readLedger(connection, root),
    recentLoads: (request) => recentFolderLoads(connection, root, request),
    async watermark(request) {
      try {
        return await readWatermark(root, request);
      } catch (error) {
        throw translateFileError(error, { connection, path: request.target });
      }
    },
    async describe(request, context) {
      const place = { connection, path: request.target };
      requireLoadable({ request, place });
      const layout = layoutOf(path.relative(root, joinRoot(root, place)), place, request);
      try {
        const file = path.join(root, layout.file);
        await requireBelowRoot(root, file, place);
        const exists = existsSync(path.join(root, layout.target));
        const manifest = await readFolderManifest(path.join(root, layout.ledger));
        return await describeFiles({ request, context, place, layout, exists, manifest });
      } catch (error) {
        throw translateFileError(error, place);
      }
    },
    async load(request, context) {
      const place = { connection, path: request.target };
      requireLoadable({ request, place });
      const layout = layoutOf(path.relative(root, joinRoot(root, place)), place, request);
      const file = path.join(root, layout.file);
      const ledger = path.join(root, layout.ledger);
      try {
        await requireBelowRoot(root, file, place);
        const created = !existsSync(path.join(root, layout.target));
        await mkdir(ledger, { recursive: true });
        await mkdir(path.dirname(file), { recursive: true });
        const load = shortHash(request.target, request.identity.loadId);
        const temporary = path.join(ledger, `${load}-${randomBytes(8).toString('hex')}.tmp`);
        return await underLock({ request, context, place, layout, load, file, ledger, temporary, created });
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
  const { ledger, file, context, request } = attempt;
  const { watermark } = request;
  const wanted = path.join(ledger, `${shortHash(file)}.lock`);
  const outer = watermark && (await takeLock(watermarkLock(ledger, watermark), context.signal));
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

async function loadOnce(given: Attempt, isHeld: () => Promise<boolean>): Promise<LoadResult> {
  const { request, context, ledger, file, place, load, created } = given;
  const result = resultOf(request);
  const done = await findDone(ledger, load);
  await removeLeftovers(ledger, load, done);
  const moving = request.watermark && { ledger, load, target: result.target, range: request.watermark };
  const move = moving && (await checkWatermark(moving));
  if (done?.content === request.identity.content && move?.again !== false) {
    await finishEarlier(given, done);
    return { ...result, rows: done.rows, replaced: 0, alreadyDone: true, created: false, ...changesOf(done) };
  }
  if (done?.watermark && !move) throw withoutWatermark(place);
  const attempt = { ...given, ...(await fitColumns(given, await readFolderManifest(ledger))) };
  const replaced = existsSync(file) ? await countRows(attempt, file) : 0;
  let written: WrittenFile;
  try {
    written = await writeRows(attempt, attempt.temporary);
    await context.checkpoint('load.copied');
    if (!(await isHeld()))
      throw new TransientError(
        'CONFLICT',
        `Another load took over the lock of ${describePlace(place)} while this one stood still. Nothing was changed; the step is tried again.`,
      );
    if (moving && !move?.again) await announceMove(moving);
    await writeEntry(ledger, load, { ...entryIn(attempt, written, 'prepared'), ...(done && { earlier: done }) });
    await context.checkpoint('load.before-commit');
    context.signal.throwIfAborted();
    await rename(attempt.temporary, file);
  } catch (error) {
    await discard(attempt, done);
    throw error;
  }
  await syncFolder(path.dirname(file));
  await context.checkpoint('load.committed');
  const entry = entryIn(attempt, written, 'committed');
  await recordFile(ledger, dataFile(entry, written), context.signal);
  await writeEntry(ledger, load, entry);
  return { ...result, rows: request.rows, replaced, alreadyDone: false, created, ...changesOf(entry) };
}

function withoutWatermark(place: FilePlace): TerminalError {
  return new TerminalError(
    'OPTION_INVALID',
    `The load into ${describePlace(place)} was made before with a watermark, and is to be made again without one: the folder would no longer know how far it has got. Give it the watermark, or start a new run.`,
  );
}

/** What an attempt that was killed right after its rename has left to do; unless the file is another load's by now. */
async function finishEarlier({ ledger, file, load, context }: Attempt, done: LedgerEntry): Promise<void> {
  if (done.state === 'committed') return;
  const { bytes, sha256 } = done;
  if (bytes !== undefined && sha256 !== undefined && existsSync(file) && (await hashFile(file)) === sha256)
    await recordFile(ledger, dataFile(done, { bytes, sha256 }), context.signal);
  await writeEntry(ledger, load, { ...done, state: 'committed' });
}

function dataFile(entry: LedgerEntry, { bytes, sha256 }: WrittenFile): DataFile {
  const { file, rows, loadId, content, columns = [], at } = entry;
  return { path: file, rows, bytes, sha256, loadId, content, columns, committedAt: at };
}

async function discard({ ledger, load }: Attempt, earlier: LedgerEntry | undefined): Promise<void> {
  if (earlier !== undefined) await writeEntry(ledger, load, { ...earlier, state: 'committed' });
  await removeLeftovers(ledger, load, earlier);
}

function entryIn(attempt: Attempt, written: WrittenFile, state: LedgerEntry['state']): LedgerEntry {
  return { ...entryOf(attempt, written), state, temporary: path.basename(attempt.temporary) };
}
