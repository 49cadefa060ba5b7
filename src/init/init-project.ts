import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import { packageManifest, type ResultsPlace } from './package-manifest.js';

export interface InitResult {
  /** Absolute. */
  readonly directory: string;
  /** What was written, relative to the folder. */
  readonly written: readonly string[];
  /** What was there and stayed as it is. */
  readonly kept: readonly string[];
}

/** Files that a folder may have before, as one that came from a code host does. */
const MAY_STAY = new Set(['README.md', '.gitignore']);

const RESULTS: Readonly<Record<ResultsPlace, string>> = {
  files: '`out/daily-sales.csv`',
  postgres: 'the table `daily_sales` of the database in `RESULTS_URL`, which `npm run dev` starts',
};

/**
 * Writes a small project that type-checks, tests and runs. Nothing is overwritten: a `package.json` that is there gets what
 * it lacks, a README.md and a .gitignore stay.
 *
 * @throws TerminalError FILES_EXIST naming every file that is in the way; then nothing was written
 */
export async function initProject(directory: string, to: ResultsPlace): Promise<InitResult> {
  const templates = path.join(path.dirname(createRequire(import.meta.url).resolve('millrace/package.json')), 'templates');
  const name = packageName(directory);
  const files = new Map<string, string>([['package.json', packageManifest(directory, name, to)]]);
  for (const folder of ['project', `to-${to}`]) {
    for (const file of filesIn(path.join(templates, folder))) {
      const text = readFileSync(path.join(templates, folder, file), 'utf8');
      // npm leaves a file of that name out of packages.
      const target = file === 'gitignore' ? '.gitignore' : file;
      files.set(target, text.replaceAll('{name}', name).replaceAll('{results}', RESULTS[to]));
    }
  }
  const kept = [...files.keys()].filter((file) => MAY_STAY.has(file) && existsSync(path.join(directory, file)));
  for (const file of kept) files.delete(file);
  refuseExisting(directory, [...files.keys()]);
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), text);
  }
  return { directory, written: [...files.keys()].toSorted(), kept };
}

function refuseExisting(directory: string, files: readonly string[]): void {
  const existing = files.filter((file) => file !== 'package.json' && existsSync(path.join(directory, file)));
  if (existing.length === 0) return;
  throw new TerminalError(
    'FILES_EXIST',
    `${directory} already has ${existing.join(', ')}. Nothing was written. Choose another folder, or move them away.`,
  );
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** The folder's name, as npm takes names. */
function packageName(directory: string): string {
  const name = path
    .basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'pipelines' : name;
}
