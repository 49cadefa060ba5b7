import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { TerminalError } from '../../core/errors.js';
import { attachStore, isPlainUrl } from '../../object-store/duckdb.js';
import type { ObjectStore, StoredObject } from '../../object-store/store.js';
import { download } from '../../object-store/transfer.js';
import type { CallContext, RemoteParts, Session } from '../contract.js';
import { describePlace, folderInsteadOfFile, type FilePlace } from './errors.js';
import type { FileTree, FoundFile } from './file-tree.js';
import { globToRegExp, isGlob, literalPrefix } from './glob.js';
import { LEDGER_FOLDER } from './ledger.js';
import { outsideRoot } from './paths.js';

/** The objects below a store's root, as files. Each is read in the version that was found, or not at all. */
export function bucketTree(connection: string, store: ObjectStore): FileTree {
  return {
    find: (place, signal) => findObjects(store, place, signal),
    readable: (found, context, whole = false) => readable(store, connection, found, context, whole),
    remote: remoteParts(connection, store),
  };
}

/**
 * A path as a key below the root.
 * @throws TerminalError FILE_OUTSIDE_ROOT
 */
export function keyOf(place: FilePlace): string {
  const key = path.posix.normalize(place.path);
  if (key === '..' || key.startsWith('../') || key.startsWith('/')) throw outsideRoot(place);
  return key === '.' ? '' : key.replace(/\/$/, '');
}

async function findObjects(store: ObjectStore, place: FilePlace, signal?: AbortSignal): Promise<FoundFile[]> {
  const key = keyOf(place);
  const exact = key === '' ? undefined : await store.head(key, signal);
  if (exact) return [foundFile(store, place.connection, exact)];
  if (isGlob(key)) return matchGlob(store, place, key, signal);
  for await (const _ of store.list(key === '' ? '' : `${key}/`, signal)) throw folderInsteadOfFile(place);
  throw new TerminalError(
    'FILE_MISSING',
    `There is no file ${describePlace(place)} (${store.url(key)}). Check the path; it is relative to the connection's root.`,
  );
}

async function matchGlob(store: ObjectStore, place: FilePlace, key: string, signal?: AbortSignal): Promise<FoundFile[]> {
  const pattern = globToRegExp(key);
  const base = literalPrefix(key);
  const found: FoundFile[] = [];
  for await (const object of store.list(base === '' ? '' : `${base}/`, signal)) {
    if (isData(object.key.slice(base.length)) && pattern.test(object.key)) found.push(foundFile(store, place.connection, object));
  }
  if (found.length > 0) return found.toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  throw new TerminalError(
    'FILE_MISSING',
    `No file matches ${describePlace(place)} (${store.url()}). Check the pattern; it is relative to the connection's root.`,
  );
}

// Hidden files, ledgers, and the empty objects by which some tools mark folders.
function isData(key: string): boolean {
  return !key.endsWith('/') && !key.split('/').some((segment) => segment.startsWith('.') || segment === LEDGER_FOLDER);
}

function foundFile(store: ObjectStore, connection: string, object: StoredObject): FoundFile {
  return {
    file: store.url(object.key),
    origin: object.key,
    sizeBytes: object.bytes,
    stamp: stampOf(object),
    async read(options): Promise<Readable> {
      // No server takes a range of an object without bytes.
      const body = await store.read(object, object.bytes === 0 ? { signal: options?.signal } : options);
      if (body) return body;
      throw new TerminalError(
        'FILE_CHANGED',
        `${describePlace({ connection, path: object.key })} was changed while it was read. Retry when it is no longer being written.`,
      );
    },
    isUnchanged: async () => (await store.head(object.key))?.etag === object.etag,
  };
}

async function readable(
  store: ObjectStore,
  connection: string,
  found: FoundFile,
  context: CallContext,
  whole: boolean,
): Promise<FoundFile> {
  if (!whole && isPlainUrl(found.file)) {
    await attachStore(context.session, store);
    return found;
  }
  const target = await scratchFile(context.session, found.stamp, found.origin);
  const object = { key: found.origin, bytes: found.sizeBytes, etag: etagOf(found.stamp) };
  if (!(await download(store, object, target, context.signal))) throw changed(connection, found.origin, found.stamp);
  return localFile(target, found);
}

function localFile(file: string, found: FoundFile): FoundFile {
  return {
    ...found,
    file,
    read: ({ bytes } = {}) => Promise.resolve(createReadStream(file, bytes === undefined ? {} : { end: bytes - 1 })),
    // Nobody else writes there.
    isUnchanged: () => Promise.resolve(true),
  };
}

function remoteParts(connection: string, store: ObjectStore): RemoteParts {
  const keyOfPath = (file: string): string => file.slice(store.url().length + 1);
  return {
    async verify(part, signal) {
      const key = keyOfPath(part.path);
      const now = await store.head(key, signal);
      if (now === undefined || stampOf(now) !== part.fingerprint) throw changed(connection, key, part.fingerprint, now);
    },
    async place({ path: url, format, bytes, fingerprint }, { session, signal }) {
      if (format === 'parquet' && isPlainUrl(url)) {
        await attachStore(session, store);
        return url;
      }
      const key = keyOfPath(url);
      const target = await scratchFile(session, fingerprint, key);
      if (await download(store, { key, bytes, etag: etagOf(fingerprint) }, target, signal)) return target;
      throw changed(connection, key, fingerprint, await store.head(key, signal));
    },
  };
}

/** A new file for a copy. The end of its name tells DuckDB how it is compressed. */
async function scratchFile(session: Session, stamp: string, key: string): Promise<string> {
  const name = `${stamp.replaceAll(/\W/g, '')}-${randomBytes(4).toString('hex')}-${path.posix.basename(key)}`;
  return path.join(await session.scratch(), name.slice(-200));
}

/** Size and ETag: what tells one version of an object from another. */
function stampOf({ bytes, etag }: Pick<StoredObject, 'bytes' | 'etag'>): string {
  return `${bytes}-${etag.replace(/^"(.*)"$/, '$1')}`;
}

function etagOf(stamp: string): string {
  const etag = stamp.slice(stamp.indexOf('-') + 1);
  return etag.startsWith('W/') ? etag : `"${etag}"`;
}

function changed(connection: string, key: string, stamp: string, now?: StoredObject): TerminalError {
  const place = describePlace({ connection, path: key });
  const was = `it was ${stamp.split('-')[0]} bytes (ETag ${etagOf(stamp)})`;
  return now === undefined
    ? new TerminalError(
        'FILE_MISSING',
        `${place} was there when a step referred to it, and is gone now. Put it back, or retry the run from its extract step.`,
      )
    : new TerminalError(
        'FILE_CHANGED',
        `${place} was changed after a step had referred to it: ${was}, it is ${now.bytes} bytes (ETag ${now.etag}). Retry the run from its extract step, or extract with copy: true.`,
      );
}
