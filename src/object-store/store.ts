import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { isMissing, isUnmet, translateStoreError, type StorePlaceNames } from './errors.js';
import { keyIn, urlOf, type Location } from './location.js';
import { connectStore, type Connected } from './connect.js';
import type { StorePlace } from './options.js';
import { conditionOf, type Asked, type WriteOptions } from './request.js';
import { uploadParts, PART_BYTES } from './upload.js';

/** An object, as a listing or a request for it tells. Keys count from the store's root. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Changes whenever the object is written. */
  readonly etag: string;
  readonly modifiedAt: Date;
  /** What its writer noted; empty in a listing. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The objects below one root. A write is atomic: readers see the earlier object or the new one, whole. Every method throws
 * what `errors.ts` makes of refusals; an abort by a signal is thrown as it is.
 */
export interface ObjectStore {
  readonly place: StorePlace;
  /** Strings that no message may hold. */
  readonly secrets: readonly string[];
  /** `s3://bucket/prefix/key`. */
  url(key?: string): string;
  head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** Every object whose key begins with `start`, in order of the keys. */
  list(start: string, signal?: AbortSignal): AsyncGenerator<StoredObject>;
  /** The bytes of an object, in that version only; `bytes` from the beginning, all without. `undefined` when it has changed or gone. */
  read(object: Pick<StoredObject, 'key' | 'etag'>, options?: ReadOptions): Promise<Readable | undefined>;
  /** A small object as text. */
  text(key: string, signal?: AbortSignal): Promise<{ readonly text: string; readonly etag: string } | undefined>;
  /** Writes a small object. Gives its etag; `undefined` when the condition does not hold, and nothing was written. */
  write(key: string, text: string, options?: WriteOptions): Promise<string | undefined>;
  /** The same for a file of any size. */
  upload(key: string, file: string, options?: WriteOptions): Promise<string | undefined>;
  /** Removes an object, if it is there. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
  /** The connection, for DuckDB's side of it. */
  connected(): Promise<Connected>;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a store; connects with the first request.
 *
 * @param owner whose it is, for messages: `connection "lake"`, `staging`
 */
export function openStore(place: StorePlace, owner: string): ObjectStore {
  const { location, options: access } = place;
  let connecting: Promise<Connected> | undefined;
  const connected = (): Promise<Connected> => (connecting ??= connectStore(access));
  const server = access.endpoint ?? 'Amazon S3';
  const names = (key: string): StorePlaceNames => ({ owner, server, url: urlOf(location, key) });
  const asked = async <T>(key: string, work: Asking<T>, signal?: AbortSignal): Promise<T> => {
    try {
      const { sdk, client } = await connected();
      return await work({
        sdk,
        client,
        object: { Bucket: location.bucket, Key: keyIn(location, key) },
        abort: { abortSignal: signal },
      });
    } catch (error) {
      throw signal?.aborted === true ? error : translateStoreError(error, names(key));
    }
  };
  return {
    place,
    secrets: [access.secretAccessKey, access.sessionToken, access.accessKeyId].filter((key) => key !== undefined),
    url: (key) => urlOf(location, key),
    connected,
    head: (key, signal) => asked(key, (request) => head(request, key), signal),
    list: (start, signal) => listed(asked, location, start, signal),
    read: (object, { bytes, signal } = {}) => asked(object.key, (request) => read(request, object.etag, bytes), signal),
    text: (key, signal) => asked(key, text, signal),
    write: (key, body, options) => asked(key, (request) => put(request, Buffer.from(body), options ?? {}), options?.signal),
    upload: (key, file, options) => asked(key, (request) => upload(request, file, options ?? {}), options?.signal),
    remove: (key, signal) =>
      asked(
        key,
        async ({ sdk, client, object, abort }) => void (await client.send(new sdk.DeleteObjectCommand(object), abort)),
        signal,
      ),
    async close() {
      if (connecting) (await connecting.catch(() => undefined))?.client.destroy();
    },
  };
}

type Asking<T> = (request: Asked) => Promise<T>;
type Ask = <T>(key: string, work: Asking<T>, signal?: AbortSignal) => Promise<T>;

async function head({ sdk, client, object, abort }: Asked, key: string): Promise<StoredObject | undefined> {
  const found = await client.send(new sdk.HeadObjectCommand(object), abort).catch(async (error: unknown) => {
    if (abort.abortSignal?.aborted === true) throw error;
    // An answer to HEAD has no words: a GET says whether the object is missing, the bucket, or the right to see them.
    const { Body } = await client.send(new sdk.GetObjectCommand(object), abort).catch((told: unknown) => {
      if (isMissing(told)) return { Body: undefined };
      throw told;
    });
    if (Body === undefined) return undefined;
    (Body as Readable).destroy();
    return client.send(new sdk.HeadObjectCommand(object), abort);
  });
  if (found === undefined) return undefined;
  return {
    key,
    bytes: found.ContentLength ?? 0,
    etag: found.ETag ?? '',
    modifiedAt: found.LastModified ?? new Date(0),
    metadata: found.Metadata ?? {},
  };
}

async function* listed(ask: Ask, location: Location, start: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
  const base = keyIn(location, '');
  let token: string | undefined;
  do {
    const page = await ask(
      start,
      ({ sdk, client, object, abort }) =>
        client.send(
          new sdk.ListObjectsV2Command({ Bucket: object.Bucket, Prefix: base + start, ContinuationToken: token }),
          abort,
        ),
      signal,
    );
    for (const { Key = '', Size = 0, ETag = '', LastModified = new Date(0) } of page.Contents ?? [])
      yield { key: Key.slice(base.length), bytes: Size, etag: ETag, modifiedAt: LastModified, metadata: {} };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function read({ sdk, client, object, abort }: Asked, etag: string, bytes?: number): Promise<Readable | undefined> {
  const range = bytes === undefined ? {} : { Range: `bytes=0-${bytes - 1}` };
  try {
    const { Body } = await client.send(new sdk.GetObjectCommand({ ...object, IfMatch: etag, ...range }), abort);
    return Body as Readable;
  } catch (error) {
    if (isUnmet(error) || isMissing(error)) return undefined;
    throw error;
  }
}

async function text({ sdk, client, object, abort }: Asked): Promise<{ text: string; etag: string } | undefined> {
  try {
    const { Body, ETag = '' } = await client.send(new sdk.GetObjectCommand(object), abort);
    return { text: (await Body?.transformToString('utf-8')) ?? '', etag: ETag };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function put({ sdk, client, object, abort }: Asked, body: Buffer, options: WriteOptions): Promise<string | undefined> {
  const { condition, metadata } = options;
  try {
    const { ETag = '' } = await client.send(
      new sdk.PutObjectCommand({ ...object, Body: body, Metadata: metadata, ...conditionOf(condition) }),
      abort,
    );
    return ETag;
  } catch (error) {
    if (condition !== undefined && (isUnmet(error) || isMissing(error))) return undefined;
    throw error;
  }
}

async function upload(request: Asked, file: string, options: WriteOptions): Promise<string | undefined> {
  const { size } = await stat(file);
  if (size <= PART_BYTES) return put(request, await readFile(file), options);
  return uploadParts(request, { file, bytes: size }, options);
}
