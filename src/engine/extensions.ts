import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { ExtensionName } from '../connectors/contract.js';
import { TerminalError, messageOf } from '../core/errors.js';
import { quoteLiteral } from '../core/filter.js';
import { cacheFolder } from './cache-folder.js';
import { runBounded } from './bounded-process.js';
import { withFileLock } from './file-lock.js';

export interface ExtensionOptions {
  /** A folder that the operator filled; looked at first, never written to. */
  readonly directory?: string | undefined;
  /** Where `MILLRACE_CACHE_DIR` and the like are looked up. @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
}

/** How long DuckDB's own download may take in all. */
const INSTALL_LIMIT_MS = 5_000;
/** How long pip may take until it has found the package; after that it is downloading and gets {@link PIP_LIMIT_MS}. */
const PIP_ANSWER_LIMIT_MS = 4_500;
const PIP_LIMIT_MS = 180_000;

/** The same signed binaries on PyPI, which networks let through that block DuckDB's own host. */
const PYPI_PACKAGES: Readonly<Record<ExtensionName, string>> = {
  postgres_scanner: 'duckdb-extension-postgres-scanner',
  httpfs: 'duckdb-extension-httpfs',
  sqlite_scanner: 'duckdb-extension-sqlite-scanner',
};

/**
 * Loads one of DuckDB's extensions, after fetching it if this machine has it not: the configured folder, the cache,
 * DuckDB's `INSTALL`, then PyPI. Where none of them works that is known within 10 seconds.
 *
 * @throws TerminalError EXTENSION_MISSING naming what was tried and every way to provide it
 */
export async function loadExtension(
  connection: DuckDBConnection,
  name: ExtensionName,
  options: ExtensionOptions = {},
): Promise<void> {
  const file = await ensureExtension(connection, name, options);
  try {
    await checkSignature(file);
    await connection.run(`LOAD ${quoteLiteral(file)}`);
  } catch (error) {
    throw missing(name, `${file} does not load: ${messageOf(error)}`, options);
  }
}

// Files whose signature this process has seen, by size and modification time.
const signed = new Map<string, string>();

/**
 * Loads the file once in a DuckDB that takes signed extensions only. Checking 40 MB costs a quarter of a second of CPU, and
 * DuckDB would do it in every session, so sessions allow unsigned ones and rely on this.
 */
async function checkSignature(file: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const stamp = `${size}-${mtimeMs}`;
  if (signed.get(file) === stamp) return;
  const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'false', threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run(`LOAD ${quoteLiteral(file)}`);
    connection.closeSync();
    signed.set(file, stamp);
  } finally {
    instance.closeSync();
  }
}

/**
 * The path of an extension's file, fetched into the cache if need be. Several processes may ask at once: one fetches,
 * the others wait for it; a file appears in the cache whole or not at all.
 *
 * @throws TerminalError EXTENSION_MISSING
 */
export async function ensureExtension(
  connection: DuckDBConnection,
  name: ExtensionName,
  options: ExtensionOptions = {},
): Promise<string> {
  const [row] = (await connection.runAndReadAll('SELECT library_version FROM pragma_version()')).getRowsJS() as string[][];
  const version = row?.[0] ?? '';
  const configured = options.directory === undefined ? undefined : findIn(options.directory, version, name);
  if (configured !== undefined) return configured;
  const folder = path.join(cacheFolder(options.environment), 'duckdb-extensions', version);
  const cached = path.join(folder, fileName(name));
  if (existsSync(cached)) return cached;
  try {
    await mkdir(folder, { recursive: true });
    await withFileLock(`${cached}.lock`, PIP_LIMIT_MS + INSTALL_LIMIT_MS, async () => {
      if (!existsSync(cached)) await fetchExtension(name, version, cached);
    });
  } catch (error) {
    throw missing(name, messageOf(error), options);
  }
  return cached;
}

function fileName(name: ExtensionName): string {
  return `${name}.duckdb_extension`;
}

// Flat, by version, or as `INSTALL` lays it out: by version and platform.
function findIn(directory: string, version: string, name: ExtensionName): string | undefined {
  const platform = `${process.platform === 'darwin' ? 'osx' : 'linux'}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const places = [directory, path.join(directory, version), path.join(directory, version, platform)];
  return places.map((place) => path.join(path.resolve(place), fileName(name))).find((file) => existsSync(file));
}

async function fetchExtension(name: ExtensionName, version: string, target: string): Promise<void> {
  const scratch = await mkdtemp(`${target}.`);
  const reasons: string[] = [];
  try {
    for (const fetch of [fetchByInstall, fetchByPip]) {
      try {
        await fetch(name, version, scratch);
        await rename(await findExtracted(scratch, name), target);
        return;
      } catch (error) {
        reasons.push(messageOf(error));
      }
    }
    throw new Error(reasons.join('; '));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

// In a process of its own, because a download inside DuckDB heeds neither a timeout nor interrupt().
async function fetchByInstall(name: ExtensionName, _version: string, scratch: string): Promise<void> {
  const script = `
    const { DuckDBInstance } = await import(${JSON.stringify(import.meta.resolve('@duckdb/node-api'))});
    const connection = await (await DuckDBInstance.create(':memory:', { extension_directory: process.argv[1] })).connect();
    try { await connection.run('INSTALL ' + process.argv[2]); }
    catch (error) { console.error(error.message); process.exit(1); }`;
  const result = await runBounded(process.execPath, ['--input-type=module', '-e', script, scratch, name], {
    limitMs: INSTALL_LIMIT_MS,
  });
  if (!result.ok) throw new Error(`INSTALL ${name}: ${result.reason}`);
}

async function fetchByPip(name: ExtensionName, version: string, scratch: string): Promise<void> {
  const requirement = `${PYPI_PACKAGES[name]}==${version.replace(/^v/, '')}`;
  const options = [
    '--no-deps',
    '--disable-pip-version-check',
    '--no-input',
    '--progress-bar',
    'off',
    '--retries',
    '0',
    '--timeout',
    '4',
  ];
  const download = await runBounded('python3', ['-m', 'pip', 'download', ...options, '--dest', scratch, requirement], {
    limitMs: PIP_LIMIT_MS,
    answer: { pattern: /Downloading |Using cached |Saved /, limitMs: PIP_ANSWER_LIMIT_MS },
  });
  if (!download.ok) throw new Error(`python3 -m pip download ${requirement}: ${download.reason}`);
  const wheel = (await readdir(scratch)).find((entry) => entry.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip download ${requirement} left no wheel`);
  const unpack = await runBounded('python3', ['-m', 'zipfile', '-e', path.join(scratch, wheel), scratch], { limitMs: 60_000 });
  if (!unpack.ok) throw new Error(`unpacking ${wheel}: ${unpack.reason}`);
}

async function findExtracted(scratch: string, name: ExtensionName): Promise<string> {
  const entries = await readdir(scratch, { recursive: true });
  const found = entries.find((entry) => path.basename(entry) === fileName(name));
  if (found === undefined) throw new Error(`what was fetched holds no ${fileName(name)}`);
  return path.join(scratch, found);
}

function missing(name: ExtensionName, reason: string, options: ExtensionOptions): TerminalError {
  const cache = path.join(cacheFolder(options.environment), 'duckdb-extensions');
  return new TerminalError(
    'EXTENSION_MISSING',
    `DuckDB's extension ${name} is not here and could not be fetched: ${reason}. Ways out: let this machine reach DuckDB's extension host ` +
      `or PyPI (with python3 and pip); set engine.extensionsDirectory to a folder that holds ${fileName(name)}; or put that file into ` +
      `${cache}/<DuckDB's version>/ (or below MILLRACE_CACHE_DIR).`,
    { extension: name },
  );
}
