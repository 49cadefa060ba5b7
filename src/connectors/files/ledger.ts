import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { StoredWatermark } from '../../core/cursor.js';
import type { Column } from '../../core/dataset.js';
import type { LoadMode, SchemaChange } from '../../core/load.js';

/** The folder, beside the data, that holds the ledger and unfinished files. Readers' patterns leave it out. */
export const LEDGER_FOLDER = '_millrace';

/**
 * One load of a folder. It is written before the data file appears and again after, because two files cannot change at
 * once: what decides is whether the temporary file named here has been renamed away. `prepared` with its temporary file
 * still there means not done; without it, done.
 */
export interface LedgerEntry {
  readonly loadId: string;
  readonly content: string;
  readonly rows: number;
  readonly target: string;
  readonly mode: LoadMode;
  readonly pipeline: string;
  readonly step: string;
  readonly partition?: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly state: 'prepared' | 'committed';
  /** Name of the temporary file, in the ledger's folder. */
  readonly temporary: string;
  /** Of the data file, as for {@link DataFile}. */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly columns?: readonly Pick<Column, 'name' | 'type'>[];
  /** The data file, relative to the folder the ledger is in. */
  readonly file: string;
  readonly at: string;
  readonly watermark?: StoredWatermark;
  /** What stands while this is only prepared: the same load as it was made before, with other content. */
  readonly earlier?: LedgerEntry;
  /** How the columns changed with the load. @default none */
  readonly changes?: readonly SchemaChange[];
}

/** A short name made from texts, fit for a file. */
export function shortHash(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 24);
}

/** The entry that counts: this one, what it is to take the place of, or none. */
export function doneOf(folder: string, entry: LedgerEntry): LedgerEntry | undefined {
  return entry.state === 'committed' || !existsSync(path.join(folder, entry.temporary)) ? entry : entry.earlier;
}

/**
 * The entry of a load that is done, if it is. `load` is {@link shortHash} of target and load id. Only who holds the lock
 * of the data file may ask.
 */
export async function findDone(folder: string, load: string): Promise<LedgerEntry | undefined> {
  const text = await readFile(entryPath(folder, load), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  return doneOf(folder, JSON.parse(text) as LedgerEntry);
}

/** Takes away what attempts of this load that were killed have left. The entry goes first, see {@link LedgerEntry}. */
export async function removeLeftovers(folder: string, load: string, done: LedgerEntry | undefined): Promise<void> {
  if (done === undefined) await rm(entryPath(folder, load), { force: true });
  const leftovers = (await readdir(folder)).filter((file) => file.startsWith(`${load}-`) && file.endsWith('.tmp'));
  // Without its temporary file an entry that was only prepared would count as done.
  if (done !== undefined && leftovers.length > 0) await writeEntry(folder, load, { ...done, state: 'committed' });
  for (const file of leftovers) await rm(path.join(folder, file), { force: true });
}

function entryPath(folder: string, load: string): string {
  return path.join(folder, `${load}.json`);
}

/** Writes an entry whole or not at all, and to the disk. */
export async function writeEntry(folder: string, load: string, entry: LedgerEntry): Promise<void> {
  const temporary = path.join(folder, `${load}-entry.tmp`);
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(JSON.stringify(entry, null, 2));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, entryPath(folder, load));
  await syncFolder(folder);
}

/** Makes renames within a folder lasting. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
