import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Checkpoint } from '../connectors/contract.js';
import { MAX_REFERENCE_BYTES, type DatasetRef } from '../core/dataset.js';
import { TerminalError, TransientError } from '../core/errors.js';
import type { Manifest, Part } from '../core/manifest.js';
import { resolvePath } from './dataset-sql.js';
import { fileSize, hashFile, writeDurably } from './durable-files.js';
import { removeDeadAttempts } from './dead-attempts.js';

/** What a step knows of its dataset when the work is done; staging adds sizes, hashes and the time. */
export type DraftManifest = Omit<Manifest, 'version' | 'key' | 'content' | 'createdAt' | 'bytes' | 'schema'>;

/** A folder of one attempt. Nothing in it is visible to anyone until it is committed. */
export interface StagingAttempt {
  /** Absolute; empty at the beginning. */
  readonly directory: string;
  /** Makes the dataset visible, all at once. When another attempt was first, its dataset is the one that counts. */
  commit(draft: DraftManifest): Promise<StagedDataset>;
  /** Removes what the attempt wrote. Harmless after `commit`. */
  abandon(): Promise<void>;
}

export interface StagedDataset {
  readonly manifest: Manifest;
  readonly uri: string;
}

/** Datasets in a folder, each under the key of what made it. */
export interface Staging {
  readonly root: string;
  find(key: string): Promise<StagedDataset | undefined>;
  /** @throws TerminalError STAGING_MISSING when the dataset is gone */
  read(uri: string): Promise<Manifest>;
  begin(key: string, checkpoint: Checkpoint): Promise<StagingAttempt>;
  /** Every dataset that is there, by its manifest alone, in order of the keys; `onDamaged` is told of manifests that cannot be read. */
  list(onDamaged?: (uri: string) => void): AsyncIterable<StagedDataset>;
}

/**
 * Opens the staging folder. A dataset is `datasets/<2 hex>/<key>/`, made elsewhere and renamed into place, so that it is
 * there wholly or not at all.
 */
export function openStaging(root: string): Staging {
  return {
    root,
    find: (key) => findWhole(root, key),
    list: (onDamaged) => listStaged(root, onDamaged),
    begin: (key, checkpoint) => onDisk(root, () => beginAttempt(root, key, checkpoint)),
    async read(uri) {
      const manifest = await readManifest(root, uri);
      if (manifest) return manifest;
      throw new TerminalError(
        'STAGING_MISSING',
        `The dataset ${uri} is no longer in staging (${root}). Retry the run from the step that made it.`,
      );
    },
  };
}

async function beginAttempt(root: string, key: string, checkpoint: Checkpoint): Promise<StagingAttempt> {
  const attempts = path.join(root, 'attempts');
  await removeDeadAttempts(attempts);
  const directory = path.join(attempts, attemptName(key));
  await mkdir(directory, { recursive: true });
  const abandon = (): Promise<void> => rm(directory, { recursive: true, force: true });
  return {
    directory,
    abandon,
    async commit(draft) {
      const manifest = await complete(draft, key, root, directory);
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

async function isWhole(root: string, { parts, verdict }: Manifest): Promise<boolean> {
  const isStaged = (file: string | undefined): file is string => file !== undefined && !path.isAbsolute(file);
  const size = (file: string): Promise<number> => fileSize(path.join(root, file)).catch(() => -1);
  const whole = parts.filter((part) => isStaged(part.path)).map(async (part) => (await size(part.path)) === part.bytes);
  const beside = [...parts.map((part) => part.deletes), verdict?.rejects].filter(isStaged);
  const there = beside.map(async (file) => (await size(file)) > 0);
  return (await Promise.all([...whole, ...there])).every(Boolean);
}

// Host and process come first: by them the attempts of dead processes are known.
function attemptName(key: string): string {
  return `${os.hostname()}-${process.pid}-${key.slice(0, 12)}-${randomBytes(6).toString('hex')}`;
}

function manifestUri(key: string): string {
  return `${datasetFolder(key)}/manifest.json`;
}

/** The small reference by which a workflow knows the dataset. @throws TerminalError REFERENCE_TOO_LARGE */
export function referenceTo({ manifest, uri }: StagedDataset): DatasetRef {
  const reference: DatasetRef = {
    name: manifest.name,
    uri,
    rows: manifest.rows,
    bytes: manifest.bytes,
    content: manifest.content,
    schema: manifest.schema,
    ...(manifest.contract && { contract: manifest.contract.name }),
    parents: manifest.parents.map((parent) => parent.content.slice(0, 16)),
    ...(manifest.range && { range: manifest.range }),
  };
  const size = Buffer.byteLength(JSON.stringify(reference));
  if (size > MAX_REFERENCE_BYTES) {
    throw new TerminalError(
      'REFERENCE_TOO_LARGE',
      `The reference to dataset "${manifest.name}" has ${size} bytes; at most ${MAX_REFERENCE_BYTES} may enter a run's history. Use fewer inputs or shorter names.`,
    );
  }
  return reference;
}

function datasetFolder(key: string): string {
  return `datasets/${key.slice(0, 2)}/${key}`;
}

async function complete(draft: DraftManifest, key: string, root: string, directory: string): Promise<Manifest> {
  const settle = (relative: string): string =>
    relative.startsWith('./') ? `${datasetFolder(key)}/${relative.slice(2)}` : relative;
  const now = (relative: string): string =>
    relative.startsWith('./') ? path.join(directory, relative) : resolvePath(root, relative);
  const hash = createHash('sha256').update(JSON.stringify([draft.filter ?? null, draft.columns]));
  // The same rows as another slice of the source are another dataset: what is loaded from it moves a watermark elsewhere.
  if (draft.range) hash.update(JSON.stringify(draft.range));
  const parts: Part[] = [];
  let bytes = 0;
  for (const part of draft.parts) {
    const staged = part.path.startsWith('./');
    const fingerprint = staged && !/^[0-9a-f]{64}$/.test(part.fingerprint) ? await hashFile(now(part.path)) : part.fingerprint;
    const deletes = part.deletes === undefined ? undefined : await hashFile(now(part.deletes));
    // Data in place has no content hash of its own, so its path belongs to its identity.
    hash.update(JSON.stringify([path.isAbsolute(part.path) ? part.path : null, fingerprint, deletes ?? null]));
    const size = staged ? await fileSize(now(part.path)) : part.bytes;
    bytes += size;
    parts.push({
      ...part,
      path: settle(part.path),
      bytes: size,
      fingerprint,
      ...(part.deletes !== undefined && { deletes: settle(part.deletes) }),
    });
  }
  const schema = createHash('sha256')
    .update(JSON.stringify(draft.columns.map((column) => [column.name, column.type])))
    .digest('hex')
    .slice(0, 16);
  const verdict = draft.verdict && {
    ...draft.verdict,
    ...(draft.verdict.rejects !== undefined && { rejects: settle(draft.verdict.rejects) }),
  };
  return {
    version: 1,
    ...draft,
    ...(verdict && { verdict }),
    parts,
    key,
    content: hash.digest('hex'),
    createdAt: new Date().toISOString(),
    bytes,
    schema,
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
