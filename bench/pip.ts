import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../src/core/errors.js';
import { runBounded } from '../src/engine/bounded-process.js';

const LIMIT_MS = 300_000;

/**
 * A folder with packages from PyPI, installed on first use; for `PYTHONPATH`.
 *
 * @param otherwise what to do where they can't be had
 * @throws TerminalError TOOL_MISSING
 */
export async function obtainPackages(
  folder: string,
  requirements: readonly string[],
  notice: (line: string) => void,
  otherwise = '',
): Promise<string> {
  if (existsSync(folder)) return folder;
  notice(`Fetching ${requirements.join(', ')} from PyPI …`);
  await madeWhole(folder, async (scratch) => {
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--target', scratch];
    const result = await runBounded('python3', ['-m', 'pip', 'install', ...options, ...requirements], { limitMs: LIMIT_MS });
    if (result.ok) return;
    throw new TerminalError(
      'TOOL_MISSING',
      `${requirements.join(', ')} could not be installed with \`python3 -m pip\`: ${result.reason}. ` +
        `Install Python 3 with pip and let this machine reach PyPI${otherwise}.`,
    );
  });
  return folder;
}

/** Lets `make` fill a folder beside the wanted one, which then appears whole or not at all. */
export async function madeWhole(folder: string, make: (scratch: string) => Promise<void>): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const scratch = await mkdtemp(`${folder}.`);
  try {
    await make(scratch);
    if (!existsSync(folder)) await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
