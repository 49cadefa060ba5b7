import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Manifest } from '../core/manifest.js';
import type { StagedDataset } from '../core/staging-sweep.js';
import { attemptName, isDeadAttempt, localPid } from './dead-attempts.js';

/** What an attempt of a step has written and not committed. */
export interface StagedAttempt {
  /** The folder's name. */
  readonly name: string;
  readonly bytes: number;
  /** ISO: when something in it last changed. */
  readonly changedAt: string;
  /** Whether its process on this host is gone; `undefined` for a process of another host, of which nothing is known here. */
  readonly dead: boolean | undefined;
}

/** What staging holds, for those who look at it and clean it up. */
export interface StagingInventory {
  /** Every dataset, the one used longest ago first. */
  datasets(): Promise<StagedDataset[]>;
  /** Everything that an attempt has written and not committed: at work, dead, or of another host. */
  attempts(): Promise<StagedAttempt[]>;
  /**
   * Removes a dataset, unless a step has used it since it was listed. It is gone for readers at once, wholly.
   * Gives whether it was removed.
   */
  removeDataset(dataset: Pick<StagedDataset, 'uri' | 'usedAt'>): Promise<boolean>;
  /** Removes what an attempt has left. */
  removeAttempt(name: string): Promise<void>;
}

/** The inventory of a staging folder. */
export function folderInventory(root: string): StagingInventory {
  return {
    datasets: () => listDatasets(root),
    attempts: () => listStagedAttempts(root),
    removeDataset: (dataset) => removeDataset(root, dataset),
    removeAttempt: (name) => removeAttempt(root, name),
  };
}

/** Every dataset in a staging folder, the one used longest ago first. */
export async function listDatasets(root: string): Promise<StagedDataset[]> {
  const found: StagedDataset[] = [];
  for (const group of await namesIn(path.join(root, 'datasets'))) {
    const keys = await namesIn(path.join(root, 'datasets', group));
    const datasets = await Promise.all(keys.map((key) => describe(root, `datasets/${group}/${key}`)));
    found.push(...datasets.filter((dataset) => dataset !== undefined));
  }
  return found.toSorted((a, b) => a.usedAt.localeCompare(b.usedAt));
}

/** Every attempt that has a folder: at work, dead, or of another host. */
export async function listStagedAttempts(root: string): Promise<StagedAttempt[]> {
  const folder = path.join(root, 'attempts');
  const attempts = (await namesIn(folder)).map(async (name) => {
    const { bytes, changedMs } = await measure(path.join(folder, name));
    const local = localPid(name) !== undefined;
    return { name, bytes, changedAt: isoTime(changedMs), dead: local ? isDeadAttempt(name) : undefined };
  });
  return Promise.all(attempts);
}

/**
 * Removes a dataset, unless a step has used it since it was listed. It is gone for readers at once, wholly.
 * Gives whether it was removed.
 */
export async function removeDataset(root: string, { uri, usedAt }: Pick<StagedDataset, 'uri' | 'usedAt'>): Promise<boolean> {
  const folder = path.join(root, path.posix.dirname(uri));
  const aside = path.join(root, 'attempts', attemptName('removed'));
  const used = await usedTime(path.join(folder, 'manifest.json'));
  if (used === undefined || used > usedAt) return false;
  await mkdir(path.dirname(aside), { recursive: true });
  await rename(folder, aside);
  // A step may have found it between the look and the move: it says so by the manifest's time.
  if ((await usedTime(path.join(aside, 'manifest.json'))) !== used) {
    await rename(aside, folder);
    return false;
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** Removes what an attempt has left. */
export async function removeAttempt(root: string, name: string): Promise<void> {
  await rm(path.join(root, 'attempts', name), { recursive: true, force: true });
}

async function describe(root: string, folder: string): Promise<StagedDataset | undefined> {
  const uri = `${folder}/manifest.json`;
  const usedAt = await usedTime(path.join(root, uri));
  if (usedAt === undefined) return undefined;
  const { bytes } = await measure(path.join(root, folder));
  return describeDataset(uri, await readManifest(path.join(root, uri)), { bytes, usedAt });
}

/** A dataset as the inventory shows it. */
export function describeDataset(
  uri: string,
  manifest: Manifest | undefined,
  { bytes, usedAt }: Pick<StagedDataset, 'bytes' | 'usedAt'>,
): StagedDataset {
  if (!manifest) return { uri, name: '(damaged)', rows: null, bytes, createdAt: usedAt, usedAt, rejectedRows: 0, reads: [] };
  const folder = path.posix.dirname(uri);
  const { name, rows, createdAt, verdict } = manifest;
  const ownRejects = verdict?.rejects?.startsWith(`${folder}/`) === true;
  return {
    uri,
    name,
    rows,
    bytes,
    createdAt,
    usedAt,
    rejectedRows: ownRejects ? verdict.rejected : 0,
    reads: readsOf(manifest, folder),
  };
}

/** The datasets in whose folders files of this one are. */
export function readsOf({ parts, verdict }: Manifest, own: string): string[] {
  const files = [...parts.flatMap((part) => [part.path, part.deletes, part.places]), verdict?.rejects];
  const folders = files.flatMap((file) => (file?.startsWith('datasets/') ? [file.split('/').slice(0, 3).join('/')] : []));
  return [...new Set(folders)].filter((folder) => folder !== own).map((folder) => `${folder}/manifest.json`);
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

async function usedTime(manifest: string): Promise<string | undefined> {
  return stat(manifest).then(
    ({ mtimeMs }) => isoTime(mtimeMs),
    () => undefined,
  );
}

async function measure(folder: string): Promise<{ readonly bytes: number; readonly changedMs: number }> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const stats = await Promise.all(
    [folder, ...files.map((file) => path.join(folder, file))].map((file) => stat(file).catch(() => undefined)),
  );
  const there = stats.filter((found) => found !== undefined);
  return {
    bytes: there.filter((found) => found.isFile()).reduce((sum, { size }) => sum + size, 0),
    changedMs: Math.max(0, ...there.map(({ mtimeMs }) => mtimeMs)),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted((a, b) => a.localeCompare(b));
}

export function isoTime(ms: number): string {
  return new Date(Math.floor(ms)).toISOString();
}
