import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { tsImport } from 'tsx/esm/api';
import type { EngineLimits } from '../engine/session.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { isRemote } from '../core/place.js';
import { errorsOf, ProblemsError, problemsOf, type Problem } from '../core/problems.js';
import { builtInPipelines } from './built-in-pipelines.js';
import { capacityOf, thisMachine, type Capacity } from './capacity.js';
import { archiveSettings, type ArchiveSettings } from './archive-place.js';
import { checkProject } from './check.js';
import { findProject, type ProjectPlace } from './find-project.js';
import { importProblems, type ImportedModule } from './import-failure.js';
import type { PipelineConfig, Project } from './project.js';
import { projectTool } from './project-tool.js';
import { projectEnvironment, type Environment } from './environment.js';
import type { Configurable } from './env.js';
import { resolveText, resolveTexts } from './resolve-env.js';
import { readRetention, type Retention } from './retention.js';
import { zodWarnings } from './zod-copies.js';

/** A project with every default filled in and every path absolute. Connections keep their references to the environment. */
export interface LoadedProject {
  /** The folder of the config, and of the code and SQL that it names: of a build, the compiled ones. */
  readonly directory: string;
  /** The folder from which folders in the config count, and that has `.millrace/`: also of a build, the project's. */
  readonly root: string;
  /** Absolute path of the config's own file. */
  readonly configPath: string;
  readonly config: Project;
  /** The config's pipelines, and Millrace's own. */
  readonly pipelines: Readonly<Record<string, PipelineConfig>>;
  readonly taskQueue: string;
  /** Absolute path of `workflows/index.ts` or `.js`; of a build, of its bundle. Absent for a project without pipelines of its own. */
  readonly workflowsPath?: string;
  /** Absolute path of the bundle that `millrace build` has made; absent for a project's sources. */
  readonly bundlePath?: string;
  /** What a person should know before it runs. */
  readonly warnings: readonly string[];
  readonly staging: StagingPlace;
  /** `false`: there is none. */
  readonly archive: ArchiveSettings | false;
  readonly retention: Retention | undefined;
  readonly engine: EngineLimits;
  /** Reading it throws ENV_MISSING where a variable that holds its path or URL is not set. */
  readonly catalog: CatalogPlace;
  readonly heartbeatTimeout: string;
  readonly worker: WorkerPlan;
}

/** What a worker of the project takes on, on this machine. */
export interface WorkerPlan extends Pick<Capacity, 'steps' | 'cachedRuns'> {
  /** How long steps at work may go on when the worker is told to stop. */
  readonly grace: string;
}

/** Where staging is: in a folder (absolute), or in a bucket (`s3://…`), with how that is reached as the config says it. */
export interface StagingPlace {
  readonly root: string;
  /** Reading it throws ENV_MISSING where a variable is not set. It holds the keys. */
  readonly s3?: Readonly<Record<string, unknown>>;
  readonly maxBytes?: number;
}

/** Where the catalog is: in a SQLite file, or in a schema of a PostgreSQL database. The URL holds a password. */
export type CatalogPlace = { readonly path: string } | { readonly url: string; readonly schema: string };

/** A project as far as it could be loaded, and what is wrong with its config. */
export interface InspectedProject {
  readonly project?: LoadedProject;
  readonly problems: readonly Problem[];
}

/**
 * Loads the project in a folder: its sources, or what `millrace build` has made of them. A folder without sources is looked
 * into for a build.
 *
 * @throws ProblemsError naming everything that is wrong: CONFIG_INVALID, ENV_MISSING, ENV_INVALID, BUILD_UNUSABLE, TOOL_MISSING
 */
export async function loadProject(directory: string = process.cwd()): Promise<LoadedProject> {
  const { project, problems } = await inspectProject(directory);
  const errors = errorsOf(problems);
  if (!project || errors.length > 0) throw new ProblemsError(errors, path.resolve(directory));
  return project;
}

/** Loads the project in a folder as far as it goes, for those who look for problems elsewhere in it too. */
export async function inspectProject(directory: string): Promise<InspectedProject> {
  try {
    const place = findProject(path.resolve(directory));
    const { config, problems } = checkProject(await importModule(place.file, 'default'), place.file);
    return config ? { project: resolveProject(config, place), problems } : { problems };
  } catch (error) {
    return { problems: problemsOf(error) };
  }
}

function resolveProject(config: Project, place: ProjectPlace): LoadedProject {
  const { root } = place;
  const environment = projectEnvironment(root);
  const within = (value: Configurable, where: string): string => path.resolve(root, resolveText(value, where, environment));
  const stagingRoot = config.staging?.root ?? '.millrace/staging';
  const engine = config.engine ?? {};
  const { steps, cachedRuns, ...limits } = capacityOf(thisMachine(), { ...engine, ...config.worker });
  return {
    directory: place.directory,
    root,
    configPath: place.file,
    config,
    pipelines: { ...config.pipelines, ...builtInPipelines(config.retention) },
    warnings: [...place.warnings, ...zodWarnings(config, root)],
    taskQueue: taskQueueOf(config, environment),
    ...(place.bundlePath && { bundlePath: place.bundlePath }),
    ...workflowsOf(config, place),
    staging: {
      root: isRemote(resolveText(stagingRoot, 'staging.root', environment))
        ? resolveText(stagingRoot, 'staging.root', environment).replace(/\/+$/, '')
        : within(stagingRoot, 'staging.root'),
      get s3() {
        return config.staging?.s3 && resolveTexts({ ...config.staging.s3 }, 'staging.s3', environment);
      },
      maxBytes: config.staging?.maxBytes,
    },
    archive: archiveSettings(config, root, environment),
    retention: config.retention && readRetention(config.retention),
    engine: {
      ...limits,
      spillDirectory: within(engine.spillDirectory ?? '.millrace/spill', 'engine.spillDirectory'),
      extensionsDirectory: engine.extensionsDirectory && within(engine.extensionsDirectory, 'engine.extensionsDirectory'),
    },
    // Found out when it is used: `millrace dev` starts the database whose URL a variable holds.
    get catalog() {
      return catalogPlace(config.catalog ?? {}, root, environment);
    },
    heartbeatTimeout: config.steps?.heartbeatTimeout ?? '15s',
    worker: { steps, cachedRuns, grace: config.worker?.grace ?? '25s' },
  };
}

/** Who only uses Millrace's own pipelines needs no folder for others. */
function workflowsOf({ pipelines }: Project, { directory, bundlePath }: ProjectPlace): { readonly workflowsPath?: string } {
  if (bundlePath) return { workflowsPath: bundlePath };
  if (Object.keys(pipelines).length === 0 && !existsSync(path.join(directory, 'workflows'))) return {};
  return { workflowsPath: findWorkflows(directory) };
}

function taskQueueOf(config: Project, environment: Environment): string {
  const name = resolveText(config.taskQueue ?? 'millrace', 'taskQueue', environment);
  if (name.trim() !== '') return name;
  throw new TerminalError('CONFIG_INVALID', 'taskQueue is empty. Name the task queue, or leave it out for "millrace".');
}

function catalogPlace(catalog: NonNullable<Project['catalog']>, folder: string, environment: Environment): CatalogPlace {
  const { path: file = '.millrace/catalog.db', url: configured, schema = 'millrace_catalog' } = catalog;
  // An empty variable counts as none, as compose files and CI systems set them.
  const fromEnvironment = environment('MILLRACE_CATALOG_URL') || undefined;
  const url = fromEnvironment ?? (configured === undefined ? undefined : resolveText(configured, 'catalog.url', environment));
  return url === undefined ? { path: path.resolve(folder, resolveText(file, 'catalog.path', environment)) } : { url, schema };
}

/**
 * Imports a module of the project, TypeScript included, and gives one export, or the whole module for `*`.
 *
 * @param of the project's folder, and the code for what is wrong with the module
 * @throws ProblemsError
 */
export async function importModule(
  file: string,
  exported: string,
  of: Omit<ImportedModule, 'file'> = { directory: path.dirname(file), code: 'CONFIG_INVALID' },
): Promise<unknown> {
  try {
    const url = pathToFileURL(file).href;
    const loaded = (await (file.endsWith('.ts') ? importTypeScript(url, file) : import(url))) as Record<string, unknown>;
    return exported === '*' ? loaded : loaded[exported];
  } catch (error) {
    throw error instanceof MillraceError ? error : new ProblemsError(importProblems(error, { file, ...of }), of.directory);
  }
}

// Compiled projects never come here, so that tsx is needed in development only.
async function importTypeScript(url: string, file: string): Promise<unknown> {
  const tsx = await loadTsx(path.dirname(file));
  return tsx.tsImport(url, { parentURL: import.meta.url, tsconfig: findTsconfig(path.dirname(file)) });
}

/** The project's own, wherever the command was started: it says where `paths` lead. */
function findTsconfig(folder: string): string | false {
  const file = path.join(folder, 'tsconfig.json');
  if (existsSync(file)) return file;
  return path.dirname(folder) === folder ? false : findTsconfig(path.dirname(folder));
}

async function loadTsx(directory: string): Promise<{ readonly tsImport: typeof tsImport }> {
  try {
    // The twin in CommonJS, to which `require` leads, does not find its own files.
    const file = projectTool(directory, 'tsx')
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs');
    return (await import(pathToFileURL(file).href)) as { readonly tsImport: typeof tsImport };
  } catch (error) {
    throw new TerminalError(
      'TOOL_MISSING',
      'The project is in TypeScript, and the npm package tsx, which loads it, is not installed. Install it with `npm install --save-dev tsx`, or run what `millrace build` makes, which needs no tsx.',
      {},
      { cause: error },
    );
  }
}

/** The list of a project’s pipelines. @throws TerminalError CONFIG_INVALID */
export function findWorkflows(folder: string): string {
  const found = ['index.ts', 'index.js']
    .map((name) => path.join(folder, 'workflows', name))
    .find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new TerminalError(
    'CONFIG_INVALID',
    `${path.join(folder, 'workflows', 'index.ts')} is missing: it lists the project's pipelines as named exports.`,
  );
}
