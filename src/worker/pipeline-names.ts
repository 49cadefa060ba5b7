import { BUILT_IN_NAMES } from '../config/built-in-pipelines.js';
import { importModule, type LoadedProject } from '../config/load.js';
import { relativeTo } from '../config/import-failure.js';
import { locateExport, locateInConfig } from '../config/locate.js';
import { suggestName } from '../core/near-name.js';
import { problemsOf, type Place, type Problem } from '../core/problems.js';

/** What `workflows/index.ts` exports, and how it disagrees with the config. */
export interface PipelineNames {
  /** The names of its exports; the config's where it could not be imported. */
  readonly names: readonly string[];
  /** False where importing it failed, which `problems` then tells. */
  readonly isImported: boolean;
  readonly problems: readonly Problem[];
}

/** The project whose names are compared. Without a config, which may be broken, the exports alone are looked at. */
export type NamedProject = Pick<LoadedProject, 'directory' | 'root' | 'workflowsPath'> &
  Partial<Pick<LoadedProject, 'config' | 'configPath'>>;

/**
 * Holds the three places that name pipelines against each other: the exports of `workflows/index.ts`, the names given to
 * `pipeline()`, and `config.pipelines`.
 */
export async function readPipelineNames(project: NamedProject): Promise<PipelineNames> {
  const { workflowsPath } = project;
  return workflowsPath === undefined
    ? { names: [], isImported: true, problems: [] }
    : compareNames({ ...project, workflowsPath });
}

type Listed = NamedProject & { readonly workflowsPath: string };

async function compareNames(project: Listed): Promise<PipelineNames> {
  const configured = project.config ? Object.keys(project.config.pipelines) : undefined;
  let exported: Readonly<Record<string, unknown>>;
  try {
    const { directory, workflowsPath } = project;
    exported = (await importModule(workflowsPath, '*', { directory, code: 'WORKFLOW_INVALID' })) as Record<string, unknown>;
  } catch (error) {
    return { names: configured ?? [], isImported: false, problems: problemsOf(error) };
  }
  const names = Object.keys(exported).filter((name) => name !== 'default' && name !== 'module.exports');
  const problems = [
    ...defaultProblems(project, exported),
    ...names.flatMap((name) => exportProblems(project, name, exported[name], configured)),
    ...(configured ?? []).filter((name) => !names.includes(name)).map((name) => unexported(project, name, names)),
  ];
  return { names, isImported: true, problems };
}

function defaultProblems(project: Listed, exported: Readonly<Record<string, unknown>>): Problem[] {
  // Of a CommonJS module, `default` is what it exports as a whole.
  const whole = exported['module.exports'] as { readonly default?: unknown } | undefined;
  const value = whole === undefined ? exported['default'] : whole.default;
  if (value === undefined) return [];
  const text = 'It has a default export, which is no workflow type. Export each pipeline under its name.';
  return [mismatch(text, exportPlace(project, 'default'))];
}

function exportProblems(project: Listed, name: string, value: unknown, configured: readonly string[] | undefined): Problem[] {
  const place = exportPlace(project, name);
  if (BUILT_IN_NAMES.includes(name)) {
    return [mismatch(`"${name}" is a pipeline that Millrace brings. Give yours another name.`, place)];
  }
  const given = typeof value === 'function' ? (value as { pipelineName?: unknown }).pipelineName : undefined;
  if (typeof given !== 'string') {
    const text = `The export "${name}" is not made by pipeline(). Every export is a workflow that anybody may start: export pipelines only.`;
    return [mismatch(text, place)];
  }
  const wrong: Problem[] = [];
  if (given !== name) {
    wrong.push(mismatch(`The export "${name}" was given the name "${given}" by pipeline(). Give both the same name.`, place));
  }
  if (configured && !configured.includes(name)) {
    const text = `config.pipelines has no "${name}", which is exported here. ${suggestName(name, configured)}`;
    wrong.push(mismatch(text, place));
  }
  return wrong;
}

function unexported(project: Listed, name: string, names: readonly string[]): Problem {
  const index = relativeTo(project.directory, project.workflowsPath);
  const text = `pipelines.${name}: ${index} exports no "${name}". ${suggestName(name, names)}`;
  const { configPath: file = '' } = project;
  return mismatch(text, { file: relativeTo(project.directory, file), ...locateInConfig(file, ['pipelines', name]) });
}

function exportPlace({ directory, workflowsPath }: Listed, name: string): Place {
  return { file: relativeTo(directory, workflowsPath), ...locateExport(workflowsPath, name) };
}

function mismatch(message: string, place: Place): Problem {
  return { severity: 'error', code: 'PIPELINE_NAME_MISMATCH', message, place };
}
