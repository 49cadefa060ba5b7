import path from 'node:path';
import { groupBy } from '../core/group-by.js';
import type { Manifest } from '../core/manifest.js';
import type { StagedDataset } from '../core/staging-sweep.js';
import type { ObjectStore, StoredObject } from '../object-store/store.js';
import { isDeadAttempt, localPid } from './dead-attempts.js';
import { describeDataset, isoTime, type StagedAttempt, type StagingInventory } from './staging-inventory.js';
import { stagedFiles } from './staging-manifest.js';

/** The inventory of staging in a bucket. Attempts are named by the folder of their files: what no manifest names. */
export function bucketInventory(store: ObjectStore): StagingInventory {
  return {
    async datasets() {
      const found: StagedDataset[] = [];
      for (const [folder, objects] of await folders(store)) {
        const dataset = await describe(store, folder, objects);
        if (dataset) found.push(dataset);
      }
      return found.toSorted((a, b) => a.usedAt.localeCompare(b.usedAt));
    },
    async attempts() {
      const found: StagedAttempt[] = [];
      for (const [folder, objects] of await folders(store)) found.push(...(await attemptsIn(store, folder, objects)));
      return found;
    },
    removeDataset: (dataset) => removeDataset(store, dataset),
    async removeAttempt(name) {
      const folder = path.posix.dirname(name);
      // It may have been committed since it was listed.
      if ((await namedFiles(store, folder)).some((file) => file.startsWith(`${name}/`))) return;
      for await (const { key } of store.list(`${name}/`)) await store.remove(key);
    },
  };
}

/** All objects, by `datasets/ab/<key>`. */
async function folders(store: ObjectStore): Promise<ReadonlyMap<string, readonly StoredObject[]>> {
  const objects: StoredObject[] = [];
  for await (const object of store.list('datasets/')) if (object.key.split('/').length > 3) objects.push(object);
  return groupBy(objects, ({ key }) => key.split('/').slice(0, 3).join('/'));
}

async function describe(
  store: ObjectStore,
  folder: string,
  objects: readonly StoredObject[],
): Promise<StagedDataset | undefined> {
  const uri = `${folder}/manifest.json`;
  if (!objects.some(({ key }) => key === uri)) return undefined;
  const manifest = await readManifest(store, uri);
  const named = new Set([uri, `${folder}/used`, ...(manifest ? stagedFiles(manifest).map((file) => file.path) : [])]);
  const bytes = objects.filter(({ key }) => named.has(key)).reduce((sum, each) => sum + each.bytes, 0);
  return describeDataset(uri, manifest, { bytes, usedAt: usedAt(folder, objects) });
}

function usedAt(folder: string, objects: readonly StoredObject[]): string {
  const marks = objects.filter(({ key }) => key === `${folder}/manifest.json` || key === `${folder}/used`);
  return isoTime(Math.max(...marks.map(({ modifiedAt }) => modifiedAt.getTime())));
}

async function attemptsIn(store: ObjectStore, folder: string, objects: readonly StoredObject[]): Promise<StagedAttempt[]> {
  const inAttempts = objects.filter(({ key }) => key.split('/').length > 4);
  const byAttempt = groupBy(inAttempts, ({ key }) => key.split('/').slice(0, 4).join('/'));
  if (byAttempt.size === 0) return [];
  const hasManifest = objects.some(({ key }) => key === `${folder}/manifest.json`);
  const named = hasManifest ? await namedFiles(store, folder) : [];
  return [...byAttempt]
    .filter(([attempt]) => !named.some((file) => file.startsWith(`${attempt}/`)))
    .map(([attempt, files]) => {
      const name = path.posix.basename(attempt);
      return {
        name: attempt,
        bytes: files.reduce((sum, each) => sum + each.bytes, 0),
        changedAt: isoTime(Math.max(...files.map(({ modifiedAt }) => modifiedAt.getTime()))),
        dead: localPid(name) === undefined ? undefined : isDeadAttempt(name),
      };
    });
}

async function namedFiles(store: ObjectStore, folder: string): Promise<string[]> {
  const manifest = await readManifest(store, `${folder}/manifest.json`);
  return manifest ? stagedFiles(manifest).map((file) => file.path) : [];
}

/**
 * Takes the manifest away first, and puts it back when a step has marked the dataset as used meanwhile: the step marks, then
 * looks for the manifest. What is removed then are the files that were there before, never those of an attempt that makes the
 * dataset anew.
 */
async function removeDataset(
  store: ObjectStore,
  { uri, usedAt: before }: Pick<StagedDataset, 'uri' | 'usedAt'>,
): Promise<boolean> {
  const folder = path.posix.dirname(uri);
  const objects: StoredObject[] = [];
  for await (const object of store.list(`${folder}/`)) objects.push(object);
  const text = await store.text(uri);
  if (!text || usedAt(folder, objects) > before) return false;
  const mark = objects.find(({ key }) => key === `${folder}/used`)?.etag;
  await store.remove(uri);
  if ((await store.head(`${folder}/used`))?.etag !== mark) {
    await store.write(uri, text.text, { condition: { absent: true } });
    return false;
  }
  for (const { key } of objects) if (key !== uri) await store.remove(key);
  return true;
}

/** `undefined` for one that is gone or damaged. */
async function readManifest(store: ObjectStore, uri: string): Promise<Manifest | undefined> {
  const found = await store.text(uri);
  try {
    return found && (JSON.parse(found.text) as Manifest);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
