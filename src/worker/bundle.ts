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
import { importModule, type LoadedProject } from '../config/load.js';
import { TerminalError, messageOf } from '../core/errors.js';

/** The bundle that `millrace build` has made, or a fresh one. Throws as {@link bundleProject} does. */
export async function bundleOf(project: LoadedProject): Promise<WorkflowBundleOption> {
  return project.bundlePath === undefined ? bundleProject(project) : { codePath: project.bundlePath };
}

/**
 * Bundles a project's pipelines for the workflow sandbox, after holding the three places that name them against each
 * other: the exports of `workflows/index.ts`, the names given to `pipeline()`, and `config.pipelines`.
 *
 * @throws TerminalError PIPELINE_NAME_MISMATCH with every disagreement; CONFIG_INVALID when the code does not bundle
 */
export async function bundleProject(project: LoadedProject): Promise<WorkflowBundleWithSourceMap> {
  const names = await checkNames(project);
  const entry = await writeEntry(project, names);
  try {
    return await bundleWorkflowCode({
      workflowsPath: entry,
      logger: silentLogger(),
      webpackConfigHook: useOurWorkflowLibrary,
    });
  } catch (error) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The pipelines in ${project.workflowsPath} do not bundle: ${messageOf(error)}`,
      {},
      { cause: error },
    );
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

async function checkNames(project: LoadedProject): Promise<string[]> {
  const exported = (await importModule(project.workflowsPath, '*')) as Record<string, unknown>;
  const names = Object.keys(exported).filter((name) => name !== 'default' && name !== 'module.exports');
  const configured = Object.keys(project.config.pipelines);
  const problems = [
    ...names.flatMap((name) => exportProblems(name, exported[name], configured)),
    ...configured
      .filter((name) => !names.includes(name))
      .map((name) => `config.pipelines.${name}: workflows/index.ts exports no "${name}"`),
  ];
  if (problems.length > 0) {
    throw new TerminalError(
      'PIPELINE_NAME_MISMATCH',
      `Pipelines, exports and config disagree:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  return names;
}

function exportProblems(name: string, value: unknown, configured: readonly string[]): string[] {
  const given = typeof value === 'function' ? (value as { pipelineName?: unknown }).pipelineName : undefined;
  if (typeof given !== 'string') return [`export "${name}": not made by pipeline(); workflows/index.ts exports pipelines only`];
  if (given !== name) return [`export "${name}": pipeline() was given the name "${given}"`];
  return configured.includes(name) ? [] : [`export "${name}": config.pipelines has no "${name}"`];
}

// `export *` leaves out the default, so a project cannot replace the refusal of unknown types.
async function writeEntry(project: LoadedProject, names: readonly string[]): Promise<string> {
  const folder = path.join(project.root, '.millrace');
  await mkdir(folder, { recursive: true });
  const entry = path.join(folder, `workflow-entry-${process.pid}.mjs`);
  const millrace = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../../workflows/index.ts' : '../../workflows/index.js', import.meta.url),
  );
  const text = [
    `import { refuseUnknown } from ${JSON.stringify(millrace)};`,
    `export * from ${JSON.stringify(project.workflowsPath)};`,
    `export default refuseUnknown(${JSON.stringify(names)});`,
    '',
  ].join('\n');
  await writeFile(entry, text);
  return entry;
}

function silentLogger() {
  const ignore = (): void => undefined;
  return { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
}
