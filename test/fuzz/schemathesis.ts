import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import { withFileLock } from '../../src/engine/file-lock.js';

const VERSION = '4.32.5';
const INSTALL_LIMIT_MS = 10 * 60_000;

/** Whether there is a Python to run the fuzzer with. */
export async function hasPython(): Promise<boolean> {
  return (await run('python3', ['-c', 'import venv, ensurepip'], 'ignore')) === 0;
}

/** The program `st`; fetched from PyPI into the cache when it is not there. */
export async function obtainSchemathesis(notice: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), `schemathesis-${VERSION}`);
  const program = join(folder, 'bin', 'st');
  await mkdir(cacheFolder(), { recursive: true });
  await withFileLock(`${folder}.lock`, INSTALL_LIMIT_MS, async () => {
    if (existsSync(join(folder, 'complete'))) return;
    notice(`Fetching schemathesis ${VERSION} from PyPI, once on this machine …`);
    // A folder of Python's cannot be moved once it is filled: a file in it says that it is whole.
    await rm(folder, { recursive: true, force: true });
    await succeed('python3', ['-m', 'venv', folder]);
    await succeed(join(folder, 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `schemathesis==${VERSION}`,
    ]);
    await mkdir(join(folder, 'complete.new'));
    await rename(join(folder, 'complete.new'), join(folder, 'complete'));
  });
  return program;
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const code = await run(command, args, 'inherit');
  if (code !== 0) throw new Error(`\`${command} ${args.join(' ')}\` ended with ${String(code)}: PyPI must be reachable, once.`);
}

/** Runs a program to its end and gives its exit code; `null` when there is no such program or it was killed. */
export function run(command: string, args: readonly string[], stdio: 'ignore' | 'inherit', cwd?: string): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', stdio, stdio], ...(cwd !== undefined && { cwd }) });
    child.once('error', () => resolve(null));
    child.once('exit', (code) => resolve(code));
  });
}
