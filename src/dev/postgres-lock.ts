import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TerminalError } from '../core/errors.js';

const WAIT_MS = 2_000;

/**
 * Makes sure that no PostgreSQL works in the data folder, and takes away what a killed one left: PostgreSQL itself
 * refuses to start when the number in its lock file has meanwhile been given to some other program of the same user.
 *
 * @throws TerminalError PORT_BUSY when a PostgreSQL still works there after 2 s
 */
export async function claimDataFolder(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  const deadline = Date.now() + WAIT_MS;
  while (true) {
    const pid = readPid(file);
    if (pid === undefined) return;
    if (!isPostgres(pid)) return rmSync(file, { force: true });
    if (Date.now() > deadline) {
      throw new TerminalError(
        'PORT_BUSY',
        `Another PostgreSQL (process ${pid}) works in ${folder}: is \`millrace dev\` running in another window? Stop it there, or end it with \`kill -INT ${pid}\`.`,
        { pid },
      );
    }
    await sleep(100);
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isPostgres(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).includes('postgres');
  } catch {
    return false;
  }
}
