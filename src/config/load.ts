import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EngineLimits } from '../engine/session.js';
import { MillraceError, TerminalError, messageOf } from '../core/errors.js';
import { checkProject } from './check.js';
import type { Project } from './project.js';
import { projectEnvironment, type Environment } from './environment.js';
import type { Configurable } from './env.js';
import { resolveText } from './resolve-env.js';

/** A project with every default filled in and every path absolute. Connections keep their references to the environment. */
export interface LoadedProject {
  /** The folder of the config. */
  readonly directory: string;
  readonly config: Project;
  readonly taskQueue: string;
  /** Absolute path of `workflows/index.ts` or `.js`. */
  readonly workflowsPath: string;
  readonly staging: { readonly root: string; readonly maxBytes?: number };
  readonly engine: EngineLimits;
  readonly catalog: CatalogPlace;
  readonly heartbeatTimeout: string;
}

/** Where the catalog is: in a SQLite file, or in a schema of a PostgreSQL database. The URL holds a password. */
export type CatalogPlace = { readonly path: string } | { readonly url: string; readonly schema: string };

const CONFIG_NAMES = ['millrace.config.ts', 'millrace.config.js', 'millrace.config.mjs'];

/**
 * Loads the project in a folder.
 * @throws TerminalError CONFIG_INVALID naming everything that is wrong; ENV_MISSING, ENV_INVALID
 */
export async function loadProject(directory: string = process.cwd()): Promise<LoadedProject> {
  const folder = path.resolve(directory);
  const file = CONFIG_NAMES.map((name) => path.join(folder, name)).find((candidate) => existsSync(candidate));
  if (!file) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `No ${CONFIG_NAMES[0]} in ${folder}. Go to a project's folder, or name it with --project.`,
    );
  }
  const config = checkProject(await importModule(file, 'default'), file);
  const environment = projectEnvironment(folder);
  const within = (value: Configurable, where: string): string => path.resolve(folder, resolveText(value, where, environment));
  const engine = config.engine ?? {};
  return {
    directory: folder,
    config,
    taskQueue: config.taskQueue ?? 'millrace',
    workflowsPath: findWorkflows(folder),
    staging: {
      root: within(config.staging?.root ?? '.millrace/staging', 'staging.root'),
      maxBytes: config.staging?.maxBytes,
    },
    engine: {
      memoryLimit: engine.memoryLimit ?? '1GB',
      threads: engine.threads ?? os.availableParallelism(),
      spillDirectory: within(engine.spillDirectory ?? '.millrace/spill', 'engine.spillDirectory'),
      extensionsDirectory: engine.extensionsDirectory && within(engine.extensionsDirectory, 'engine.extensionsDirectory'),
    },
    catalog: catalogPlace(config.catalog ?? {}, folder, environment),
    heartbeatTimeout: config.steps?.heartbeatTimeout ?? '15s',
  };
}

function catalogPlace(catalog: NonNullable<Project['catalog']>, folder: string, environment: Environment): CatalogPlace {
  const { path: file = '.millrace/catalog.db', url: configured, schema = 'millrace_catalog' } = catalog;
  // An empty variable counts as none, as compose files and CI systems set them.
  const fromEnvironment = environment('MILLRACE_CATALOG_URL') || undefined;
  const url = fromEnvironment ?? (configured === undefined ? undefined : resolveText(configured, 'catalog.url', environment));
  return url === undefined ? { path: path.resolve(folder, resolveText(file, 'catalog.path', environment)) } : { url, schema };
}

/** Imports a module of the project, TypeScript included, and gives one export, or the whole module for `*`. */
export async function importModule(file: string, exported: string): Promise<unknown> {
  try {
    const url = pathToFileURL(file).href;
    const loaded = (await (file.endsWith('.ts') ? importTypeScript(url) : import(url))) as Record<string, unknown>;
    return exported === '*' ? loaded : loaded[exported];
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new TerminalError('CONFIG_INVALID', `${file} does not load: ${messageOf(error)}`, {}, { cause: error });
  }
}

// Compiled projects never come here, so that tsx is needed in development only.
async function importTypeScript(url: string): Promise<unknown> {
  const { tsImport } = await import('tsx/esm/api');
  return tsImport(url, import.meta.url);
}

function findWorkflows(folder: string): string {
  const found = ['index.ts', 'index.js']
    .map((name) => path.join(folder, 'workflows', name))
    .find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new TerminalError(
    'CONFIG_INVALID',
    `${path.join(folder, 'workflows', 'index.ts')} is missing: it lists the project's pipelines as named exports.`,
  );
}
