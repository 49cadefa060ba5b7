import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TerminalError } from '../core/errors.js';

/** The user a server runs as when we are root. */
export interface OtherUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root: gives the user to run it as then (`postgres` where there is one, else `nobody`), and
 * `null` for an ordinary user, who runs it as himself.
 *
 * @throws TerminalError TOOL_MISSING when we are root and neither user exists
 */
export function postgresUser(): OtherUser | null {
  if (process.getuid?.() !== 0) return null;
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (user) return user;
  throw new TerminalError(
    'TOOL_MISSING',
    'PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody` to run it as. Start as an ordinary user, or add one with `useradd postgres`.',
  );
}

/** Whether any user may walk down to the folder: a clone below /root can't be reached by `postgres`. */
export function isReachable(folder: string): boolean {
  let current = resolve(folder);
  while (true) {
    const mode = statSync(current, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & 0o001) === 0) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

/**
 * A folder outside of anybody's home, made by root, for what another user must reach.
 *
 * @throws TerminalError FILE_DENIED when somebody else made it: files in it could be theirs
 */
export function sharedFolder(): string {
  const folder = join('/var/tmp', 'millrace-root');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (lstatSync(folder).uid !== process.getuid?.() || !lstatSync(folder).isDirectory()) {
    throw new TerminalError(
      'FILE_DENIED',
      `${folder} belongs to another user. Remove it, or start Millrace as an ordinary user.`,
    );
  }
  return folder;
}

function lookUp(name: string): OtherUser | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
