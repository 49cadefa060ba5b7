import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './live-process.js';

/**
 * Runs `work` while holding a lock file, so that processes of one machine do something one at a time. A lock left by a
 * process that has died, or older than `staleMs`, is taken over.
 */
export async function withFileLock<T>(file: string, staleMs: number, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(file))) {
    if (await isStale(file, staleMs)) await rm(file, { force: true });
    else await sleep(100);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(file: string, staleMs: number): Promise<boolean> {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    if (Date.now() - mtimeMs > staleMs) return true;
    // The owner writes its id right after it has made the file.
    return content === '' ? Date.now() - mtimeMs > 5_000 : !isAlive(Number(content));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
