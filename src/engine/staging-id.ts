import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../object-store/store.js';

/** The file, or object, with the id: whoever sees the same one works with the same staging, by whatever path. */
const NAME = 'staging-id';
const LOOKS = 20;
const BETWEEN_LOOKS_MS = 50;

/** The id of a staging folder; one without gets one. */
export async function folderStagingId(root: string): Promise<string> {
  const file = path.join(root, NAME);
  const made = newId();
  await mkdir(root, { recursive: true });
  try {
    await writeFile(file, made, { flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // Whoever makes it at this moment has not written yet.
  for (let look = 0; look < LOOKS; look += 1) {
    const found = (await readFile(file, 'utf8')).trim();
    if (isId(found)) return found;
    await sleep(BETWEEN_LOOKS_MS);
  }
  await writeFile(file, made);
  return made;
}

/** The id of staging in a bucket; one without gets one. */
export async function bucketStagingId(store: ObjectStore): Promise<string> {
  const found = await store.text(NAME);
  if (found && isId(found.text.trim())) return found.text.trim();
  await store.write(NAME, newId(), { condition: found ? { etag: found.etag } : { absent: true } });
  // Another worker may have been first.
  return (await store.text(NAME))?.text.trim() ?? newId();
}

function newId(): string {
  return randomBytes(4).toString('hex');
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}$/.test(text);
}
