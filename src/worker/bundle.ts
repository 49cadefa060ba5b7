import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  type BundleOptions,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { relativeTo } from '../config/import-failure.js';
import { BUILT_IN_NAMES } from '../config/built-in-pipelines.js';
import type { LoadedProject } from '../config/load.js';
import { BACKFILL_WORKFLOW } from '../core/backfill.js';
import { messageOf } from '../core/errors.js';
import { POOL_WORKFLOW } from '../core/pools.js';
import { START_WORKFLOW } from '../core/schedule.js';
import { RELAY_WORKFLOW, TRIGGER_WORKFLOW } from '../core/trigger.js';
import { ProblemsError, refuseProblems, type Problem } from '../core/problems.js';
import { readPipelineNames, type NamedProject } from './pipeline-names.js';
import { watchSandbox } from './sandbox-imports.js';
import { sandboxProblems } from './sandbox-load.js';

type LongLived = readonly [type: string, file: string, name: string];

/**
 * Millrace's own long-lived workflows: the type they are started by, their file in workflows/, and what that exports. A line here
 * is all it takes: the entry exports each under its type, and lets it go on with new code when a version is promoted, whereas
 * pipelines stay with the version that began them (see workflows/versioning.ts).
 */
const LONG_LIVED: readonly LongLived[] = [
  [BACKFILL_WORKFLOW, 'backfill', 'backfill'],
  [POOL_WORKFLOW, 'pool', 'pool'],
  [START_WORKFLOW, 'start', 'start'],
  [TRIGGER_WORKFLOW, 'trigger', 'trigger'],
  [RELAY_WORKFLOW, 'relay', 'relay'],
];

/** The types that they are started by. */
export const LONG_LIVED_TYPES: readonly string[] = LONG_LIVED.map(([type]) => type);

/**
 * Millrace's own modules, which all runs of a sandbox share, where each run would load them anew: they keep nothing of a run.
 * They are frozen, so nothing may be set on what they export.
 */
const SHARED: readonly string[] = ['index', 'built-in', 'unknown-pipeline', 'versioning', ...LONG_LIVED.map(([, file]) => file)];

/** The bundle that `millrace build` has made, or a fresh one. Throws as {@link bundleProject} does. */
export async function bundleOf(project: LoadedProject): Promise<WorkflowBundleOption> {
  return project.bundlePath === undefined ? bundleProject(project) : { codePath: project.bundlePath };
}

/**
 * Bundles a project's pipelines for the workflow sandbox, after holding the three places that name them against each
 * other: the exports of `workflows/index.ts`, the names given to `pipeline()`, and `config.pipelines`.
 *
 * @throws ProblemsError with everything that is wrong: PIPELINE_NAME_MISMATCH, WORKFLOW_IMPORT for what may not be in the
 * sandbox, WORKFLOW_INVALID for files that do not compile or throw when they are imported
 */
export async function bundleProject(project: NamedProject): Promise<WorkflowBundleWithSourceMap> {
  const { names, isImported, problems } = await readPipelineNames(project);
  const entry = await writeEntry(project, names);
  const sandbox = watchSandbox(project, entry);
  try {
    const bundle = await bundleWorkflowCode({
      workflowsPath: entry,
      preloadModules: SHARED.map(ourWorkflow),
      logger: silentLogger(),
      webpackConfigHook: (config) => sandbox.watch(useOurWorkflowLibrary(config)),
    });
    refuseProblems([...problems, ...sandbox.problems], project.directory);
    refuseProblems(sandboxProblems(bundle, project), project.directory);
    return bundle;
  } catch (error) {
    if (error instanceof ProblemsError) throw error;
    // What keeps a file from loading keeps it from compiling: the bundler names every such file, importing only the first.
    const isTold = sandbox.problems.some(({ code }) => code === 'WORKFLOW_INVALID');
    const all = [...(isImported || !isTold ? problems : []), ...sandbox.problems];
    throw new ProblemsError(all.length > 0 ? all : [unbundled(project, error)], project.directory);
  } finally {
    await rm(entry, { force: true });
  }
}

// The bundler looks for Temporal's library from the project's folder, where pnpm and linked packages have none.
function useOurWorkflowLibrary(config: WebpackConfig): WebpackConfig {
  const folder = path.dirname(createRequire(import.meta.url).resolve('@temporalio/workflow/package.json'));
  const others = Object.entries(config.resolve?.alias ?? {}).filter(([name]) => name !== '@temporalio/workflow');
  return { ...config, resolve: { ...config.resolve, alias: Object.fromEntries([...others, ['@temporalio/workflow', folder]]) } };
}

type WebpackConfig = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

function unbundled({ workflowsPath, directory }: NamedProject, error: unknown): Problem {
  const message = `The pipelines do not bundle: ${messageOf(error)}`;
  const place = workflowsPath === undefined ? undefined : { file: relativeTo(directory, workflowsPath) };
  return { severity: 'error', code: 'WORKFLOW_INVALID', message, ...(place && { place }) };
}

// `export *` leaves out the default, so a project cannot replace the refusal of unknown types.
async function writeEntry(project: NamedProject, names: readonly string[]): Promise<string> {
  const folder = path.join(project.root, '.millrace');
  await mkdir(folder, { recursive: true });
  const entry = path.join(folder, `workflow-entry-${process.pid}-${randomBytes(6).toString('hex')}.mjs`);
  const text = [
    `import { refuseUnknown } from ${quoted('unknown-pipeline')};`,
    ...(project.workflowsPath === undefined ? [] : [`export * from ${JSON.stringify(project.workflowsPath)};`]),
    `export { ${BUILT_IN_NAMES.join(', ')} } from ${quoted('built-in')};`,
    `import { upgrading } from ${quoted('versioning')};`,
    ...LONG_LIVED.flatMap(longLivedLines),
    `export default refuseUnknown(${JSON.stringify([...names, ...BUILT_IN_NAMES])});`,
    '',
  ].join('\n');
  await writeFile(entry, text);
  return entry;
}

/** Exports a workflow as the type it is started by, which goes on with new code. */
function longLivedLines([type, file, name]: LongLived): string[] {
  return [
    `import { ${name} } from ${quoted(file)};`,
    `const ${name}Workflow = upgrading(${name});`,
    `export { ${name}Workflow as ${JSON.stringify(type)} };`,
  ];
}

const quoted = (name: string): string => JSON.stringify(ourWorkflow(name));

function ourWorkflow(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../../workflows/${name}.${extension}`, import.meta.url));
}

function silentLogger() {
  const ignore = (): void => undefined;
  return { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
}
