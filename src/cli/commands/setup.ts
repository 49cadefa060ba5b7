import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ExtensionName } from '../../connectors/contract.js';
import { cachedFolder, obtainTemporal } from '../../dev/temporal-binary.js';
import { columns } from '../columns.js';
import { cacheFolder } from '../../engine/cache-folder.js';
import { ensureExtension, loadExtension } from '../../engine/extensions.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { describeError } from '../../operations/error-report.js';
import { errorText } from '../output.js';

const EXTENSIONS: readonly ExtensionName[] = ['postgres_scanner', 'httpfs', 'sqlite_scanner'];

interface Provided {
  readonly path: string;
  readonly how: string;
}

/** Fetches what is needed beside npm's packages into the cache, or into a folder for machines without a network. */
export async function setup(
  { output }: CommandContext,
  parts: readonly string[],
  { offline }: { readonly offline?: string },
): Promise<number> {
  const folder = offline === undefined ? undefined : path.resolve(offline);
  const wanted = parts.length > 0 ? parts : ['temporal', ...EXTENSIONS];
  let complete = true;
  for (const part of wanted) {
    try {
      const { path: file, how } =
        part === 'temporal' ? await temporal(folder, output.warn) : await extension(part as ExtensionName, folder);
      output.data({ part, ok: true, path: file, how });
      output.text(columns([['  ✔', part.padEnd(18), how, file]], 4));
    } catch (error) {
      complete = false;
      const report = describeError(error);
      output.data({ part, ok: false, error: report });
      output.text(columns([['  ✘', part.padEnd(18), 'missing', '']], 4));
      if (!output.json) output.warn(errorText(report));
    }
  }
  if (folder !== undefined && complete) {
    await writeFile(path.join(folder, 'README.txt'), wayBack('this folder'));
    output.text(wayBack(folder));
  }
  return complete ? EXIT.ok : EXIT.unreachable;
}

async function temporal(folder: string | undefined, notice: (line: string) => void): Promise<Provided> {
  if (folder === undefined) {
    const { path: file, origin } = await obtainTemporal({ notice });
    return { path: file, how: origin };
  }
  const env = { ...process.env, MILLRACE_CACHE_DIR: folder };
  const target = path.join(cachedFolder(env), 'temporal');
  if (existsSync(target)) return { path: target, how: 'there already' };
  const { path: file } = await obtainTemporal({ notice });
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(file, target);
  await chmod(target, 0o755);
  return { path: target, how: 'copied' };
}

async function extension(name: ExtensionName, folder: string | undefined): Promise<Provided> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', allow_unsigned_extensions: 'true' });
  const connection = await instance.connect();
  try {
    if (folder === undefined) {
      const file = await ensureExtension(connection, name);
      await loadExtension(connection, name);
      return { path: file, how: 'in the cache' };
    }
    const directory = path.join(folder, 'duckdb-extensions');
    const fetched = await ensureExtension(connection, name, { directory });
    const there = fetched.startsWith(`${directory}${path.sep}`);
    const target = there ? fetched : path.join(directory, path.relative(path.join(cacheFolder(), 'duckdb-extensions'), fetched));
    if (!there) {
      await mkdir(path.dirname(target), { recursive: true });
      await copyFile(fetched, target);
    }
    await loadExtension(connection, name, { directory });
    return { path: target, how: there ? 'there already' : 'copied' };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function wayBack(folder: string): string {
  return [
    '',
    `For ${process.platform} on ${process.arch}, and this version of Millrace. On a machine without a network, copy ${folder} there and`,
    'set MILLRACE_CACHE_DIR to the copy: `millrace setup` then finds everything. For a worker, which needs the extensions only,',
    "the config can say it instead: engine: { extensionsDirectory: '<the copy>/duckdb-extensions' }.",
    '',
  ].join('\n');
}
