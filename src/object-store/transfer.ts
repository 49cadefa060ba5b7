import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { TransientError, messageOf } from '../core/errors.js';
import type { ObjectStore, StoredObject } from './store.js';

/**
 * Downloads one version of an object into a new file. Gives false when the object has changed or gone.
 *
 * @throws TransientError CONNECTION_LOST when it breaks off
 */
export async function download(
  store: ObjectStore,
  object: Pick<StoredObject, 'key' | 'etag' | 'bytes'>,
  file: string,
  signal: AbortSignal,
): Promise<boolean> {
  const body = await store.read(object, { signal });
  if (body === undefined) return false;
  try {
    await pipeline(body, createWriteStream(file, { flags: 'wx' }), { signal });
    const { size } = await stat(file);
    if (size !== object.bytes) throw new Error(`${size} of ${object.bytes} bytes came`);
    return true;
  } catch (error) {
    await rm(file, { force: true });
    if (signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new TransientError(
      'CONNECTION_LOST',
      `The download of ${store.url(object.key)} broke off: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}
