import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TerminalError } from '../core/errors.js';
import { storeOptions, storeRoot } from '../object-store/options.js';
import { openStore, type ObjectStore } from '../object-store/store.js';
import type { ArchiveFiles } from './files.js';

/**
 * An archive in a bucket.
 *
 * @param scratch a folder on this machine, in which a file is written before it is uploaded
 * @throws TerminalError CONFIG_INVALID, which shows no value
 */
export function bucketFiles(root: string, s3: Readonly<Record<string, unknown>>, scratch: string): ArchiveFiles {
  const store = openArchiveStore(root, s3);
  return {
    root: store.url(),
    secrets: store.secrets,
    async write(key, content) {
      const file = path.join(scratch, `archive-${randomBytes(6).toString('hex')}`);
      try {
        await mkdir(scratch, { recursive: true });
        await pipeline(content, createWriteStream(file));
        await store.upload(key, file);
        return (await stat(file)).size;
      } finally {
        await rm(file, { force: true });
      }
    },
    async read(key) {
      const object = await store.head(key);
      return object && store.read(object);
    },
    async remove(key) {
      const there = (await store.head(key)) !== undefined;
      if (there) await store.remove(key);
      return there;
    },
    async *list() {
      for await (const { key, modifiedAt, bytes } of store.list('')) yield { key, changedMs: modifiedAt.getTime(), bytes };
    },
    close: () => store.close(),
  };
}

function openArchiveStore(root: string, s3: Readonly<Record<string, unknown>>): ObjectStore {
  const location = storeRoot.safeParse(root);
  const options = storeOptions.safeParse(s3);
  const problems = [
    ...(location.error?.issues ?? []).map((issue) => `archive.root: ${issue.message}`),
    ...(options.error?.issues ?? []).map((issue) => `${['archive.s3', ...issue.path].join('.')}: ${issue.message}`),
  ];
  if (location.success && options.success) return openStore({ location: location.data, options: options.data }, 'the archive');
  throw new TerminalError('CONFIG_INVALID', `The archive in a bucket is not configured right. ${problems.join('; ')}.`);
}
