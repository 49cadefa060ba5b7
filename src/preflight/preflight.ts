import path from 'node:path';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { typeProblems } from '../build/type-check.js';
import { findWorkflows, type InspectedProject, type LoadedProject } from '../config/load.js';
import { problemsOf, type Problem } from '../core/problems.js';
import { bundleOf, bundleProject } from '../worker/bundle.js';
import { checkProblems } from './checks.js';
import { connectionProblems, extensionProblems } from './connections.js';
import { contractProblems } from './contracts.js';
import { environmentProblems } from './environment.js';
import { transformProblems } from './transforms.js';

export type CheckName =
  'config' | 'types' | 'pipelines' | 'contracts' | 'transforms' | 'checks' | 'environment' | 'extensions' | 'connections';

/** What needs the project's files and nothing else. */
export const STATIC_CHECKS: readonly CheckName[] = ['types', 'pipelines', 'contracts', 'transforms', 'checks', 'environment'];
/** What needs the network, or may. */
export const SERVICE_CHECKS: readonly CheckName[] = ['extensions', 'connections'];

const BESIDE_EACH_OTHER: readonly CheckName[] = ['contracts', 'transforms', 'checks', 'environment', 'extensions', 'connections'];

/** One check that has ended. */
export interface Check {
  readonly name: CheckName;
  readonly durationMs: number;
  readonly problems: readonly Problem[];
}

export interface PreflightOptions {
  /** The project's folder. */
  readonly directory: string;
  /** The project as far as it could be loaded, and what is wrong with its config. */
  readonly inspected: InspectedProject;
  /** @default all of them */
  readonly checks?: readonly CheckName[];
  /** Environment variables that will be set before the connections are used. @default none */
  readonly provided?: readonly string[];
  /** Told of each check when it ends. */
  readonly onCheck?: (check: Check) => void;
}

export interface PreflightResult {
  readonly checks: readonly Check[];
  /** Every problem, in the order of the checks. */
  readonly problems: readonly Problem[];
  /** The pipelines, ready for the worker; absent when they were not checked or do not bundle. */
  readonly bundle?: WorkflowBundleOption;
}

/** How long a connection may take to answer before the worker starts without it. */
const CONNECTION_LIMIT_MS = 5_000;

/**
 * Looks for everything that would go wrong with a project, before anything of it runs; no check is ended by another's
 * failure. With a config that cannot be used, types and pipelines are still looked at.
 */
export async function preflight(options: PreflightOptions): Promise<PreflightResult> {
  const { directory, inspected, provided = [], checks = [...STATIC_CHECKS, ...SERVICE_CHECKS], onCheck } = options;
  const { project } = inspected;
  let bundle: WorkflowBundleOption | undefined;
  const run = async (name: CheckName, work: () => Promise<readonly Problem[]> | readonly Problem[]): Promise<Check> => {
    const begun = Date.now();
    const problems = await Promise.resolve().then(work).catch(problemsOf);
    const check = { name, durationMs: Date.now() - begun, problems };
    onCheck?.(check);
    return check;
  };
  const works: Partial<Record<CheckName, () => Promise<readonly Problem[]> | readonly Problem[]>> = {
    types: () => (project?.bundlePath === undefined ? typeProblems(project?.root ?? path.resolve(directory)) : []),
    ...(project && {
      contracts: () => contractProblems(project),
      transforms: () => transformProblems(project),
      checks: () => checkProblems(project),
      environment: () => environmentProblems(project, provided),
      extensions: () => extensionProblems(project),
      connections: () => connectionProblems(project, CONNECTION_LIMIT_MS),
    }),
    pipelines: async () => {
      bundle = await bundlePipelines(project, path.resolve(directory));
      return [];
    },
  };
  const start = (names: readonly CheckName[]): Promise<Check>[] =>
    names.flatMap((name) => (works[name] && checks.includes(name) ? [run(name, works[name])] : []));
  const types = start(['types']);
  const first = await Promise.all([run('config', () => inspected.problems), ...start(BESIDE_EACH_OTHER)]);
  // Bundling keeps this thread: a connection's time would run out while nobody listens for its answer.
  const rest = await Promise.all([...types, ...start(['pipelines'])]);
  const done = [...first, ...rest];
  return { checks: done, problems: done.flatMap(({ problems }) => problems), bundle };
}

async function bundlePipelines(project: LoadedProject | undefined, folder: string): Promise<WorkflowBundleOption | undefined> {
  if (project) return bundleOf(project);
  const workflowsPath = foundWorkflows(folder);
  if (workflowsPath !== undefined) await bundleProject({ directory: folder, root: folder, workflowsPath });
  return undefined;
}

// Where there is no config that can be used, a folder may be no project at all.
function foundWorkflows(folder: string): string | undefined {
  try {
    return findWorkflows(folder);
  } catch {
    return undefined;
  }
}

/** A check's state, in a word or two: `ok`, `2 problems`, `1 warning`. */
export function checkState({ problems }: Check): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const count = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}${n === 1 ? '' : 's'}`]);
  return [...count(errors, 'problem'), ...count(warnings, 'warning')].join(', ') || 'ok';
}
