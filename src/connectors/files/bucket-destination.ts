import { rm } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import type { LoadResult } from '../../core/load.js';
import { requireConditionalWrites } from '../../object-store/conditional.js';
import { attachStore, isPlainUrl } from '../../object-store/duckdb.js';
import type { ObjectStore, StoredObject } from '../../object-store/store.js';
import type { Destination } from '../contract.js';
import {
  commitEntry,
  doneBy,
  notesOf,
  prepareEntry,
  readBucketLedger,
  readBucketManifest,
  readEntry,
  recordObject,
  toMetadata,
  type BucketEntry,
  type SeenEntry,
} from './bucket-ledger.js';
import { keyOf } from './bucket-tree.js';
import { describeFiles } from './describe-target.js';
import { translateFileError } from './errors.js';
import { fitColumns } from './fit-columns.js';
import { layoutOf } from './layout.js';
import { LEDGER_FOLDER, shortHash } from './ledger.js';
import { recentBucketLoads } from './recent-loads.js';
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
import type { DataFile } from './manifest.js';

interface BucketLoad extends FileLoad {
  readonly store: ObjectStore;
  /** The key of the load's entry in the ledger. */
  readonly entryKey: string;
}

/** What was found before a write, which the write is made on condition of. */
interface Seen {
  /** The data file that is there. */
  readonly current: StoredObject | undefined;
  readonly entry: SeenEntry | undefined;
  /** This load, as it was done before. */
  readonly done: BucketEntry | undefined;
}

/**
 * Writes Parquet and CSV files below a store's root. A load is written on this machine, then becomes visible by one request,
 * which replaces exactly the file that was looked at; see {@link BucketEntry}.
 */
export function bucketDestination(connection: string, store: ObjectStore): Destination {
  return {
    capabilities: { modes: ['append', 'replace'], partitions: true, deletes: false, audits: false },
    ledger: () => readBucketLedger(store, connection),
    recentLoads: (request) => recentBucketLoads(connection, store, request),
    async describe(request, context) {
      const place = { connection, path: request.target };
      requireLoadable({ request, place });
      const layout = layoutOf(keyOf(place), place, request);
      try {
        const current = await store.head(layout.file, context.signal);
        const exists = !(await isNew({ store, layout, context }, { current }));
        const manifest = await readBucketManifest(store, layout.ledger, context.signal);
        return await describeFiles({ request, context, place, layout, exists, manifest });
      } catch (error) {
        throw translateFileError(error, place);
      }
    },
    async load(request, context) {
      const place = { connection, path: request.target };
      requireLoadable({ request, place });
      const layout = layoutOf(keyOf(place), place, request);
      const entryKey = path.posix.join(layout.ledger, `${shortHash(request.target, request.identity.loadId)}.json`);
      try {
        await requireConditionalWrites(store, LEDGER_FOLDER);
        return await loadOnce({ request, context, place, layout, store, entryKey });
      } catch (error) {
        // An aborted session says itself why it was aborted.
        if (context.signal.aborted) await context.session.run('SELECT 1');
        throw translateFileError(error, place);
      }
    },
  };
}

async function loadOnce(given: BucketLoad): Promise<LoadResult> {
  const { request, context, store, layout } = given;
  const seen = await look(given);
  if (isDone(given, seen)) return finish(given, seen);
  const load = { ...given, ...(await fitColumns(given, await readBucketManifest(store, layout.ledger, context.signal))) };
  const created = await isNew(load, seen);
  const replaced = await rowsIn(load, seen.current);
  const file = path.join(await context.session.scratch(), `load-${randomBytes(8).toString('hex')}`);
  try {
    const written = await writeRows(load, file);
    await context.checkpoint('load.copied');
    const other = await commit(load, file, written);
    if (other) return await finish(load, other);
    await context.checkpoint('load.committed');
    await settle(load, { ...entryOf(load, written), state: 'committed' });
    return { ...resultOf(request), rows: request.rows, replaced, alreadyDone: false, created, ...changesOf(load) };
  } finally {
    await rm(file, { force: true });
  }
}

/** Puts the file in place. Gives what was found when another attempt had done the load by then. */
async function commit(load: BucketLoad, file: string, written: WrittenFile): Promise<Seen | undefined> {
  const { store, request, context, entryKey, layout } = load;
  const { signal } = context;
  const { content } = request.identity;
  const notes = { entry: entryKey, content, rows: request.rows, sha256: written.sha256 };
  for (;;) {
    signal.throwIfAborted();
    const seen = await look(load);
    if (isDone(load, seen)) return seen;
    const earlier = seen.current && notesOf(seen.current);
    if (earlier && earlier.entry !== entryKey) await commitEntry(store, earlier.entry, earlier.content, signal);
    const entry: BucketEntry = { ...entryOf(load, written), state: 'prepared' };
    if (!(await prepareEntry(store, entryKey, { entry, seen: seen.entry, done: seen.done }, signal))) continue;
    await context.checkpoint('load.before-commit');
    signal.throwIfAborted();
    const condition = seen.current ? { etag: seen.current.etag } : ({ absent: true } as const);
    if (await store.upload(layout.file, file, { condition, metadata: toMetadata(notes), signal })) return undefined;
  }
}

async function look({ store, layout, entryKey, context }: BucketLoad): Promise<Seen> {
  // The file second: an entry that was prepared is then judged by a file that is no older.
  const entry = await readEntry(store, entryKey, context.signal);
  const current = await store.head(layout.file, context.signal);
  return { current, entry, done: entry && doneBy(entryKey, entry.entry, current) };
}

function isDone({ request }: BucketLoad, { done }: Seen): boolean {
  return done?.content === request.identity.content;
}

/** A load that was done before: whatever its attempt has left to do is done. */
async function finish(load: BucketLoad, { done, entry }: Seen): Promise<LoadResult> {
  if (entry?.entry.state === 'prepared' && done === entry.entry) await settle(load, done);
  const { rows, ...told } = done as BucketEntry;
  return { ...resultOf(load.request), rows, replaced: 0, alreadyDone: true, created: false, ...changesOf(told) };
}

async function settle({ store, layout, entryKey, context }: BucketLoad, entry: BucketEntry): Promise<void> {
  const current = await store.head(layout.file, context.signal);
  const notes = current && notesOf(current);
  if (current && notes?.entry === entryKey && notes.content === entry.content) {
    // Of two attempts, the file is of the one that was first, whoever has written the entry.
    const { file: at, rows, loadId, content, columns = [], at: committedAt } = entry;
    const { sha256 } = notes;
    const file: DataFile = { path: at, rows, bytes: current.bytes, sha256, loadId, content, columns, committedAt };
    await recordObject(store, { ledger: layout.ledger, key: layout.file, file }, context.signal);
  }
  await commitEntry(store, entryKey, entry.content, context.signal);
}

async function isNew(
  { store, layout, context }: Pick<BucketLoad, 'store' | 'layout' | 'context'>,
  { current }: Pick<Seen, 'current'>,
): Promise<boolean> {
  if (current) return false;
  if (layout.file === layout.target) return true;
  const base = layout.target === '' ? '' : `${layout.target}/`;
  for await (const { key } of store.list(base, context.signal)) if (!key.split('/').includes(LEDGER_FOLDER)) return false;
  return true;
}

async function rowsIn(load: BucketLoad, current: StoredObject | undefined): Promise<number> {
  if (!current) return 0;
  const known = notesOf(current)?.rows;
  const url = load.store.url(current.key);
  if (known !== undefined || !isPlainUrl(url)) return known ?? 0;
  await attachStore(load.context.session, load.store);
  return countRows(load, url);
}
