import path from 'node:path';
import type { ObjectStore, StoredObject } from '../../object-store/store.js';
import type { LedgerLoad } from '../contract.js';
import { LEDGER_FOLDER, type LedgerEntry } from './ledger.js';
import { isEntryName, MANIFEST_NAME, tellsOf, withFile, type DataFile, type TargetManifest } from './manifest.js';
import { toLoad } from './read-ledger.js';

/**
 * The ledger of loads into a bucket. Nothing can be locked there, and two objects cannot change at once; but an object carries
 * notes of its writer, and a write can be made on condition of what is there. So a data file names the entry of the load that
 * wrote it, and that decides:
 *
 * - an entry is written as `prepared` before the data file, which then replaces exactly the one that was looked at;
 * - a `prepared` entry counts once the data file names it with its content; until then the entry's `earlier` load does;
 * - whoever replaces a data file first sees to it that the entry it names is `committed`. So an entry never depends on a
 *   file that is gone.
 */
export interface BucketEntry extends Omit<LedgerEntry, 'temporary' | 'earlier'> {
  /** The same load as it was done before, with other content. */
  readonly earlier?: BucketEntry;
}

/** An entry, with the version in which it was read. */
export interface SeenEntry {
  readonly entry: BucketEntry;
  readonly etag: string;
}

/** What a data file notes of the load that wrote it. */
export interface FileNotes {
  /** The key of the load's entry. */
  readonly entry: string;
  readonly content: string;
  readonly rows: number;
  readonly sha256: string;
}

const PREFIX = 'millrace-';

/** Notes as metadata, in which only ASCII may stand. */
export function toMetadata(notes: FileNotes): Record<string, string> {
  const texts = { ...notes, entry: encodeURIComponent(notes.entry), rows: String(notes.rows) };
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [PREFIX + name, value]));
}

/** The notes of a data file; `undefined` for one that no load has written. */
export function notesOf({ metadata }: StoredObject): FileNotes | undefined {
  const of = (name: string): string | undefined => metadata[PREFIX + name];
  const [entry, content, rows, sha256] = [of('entry'), of('content'), of('rows'), of('sha256')];
  if (entry === undefined || content === undefined || rows === undefined || sha256 === undefined) return undefined;
  return { entry: decodeURIComponent(entry), content, rows: Number(rows), sha256 };
}

export async function readEntry(store: ObjectStore, key: string, signal?: AbortSignal): Promise<SeenEntry | undefined> {
  const found = await store.text(key, signal);
  return found && { entry: JSON.parse(found.text) as BucketEntry, etag: found.etag };
}

/** The load that an entry stands for, given the data file as it is now; `undefined` when it was never done. */
export function doneBy(key: string, entry: BucketEntry, current: StoredObject | undefined): BucketEntry | undefined {
  if (entry.state === 'committed') return entry;
  const notes = current && notesOf(current);
  return notes?.entry === key && notes.content === entry.content ? entry : entry.earlier;
}

/** Notes that a load is about to happen. Gives false when somebody else has written the entry since it was seen. */
export async function prepareEntry(
  store: ObjectStore,
  key: string,
  {
    entry,
    seen,
    done,
  }: { readonly entry: BucketEntry; readonly seen: SeenEntry | undefined; readonly done: BucketEntry | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  if (seen?.entry.state === 'prepared' && seen.entry.content === entry.content) return true;
  const { earlier: _, ...before } = done ?? ({} as BucketEntry);
  const text = toText({ ...entry, ...(done && { earlier: before }) });
  const condition = seen ? { etag: seen.etag } : ({ absent: true } as const);
  return (await store.write(key, text, { condition, signal })) !== undefined;
}

/** Makes the entry of a load that is done say so, unless it tells of another content by now. */
export async function commitEntry(store: ObjectStore, key: string, content: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const seen = await readEntry(store, key, signal);
    if (!seen || seen.entry.state === 'committed' || seen.entry.content !== content) return;
    const { earlier: _, ...entry } = seen.entry;
    const text = toText({ ...entry, state: 'committed', at: new Date().toISOString() });
    if ((await store.write(key, text, { condition: { etag: seen.etag }, signal })) !== undefined) return;
  }
}

/** The manifest beside the files of a target, if there is one. */
export async function readBucketManifest(
  store: ObjectStore,
  ledger: string,
  signal: AbortSignal,
): Promise<TargetManifest | undefined> {
  const seen = await store.text(path.posix.join(ledger, MANIFEST_NAME), signal);
  return seen && (JSON.parse(seen.text) as TargetManifest);
}

/**
 * Puts a data file into the manifest beside it, unless another load has replaced the file since.
 *
 * @param key of the data file
 */
export async function recordObject(
  store: ObjectStore,
  { ledger, key, file }: { readonly ledger: string; readonly key: string; readonly file: DataFile },
  signal: AbortSignal,
): Promise<void> {
  const manifest = path.posix.join(ledger, MANIFEST_NAME);
  for (;;) {
    const seen = await store.text(manifest, signal);
    const before = seen && (JSON.parse(seen.text) as TargetManifest);
    const current = await store.head(key, signal);
    if (tellsOf(before, file) || current === undefined || notesOf(current)?.sha256 !== file.sha256) return;
    const condition = seen ? { etag: seen.etag } : ({ absent: true } as const);
    const text = toText(withFile(before, file));
    if ((await store.write(manifest, text, { condition, signal })) !== undefined) return;
  }
}

/** Every load of files that is done, as the entries below the store's root tell. */
export async function* readBucketLedger(store: ObjectStore, connection: string): AsyncGenerator<LedgerLoad> {
  for await (const { key } of store.list('')) {
    const [folder, name = ''] = key.split('/').slice(-2);
    if (folder !== LEDGER_FOLDER || !isEntryName(name)) continue;
    const done = await readDoneEntry(store, key, connection);
    if (done) yield done;
  }
}

/** The load that the entry of a key stands for, if it was done. */
export async function readDoneEntry(store: ObjectStore, key: string, connection: string): Promise<LedgerLoad | undefined> {
  const seen = await readEntry(store, key);
  if (!seen) return undefined;
  const file = path.posix.join(path.posix.dirname(path.posix.dirname(key)), seen.entry.file);
  const done = doneBy(key, seen.entry, seen.entry.state === 'committed' ? undefined : await store.head(file));
  return done && toLoad(done, connection);
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
