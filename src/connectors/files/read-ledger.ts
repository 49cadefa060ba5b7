import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerLoad } from '../contract.js';
import { translateFileError } from './errors.js';
import { doneOf, LEDGER_FOLDER, type LedgerEntry } from './ledger.js';
import { isEntryName } from './manifest.js';

/** Every load of files below `root` that is done, as the ledgers beside the data tell, by folder. */
export async function* readLedger(connection: string, root: string): AsyncGenerator<LedgerLoad> {
  try {
    for await (const folder of ledgerFolders(root)) {
      for (const name of (await readdir(folder)).filter(isEntryName).toSorted()) {
        const entry = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as LedgerEntry;
        const done = doneOf(folder, entry);
        if (done) yield toLoad(done, connection);
      }
    }
  } catch (error) {
    throw translateFileError(error, { connection, path: '.' });
  }
}

/** The folders that hold ledgers, below a folder. */
export async function* ledgerFolders(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.filter((each) => each.isDirectory()).toSorted((a, b) => a.name.localeCompare(b.name))) {
    const inside = path.join(folder, entry.name);
    if (entry.name === LEDGER_FOLDER) yield inside;
    else yield* ledgerFolders(inside);
  }
}

export function toLoad(entry: Omit<LedgerEntry, 'temporary' | 'earlier'>, connection: string): LedgerLoad {
  const { loadId, content, mode, pipeline, step, partition, workflowId, runId, rows, watermark, at, changes } = entry;
  return {
    loadId,
    content,
    target: `${connection}.${entry.target}`,
    mode,
    pipeline,
    step,
    ...(partition !== undefined && { partition }),
    workflowId,
    runId,
    rows,
    ...(watermark && { watermark }),
    committedAt: at,
    ...(changes && { changes }),
  };
}
