import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';

/** The folder of what `millrace dev` keeps between two starts: databases and logs. One process holds it at a time. */
export interface DevFolder {
  readonly path: string;
  release(): void;
}

/**
 * Takes the dev folder of a project. A process that was killed while it held it does not matter.
 *
 * @throws TerminalError PORT_BUSY when `millrace dev` runs in that project already
 */
export function takeDevFolder(project: string): DevFolder {
  const folder = path.join(project, '.millrace', 'dev');
  const lock = path.join(folder, 'process-id');
  mkdirSync(folder, { recursive: true });
  const holder = readHolder(lock);
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
    throw new TerminalError(
      'PORT_BUSY',
      `\`millrace dev\` already runs in ${project} (process ${holder}). Use that one, or stop it with Ctrl-C in its window or \`kill ${holder}\`.`,
      { pid: holder },
    );
  }
  writeFileSync(lock, `${process.pid}`);
  return { path: folder, release: () => rmSync(lock, { force: true }) };
}

function readHolder(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return isNode(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The number may have been given to some other program since; where there is no /proc, it is taken for ours. */
function isNode(pid: number): boolean {
  try {
    return /node|npm/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return true;
  }
}
