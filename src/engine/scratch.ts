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

/** The path of a new folder below `spillDirectory`, told by `what`. Whoever makes it removes it; what a killed process leaves, the next one. */
export function scratchFolder(spillDirectory: string, what: string): string {
  return path.join(spillDirectory, SCRATCH, attemptName(what));
}

/** A folder below `spillDirectory` for one session's files. What killed processes of this host have left there goes first. */
export function openScratch(spillDirectory: string): Scratch {
  const all = path.join(spillDirectory === '' ? os.tmpdir() : spillDirectory, SCRATCH);
  let own: string | undefined;
  let making: Promise<string> | undefined;
  const make = async (folder: string): Promise<string> => {
    await removeDeadAttempts(all);
    await mkdir(folder, { recursive: true });
    return folder;
  };
  return {
    folder: () => (making ??= make((own = path.join(all, attemptName('session'))))),
    remove() {
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}
