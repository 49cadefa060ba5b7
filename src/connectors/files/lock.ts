import { randomBytes } from 'node:crypto';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a holder shows that it lives, and after how long of silence a lock counts as left behind. */
const BEAT_MS = 2_000;
const SILENCE_MS = 30_000;

/** A held lock. */
export interface FolderLock {
  /** Whether it is still this holder's: a process that slept too long may have lost it. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Takes the lock file, waiting for whoever has it. A holder that was killed is noticed at once on this machine, by its
 * process id, and within 30 seconds from another one. Rejects with the signal's reason when it aborts.
 */
export async function takeLock(file: string, signal: AbortSignal): Promise<FolderLock> {
  const owner = `${hostname()} ${process.pid} ${randomBytes(8).toString('hex')}`;
  while (!(await tryTake(file, owner))) {
    signal.throwIfAborted();
    if (await isAbandoned(file)) await rm(file, { force: true });
    else await sleep(50);
  }
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  const isHeld = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) === owner;
  return {
    isHeld,
    async release() {
      clearInterval(beat);
      if (await isHeld()) await rm(file, { force: true });
    },
  };
}

async function tryTake(file: string, owner: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(owner);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [owner, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    if (Date.now() - mtimeMs > SILENCE_MS) return true;
    const [host, pid] = owner.split(' ');
    return host === hostname() && !isAlive(Number(pid));
  } catch (error) {
    // Released in this moment.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
