import { randomBytes } from 'node:crypto';
import { TerminalError } from '../core/errors.js';
import type { ObjectStore } from './store.js';

/** Buckets, with their server, of which this process knows. */
const proven = new Map<string, Promise<void>>();

/**
 * Proves, once a process and bucket, that the server heeds conditions of writes: what makes loads and staged datasets appear
 * once. One that does not know them takes the header for nothing, so it is tried with an object that is removed again.
 *
 * @throws TerminalError CAPABILITY_MISSING
 */
export function requireConditionalWrites(store: ObjectStore, folder: string): Promise<void> {
  const { location, options } = store.place;
  const name = `${options.endpoint ?? ''} ${location.bucket}`;
  const proving = proven.get(name) ?? prove(store, folder);
  proven.set(name, proving);
  proving.catch(() => proven.delete(name));
  return proving;
}

async function prove(store: ObjectStore, folder: string): Promise<void> {
  const key = `${folder}/probe-${randomBytes(8).toString('hex')}`;
  const first = await store.write(key, 'first', { condition: { absent: true } });
  // Sent again because its answer was lost, a request meets what it wrote itself.
  if (first === undefined) return prove(store, folder);
  try {
    const twice = await store.write(key, 'twice', { condition: { absent: true } });
    const stale = await store.write(key, 'stale', { condition: { etag: '"00000000000000000000000000000000"' } });
    const fresh = await store.write(key, 'fresh', { condition: { etag: first } });
    if (twice === undefined && stale === undefined && fresh !== undefined) return;
  } finally {
    await store.remove(key);
  }
  const server = store.place.options.endpoint ?? 'Amazon S3';
  throw new TerminalError(
    'CAPABILITY_MISSING',
    `${server} does not heed If-None-Match and If-Match when it writes into ${store.url()}. Without them two attempts of a load cannot be kept from doubling it: use a server that does, as Amazon S3, MinIO and versitygw do, or a folder.`,
  );
}
