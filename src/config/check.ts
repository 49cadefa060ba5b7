import { TerminalError } from '../core/errors.js';
import type { Contract } from './contract.js';
import type { Project } from './project.js';
import { projectSchema } from './schema.js';

/**
 * Checks a config as a whole: its shape, and that what refers to each other exists.
 * @throws TerminalError CONFIG_INVALID with one line for each problem
 */
export function checkProject(value: unknown, file: string): Project {
  const parsed = projectSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(config)'}: ${issue.message}`);
    throw invalid(file, value === undefined ? ['there is no default export: export default defineProject({ … })'] : problems);
  }
  const config = value as Project;
  const problems = [...contractProblems(config), ...transformProblems(config), ...pipelineProblems(config)];
  if (problems.length > 0) throw invalid(file, problems);
  return config;
}

/** The name under which a contract is in the config: the name by which workflows call it. */
export function contractName(config: Project, contract: Contract): string | undefined {
  return Object.entries(config.contracts).find(([, candidate]) => candidate === contract)?.[0];
}

function contractProblems(config: Project): string[] {
  return Object.entries(config.contracts).flatMap(([name, contract]) =>
    contract.key
      .filter((column) => !(column in contract.schema.shape))
      .map((column) => `contracts.${name}.key: no column "${column}" in the schema`),
  );
}

function transformProblems(config: Project): string[] {
  return Object.entries(config.transforms).flatMap(([name, transform]) => {
    const used = [
      ...Object.entries(transform.inputs).map(([input, contract]) => [`inputs.${input}`, contract] as const),
      ['output', transform.output] as const,
    ];
    return used
      .filter(([, contract]) => contractName(config, contract) === undefined)
      .map(([place]) => `transforms.${name}.${place}: its contract is not listed under \`contracts\``);
  });
}

function pipelineProblems(config: Project): string[] {
  const problems = Object.entries(config.pipelines).flatMap(([name, pipeline]) => {
    const parameter = pipeline.partition?.parameter;
    return parameter !== undefined && !(parameter in pipeline.params.shape)
      ? [`pipelines.${name}.partition: no parameter "${parameter}" in params`]
      : [];
  });
  const devRuns = (config.dev?.runs ?? []).flatMap((run, index) => {
    const pipeline = config.pipelines[run.pipeline];
    if (!pipeline) return [`dev.runs.${index}: no pipeline "${run.pipeline}"`];
    return run.partitions && !pipeline.partition ? [`dev.runs.${index}: pipeline "${run.pipeline}" has no partitions`] : [];
  });
  return [...problems, ...devRuns];
}

function invalid(file: string, problems: readonly string[]): TerminalError {
  return new TerminalError(
    'CONFIG_INVALID',
    `${file} is not a valid project:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}
