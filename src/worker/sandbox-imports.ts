import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';
import { relativeTo } from '../config/import-failure.js';
import { locateImport } from '../config/locate.js';
import type { Problem } from '../core/problems.js';
import { compileProblem } from './compile-problem.js';
import type { NamedProject } from './pipeline-names.js';

type WebpackOptions = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];
// webpack is Temporal's, not ours: its types are reached through Temporal's.
type Plugin = Extract<NonNullable<WebpackOptions['plugins']>[number], (...all: never[]) => void>;
type Compilation = Parameters<Parameters<Parameters<Plugin>[0]['hooks']['compilation']['tap']>[1]>[0];

/** Where bundling puts what it finds. */
export interface SandboxFindings {
  readonly problems: Problem[];
  /** Has the bundler look at every import on the way. */
  readonly watch: (options: WebpackOptions) => WebpackOptions;
}

/**
 * Looks, while a project's pipelines are bundled, for what may not be in the sandbox. Allowed are the project's own
 * files, Millrace's workflow side, and Temporal's workflow library with what that pulls in; each import of something else
 * is a problem, told with its file, its line and the way to it.
 */
export function watchSandbox(project: NamedProject, entry: string): SandboxFindings {
  const problems: Problem[] = [];
  const look = (compilation: Compilation): void => {
    const visit = visitImports(project, compilation, entry);
    problems.push(...visit.problems);
    const known = new Set(problems.map(({ place }) => `${place?.file}:${place?.line}`));
    for (const error of compilation.errors) {
      const problem = compileProblem(error, project.directory, visit.own);
      if (problem && !known.has(`${problem.place?.file}:${problem.place?.line}`)) problems.push(problem);
    }
  };
  const plugin: Plugin = (compiler) => compiler.hooks.done.tap('millrace', (stats) => look(stats.compilation));
  return { problems, watch: (options) => ({ ...options, plugins: [...(options.plugins ?? []), plugin] }) };
}

interface Visit {
  readonly problems: readonly Problem[];
  /** The project's own files that the bundle holds. */
  readonly own: ReadonlySet<string>;
}

/** Walks from the entry through the project's own files, and stops at everything else. */
function visitImports(project: NamedProject, compilation: Compilation, entry: string): Visit {
  const directory = realpathSync(project.directory);
  const problems = new Map<string, Problem>();
  const ways = new Map<string, readonly string[]>([[entry, []]]);
  const queue = [...compilation.modules].filter((module) => fileOf(module) === entry);
  for (let module = queue.shift(); module; module = queue.shift()) {
    const from = fileOf(module) ?? '';
    const way = from === entry ? [] : [...(ways.get(from) ?? []), relativeTo(directory, from)];
    for (const { dependency, module: target } of compilation.moduleGraph.getOutgoingConnections(module)) {
      const request = (dependency as { readonly request?: string } | null)?.request;
      if (!target || request === undefined) continue;
      const file = fileOf(target);
      const verdict = judgeImport({ request, file, directory, configPath: project.configPath });
      if (verdict === 'own' && file !== undefined && !ways.has(file)) {
        ways.set(file, way);
        queue.push(target);
      }
      if (verdict === 'own' || verdict === 'allowed' || from === entry) continue;
      const place = { file: relativeTo(directory, from), ...locateImport(from, request) };
      problems.set(`${from} ${request}`, {
        severity: 'error',
        code: 'WORKFLOW_IMPORT',
        message: tell(verdict, request, way),
        place,
      });
    }
  }
  ways.delete(entry);
  return { problems: [...problems.values()], own: new Set(ways.keys()) };
}

function fileOf(module: unknown): string | undefined {
  return (module as { readonly resource?: string }).resource?.replace(/\?.*$/, '');
}

type Verdict = 'own' | 'allowed' | 'node' | 'config' | 'millrace' | 'package';

interface Imported {
  readonly request: string;
  readonly file: string | undefined;
  readonly directory: string;
  readonly configPath: string | undefined;
}

const MILLRACE = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  import.meta.url.endsWith('.ts') ? '../..' : '../../..',
);
const TEMPORAL =
  /\/node_modules\/@temporalio\/(workflow|common)\/|\/node_modules\/@temporalio\/worker\/lib\/workflow\/module-overrides\//;
const OUR_WORKFLOW_SIDE = /^(dist\/)?(workflows|src\/core)\//;

function judgeImport({ request, file, directory, configPath }: Imported): Verdict {
  if (file !== undefined && TEMPORAL.test(posix(file))) return 'allowed';
  if (isBuiltin(request)) return 'node';
  // What Temporal forbids by name is resolved to nothing.
  if (file === undefined || !path.isAbsolute(file)) return 'package';
  if (configPath !== undefined && file === realpathSync(configPath)) return 'config';
  const [, ours] = /\/node_modules\/millrace\/(?!.*\/node_modules\/)(.+)$/.exec(posix(file)) ?? [];
  if (ours !== undefined) return OUR_WORKFLOW_SIDE.test(ours) ? 'allowed' : 'millrace';
  if (posix(file).includes('/node_modules/')) return 'package';
  if (file.startsWith(directory + path.sep)) return 'own';
  if (!file.startsWith(MILLRACE + path.sep)) return 'own';
  return OUR_WORKFLOW_SIDE.test(posix(path.relative(MILLRACE, file))) ? 'allowed' : 'millrace';
}

function posix(file: string): string {
  return file.split(path.sep).join('/');
}

function tell(verdict: 'node' | 'config' | 'millrace' | 'package', request: string, way: readonly string[]): string {
  const told = way.length > 1 ? ` (by way of ${way.join(' → ')})` : '';
  const what = {
    node: `"${request}", a module of Node, which the workflow sandbox does not have`,
    config: `"${request}" as a value, which would take every contract and zod into the workflow sandbox`,
    millrace: `"${request}", which is not for workflows: they take values from "millrace" alone`,
    package: `"${request}", a package that the workflow sandbox may not hold`,
  }[verdict];
  const advice =
    verdict === 'config'
      ? 'Import its type only: import type project from …'
      : 'A pipeline sees names and references, and leaves data to its steps: write `import type` for a type, and move code that needs it out of the pipeline.';
  return `It imports ${what}${told}. ${advice}`;
}
