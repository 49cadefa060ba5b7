import { mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Checkpoint } from '../connectors/contract.js';
import { TerminalError, TransientError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { hashFile } from '../disk/hash-file.js';
import { attemptName, removeDeadAttempts } from './dead-attempts.js';
import { fileSize, folderBytes, writeDurably } from './durable-files.js';
import type { StagedDataset, Staging, StagingAttempt } from './staging.js';
import { folderStagingId } from './staging-id.js';
import { folderInventory } from './staging-inventory.js';
import { complete, datasetFolder, isOwn, manifestUri, stagedFiles, type AttemptFiles } from './staging-manifest.js';

/**
 * Opens the staging folder. A dataset is `datasets/<2 hex>/<key>/`, made elsewhere and renamed into place, so that it is
 * there wholly or not at all.
 */
export function openFolderStaging(root: string): Staging {
  return {
    root,
    secrets: [],
    id: () => folderStagingId(root),
    inventory: folderInventory(root),
    usedBytes: async () => (await folderBytes(path.join(root, 'datasets'))) + (await folderBytes(path.join(root, 'attempts'))),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
    find: (key) => findWhole(root, key),
    list: (onDamaged) => listStaged(root, onDamaged),
    begin: (key, checkpoint) => onDisk(root, () => beginAttempt(root, key, checkpoint)),
    async read(uri) {
      const manifest = await readManifest(root, uri);
      if (manifest) return manifest;
      throw new TerminalError(
        'STAGING_MISSING',
        `The dataset ${uri} is no longer in staging (${root}). Retry the run from the step that made it.`,
        { dataset: uri },
      );
    },
  };
}

async function beginAttempt(root: string, key: string, checkpoint: Checkpoint): Promise<StagingAttempt> {
  const attempts = path.join(root, 'attempts');
  await removeDeadAttempts(attempts);
  const directory = path.join(attempts, attemptName(key));
  await mkdir(directory, { recursive: true });
  let kept = false;
  const abandon = async (): Promise<void> => {
    if (!kept) await rm(directory, { recursive: true, force: true });
  };
  return {
    directory,
    abandon,
    keep: () => void (kept = true),
    async commit(draft) {
      const manifest = await complete(draft, key, filesOf(root, key, directory));
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      await onDisk(root, () => writeDurably(path.join(directory, 'manifest.json'), text));
      await checkpoint('staging.before-rename');
      if (await onDisk(root, () => moveInto(directory, path.join(root, datasetFolder(key)))))
        return { manifest, uri: manifestUri(key) };
      await abandon();
      const first = await findWhole(root, key);
      if (first) return first;
      throw new TransientError(
        'INTERRUPTED',
        `The dataset folder ${datasetFolder(key)} was there and is not whole; the step is tried again.`,
      );
    },
  };
}

/** Does something in the staging folder. @throws TerminalError STAGING_FULL, FILE_DENIED for what the system refuses there */
async function onDisk<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new TerminalError(
        'STAGING_FULL',
        `The disk of the staging folder ${root} is full (${code}). Free space there, then retry the run.`,
      );
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new TerminalError(
        'FILE_DENIED',
        `The operating system refuses to write into the staging folder ${root} (${code}). Give the worker's user the right to it.`,
      );
    }
    throw error;
  }
}

async function* listStaged(root: string, onDamaged?: (uri: string) => void): AsyncGenerator<StagedDataset> {
  for (const shelf of await foldersIn(path.join(root, 'datasets'))) {
    for (const key of await foldersIn(path.join(root, 'datasets', shelf))) {
      const uri = manifestUri(key);
      const manifest = await readManifest(root, uri).catch(() => onDamaged?.(uri));
      if (manifest) yield { manifest, uri };
    }
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readManifest(root: string, uri: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(path.join(root, uri), 'utf8')) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The dataset of a key, if its files are there in full. What is left of one that a crash or somebody has cut into is moved away. */
async function findWhole(root: string, key: string): Promise<StagedDataset | undefined> {
  const manifest = await readManifest(root, manifestUri(key));
  if (!manifest) return undefined;
  if (await isWhole(root, manifest)) {
    if (await markUsed(root, key)) return { manifest, uri: manifestUri(key) };
    return undefined;
  }
  const remains = path.join(root, 'attempts', attemptName(key));
  await moveInto(path.join(root, datasetFolder(key)), remains);
  await rm(remains, { recursive: true, force: true });
  return undefined;
}

/** The manifest's time tells who cleans up that the dataset is in use. Gives false when it has been removed meanwhile. */
async function markUsed(root: string, key: string): Promise<boolean> {
  const now = new Date();
  return utimes(path.join(root, manifestUri(key)), now, now).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

async function isWhole(root: string, manifest: Manifest): Promise<boolean> {
  const whole = stagedFiles(manifest).map(async ({ path: file, bytes }) => {
    const size = await fileSize(path.join(root, file)).catch(() => -1);
    return bytes === undefined ? size > 0 : size === bytes;
  });
  return (await Promise.all(whole)).every(Boolean);
}

function filesOf(root: string, key: string, directory: string): AttemptFiles {
  const now = (file: string): string => path.join(isOwn(file) ? directory : root, file);
  return {
    settle: (own) => `${datasetFolder(key)}/${own.slice(2)}`,
    hash: (file) => hashFile(now(file)),
    size: (own) => fileSize(now(own)),
  };
}

async function moveInto(from: string, to: string): Promise<boolean> {
  await mkdir(path.dirname(to), { recursive: true });
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}
