import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Column } from '../../core/dataset.js';
import { syncFolder } from './ledger.js';
import { takeLock } from './lock.js';

/** Its name, in the ledger's folder. */
export const MANIFEST_NAME = 'manifest.json';

/** One data file that loads have put in place. */
export interface DataFile {
  /** Relative to the folder that has the `_millrace` folder. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** In hex, of the file's bytes. */
  readonly sha256: string;
  /** The load that wrote it, and what it loaded. */
  readonly loadId: string;
  readonly content: string;
  /** Types in DuckDB's words. */
  readonly columns: readonly Pick<Column, 'name' | 'type'>[];
  /** ISO 8601, in UTC. */
  readonly committedAt: string;
}

/** What readers outside may go by: the files that make up the data beside it, each of one whole load. */
export interface TargetManifest {
  readonly version: 1;
  readonly updatedAt: string;
  /** In order of their paths. */
  readonly files: readonly DataFile[];
}

/** The manifest with a file in place of the one that had its path. */
export function withFile(manifest: TargetManifest | undefined, file: DataFile): TargetManifest {
  const others = manifest?.files.filter((each) => each.path !== file.path) ?? [];
  const files = [...others, file].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { version: 1, updatedAt: new Date().toISOString(), files };
}

/** Whether the manifest tells of this file already. */
export function tellsOf(manifest: TargetManifest | undefined, file: DataFile): boolean {
  const told = manifest?.files.find((each) => each.path === file.path);
  return told?.sha256 === file.sha256 && told.loadId === file.loadId && told.content === file.content;
}

/** Puts a file into the manifest of a folder, which is there in one version or the next, whole. Only who holds the file's lock may. */
export async function recordFile(ledger: string, file: DataFile, signal: AbortSignal): Promise<void> {
  const manifest = path.join(ledger, MANIFEST_NAME);
  const lock = await takeLock(`${manifest}.lock`, signal);
  try {
    const before = await readManifest(manifest);
    if (tellsOf(before, file)) return;
    const temporary = `${manifest}.tmp`;
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(withFile(before, file), null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, manifest);
    await syncFolder(ledger);
  } finally {
    await lock.release();
  }
}

/** The manifest of a folder, if it has one. */
export function readFolderManifest(ledger: string): Promise<TargetManifest | undefined> {
  return readManifest(path.join(ledger, MANIFEST_NAME));
}

async function readManifest(file: string): Promise<TargetManifest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as TargetManifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A data file's path as the manifest has it. */
export function pathInManifest(ledger: string, file: string): string {
  return path.posix.relative(path.posix.dirname(ledger), file);
}

/** Whether a name in a ledger's folder is that of an entry. */
export function isEntryName(name: string): boolean {
  return name.endsWith('.json') && name !== MANIFEST_NAME;
}
