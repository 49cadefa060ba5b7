import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Candidate, NameKind } from './candidates.js';
import { latestRuns, MOST_RUNS } from './latest-runs.js';

/** Names found by loading the project, which takes most of a second, are believed for so long while the config's file is the same. */
const FRESH_MS = 5 * 60_000;

/** What completion needs of a project; it holds no secret. */
interface Names {
  readonly config: string;
  readonly configMs: number;
  readonly madeMs: number;
  readonly pipelines: readonly string[];
  readonly connections: readonly string[];
  /** The catalog's file; absent for one in a database, whose address is a secret. */
  readonly catalogFile?: string;
}

/** Names of a project in a folder, from a small file beside its state where it is fresh. */
export async function projectNames(kind: NameKind, directory: string): Promise<Candidate[]> {
  const names = (await fromFile(directory)) ?? (await fromProject(directory));
  if (kind === 'pipeline') return names.pipelines.map((value) => ({ value, about: 'pipeline' }));
  if (kind === 'connection') return names.connections.map((value) => ({ value, about: 'connection' }));
  return runs(names, directory);
}

async function runs({ catalogFile }: Names, directory: string): Promise<Candidate[]> {
  // A catalog that is not there is not made for a completion.
  if (catalogFile !== undefined && !(await stat(catalogFile).catch(() => undefined))) return [];
  const { openCatalog } = await import('../../catalog/index.js');
  const place = catalogFile === undefined ? (await loadedProject(directory)).catalog : { path: catalogFile };
  const catalog = await openCatalog(place);
  try {
    return latestRuns(await catalog.listRuns({ limit: MOST_RUNS }));
  } finally {
    await catalog.close();
  }
}

async function loadedProject(directory: string) {
  const { loadProject } = await import('../../config/load.js');
  return loadProject(directory);
}

function fileOf(directory: string): string {
  return path.join(directory, '.millrace', 'completion.json');
}

async function fromFile(directory: string): Promise<Names | undefined> {
  try {
    const names = JSON.parse(await readFile(fileOf(directory), 'utf8')) as Names;
    const unchanged = (await stat(names.config)).mtimeMs === names.configMs;
    return unchanged && Date.now() - names.madeMs < FRESH_MS ? names : undefined;
  } catch {
    return undefined;
  }
}

async function fromProject(directory: string): Promise<Names> {
  const { configPath, config, pipelines, catalog } = await loadedProject(directory);
  const names: Names = {
    config: configPath,
    configMs: (await stat(configPath)).mtimeMs,
    madeMs: Date.now(),
    pipelines: Object.keys(pipelines),
    connections: Object.keys(config.connections),
    ...('path' in catalog && { catalogFile: catalog.path }),
  };
  const file = fileOf(directory);
  const whole = `${file}.${process.pid}`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(whole, JSON.stringify(names));
  await rename(whole, file);
  return names;
}
