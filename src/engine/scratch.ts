import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { attemptName, removeDeadAttempts } from './dead-attempts.js';

/** A folder that is made when it is first asked for. */
export interface Scratch {
  folder(): Promise<string>;
  remove(): void;
}

const SCRATCH = 'scratch';

/** The path of a new folder below `spillDirectory`, told by `what`. Whoever makes it removes it; see {@link prepareScratch}. */
export function scratchFolder(spillDirectory: string, what: string): string {
  return path.join(placeOf(spillDirectory), attemptName(what));
}

/** Makes the place of all such folders, and removes those that killed processes of this host have left there. */
export async function prepareScratch(spillDirectory: string): Promise<void> {
  const place = placeOf(spillDirectory);
  await mkdir(place, { recursive: true });
  await removeDeadAttempts(place);
}

function placeOf(spillDirectory: string): string {
  return path.join(spillDirectory === '' ? os.tmpdir() : spillDirectory, SCRATCH);
}

/** A folder below `spillDirectory` for one session's files. */
export function openScratch(spillDirectory: string): Scratch {
  let own: string | undefined;
  let making: Promise<string> | undefined;
  const make = async (folder: string): Promise<string> => {
    await prepareScratch(spillDirectory);
    await mkdir(folder);
    return folder;
  };
  return {
    folder: () => (making ??= make((own = scratchFolder(spillDirectory, 'session')))),
    remove() {
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}
