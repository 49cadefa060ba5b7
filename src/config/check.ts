import path from 'node:path';
import { suggestName } from '../core/near-name.js';
import type { Problem } from '../core/problems.js';
import { alertDoubts, alertFindings } from './alert-findings.js';
import { BUILT_IN_PIPELINES } from './built-in-pipelines.js';
import { checkFindings } from './check-findings.js';
import type { Contract } from './contract.js';
import { locateInConfig } from './locate.js';
import type { Project } from './project.js';
import { projectSchema } from './schema.js';
import { scheduleDoubts, scheduleFindings } from './schedule-findings.js';
import { keysAt } from './schema-keys.js';
import { triggerDoubts, triggerFindings } from './trigger-findings.js';

/** Something wrong at a path of the config's value. */
interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** What a config's value is, as far as it is one. */
export interface CheckedConfig {
  /** There where the value fits the schema, though what refers to each other in it may not exist. */
  readonly config?: Project;
  readonly problems: readonly Problem[];
}

/** Checks a config as a whole: its shape, and that what refers to each other exists. */
export function checkProject(value: unknown, file: string): CheckedConfig {
  if (value === undefined) {
    const text = 'There is no default export. End the file with: export default defineProject({ … })';
    return {
      problems: [{ severity: 'error', code: 'CONFIG_INVALID', message: text, place: { file: path.basename(file), line: 1 } }],
    };
  }
  const parsed = projectSchema.safeParse(value);
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(shapeFindings).map((found) => problemAt(file, found)) };
  const config = value as Project;
  const findings = [
    ...contractFindings(config),
    ...transformFindings(config),
    ...checkFindings(config),
    ...pipelineFindings(config),
    ...scheduleFindings(config),
    ...alertFindings(config),
    ...triggerFindings(config),
    ...devFindings(config),
  ];
  const doubtful = [...scheduleDoubts(config), ...alertDoubts(config), ...triggerDoubts(config)];
  const doubts = (findings.length === 0 ? doubtful : []).map((found) => problemAt(file, found, 'warning'));
  return { config, problems: [...findings.map((found) => problemAt(file, found)), ...doubts] };
}

/** The name under which a contract is in the config: the name by which workflows call it. */
export function contractName(config: Project, contract: Contract): string | undefined {
  return Object.entries(config.contracts).find(([, candidate]) => candidate === contract)?.[0];
}

function problemAt(file: string, { path: where, text }: Finding, severity: Problem['severity'] = 'error'): Problem {
  const message = where.length === 0 ? text : `${where.map(String).join('.')}: ${text}`;
  const place = { file: path.basename(file), ...locateInConfig(file, where) };
  return { severity, code: 'CONFIG_INVALID', message, place };
}

type Issue = NonNullable<ReturnType<typeof projectSchema.safeParse>['error']>['issues'][number];

function shapeFindings(issue: Issue): Finding[] {
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, text: isMissing ? 'It is missing.' : issue.message }];
  const known = keysAt(projectSchema, issue.path);
  return issue.keys.map((key) => ({ path: [...issue.path, key], text: `There is no such key. ${suggestName(key, known)}` }));
}

function contractFindings(config: Project): Finding[] {
  return Object.entries(config.contracts).flatMap(([name, contract]) => {
    const columns = Object.keys(contract.schema.shape);
    return contract.key
      .filter((column) => !columns.includes(column))
      .map((column) => ({
        path: ['contracts', name, 'key'],
        text: `The schema has no column "${column}". ${suggestName(column, columns)}`,
      }));
  });
}

function transformFindings(config: Project): Finding[] {
  return Object.entries(config.transforms).flatMap(([name, transform]) => {
    const used = [
      ...Object.entries(transform.inputs).map(([input, contract]) => [['inputs', input], contract] as const),
      [['output'], transform.output] as const,
    ];
    return used
      .filter(([, contract]) => contractName(config, contract) === undefined)
      .map(([place]) => ({
        path: ['transforms', name, ...place],
        text: 'Its contract is not listed under `contracts`, where workflows find it by name. Add it there.',
      }));
  });
}

function pipelineFindings(config: Project): Finding[] {
  const taken = Object.keys(config.pipelines).filter((name) => Object.hasOwn(BUILT_IN_PIPELINES, name));
  return [
    ...taken.map((name) => ({
      path: ['pipelines', name],
      text: `"${name}" is a pipeline that Millrace brings. Give yours another name.`,
    })),
    ...partitionFindings(config),
  ];
}

function partitionFindings(config: Project): Finding[] {
  return Object.entries(config.pipelines).flatMap(([name, pipeline]) => {
    const parameter = pipeline.partition?.parameter;
    const known = Object.keys(pipeline.params.shape);
    return parameter === undefined || known.includes(parameter)
      ? []
      : [{ path: ['pipelines', name, 'partition'], text: `params has no "${parameter}". ${suggestName(parameter, known)}` }];
  });
}

function devFindings(config: Project): Finding[] {
  return (config.dev?.runs ?? []).flatMap((run, index) => {
    const place = ['dev', 'runs', index];
    const known = [...Object.keys(config.pipelines), ...Object.keys(BUILT_IN_PIPELINES)];
    if (!known.includes(run.pipeline)) {
      return [
        { path: [...place, 'pipeline'], text: `There is no pipeline "${run.pipeline}". ${suggestName(run.pipeline, known)}` },
      ];
    }
    return run.partitions && !config.pipelines[run.pipeline]?.partition
      ? [
          {
            path: [...place, 'partitions'],
            text: `Pipeline "${run.pipeline}" has no partitions. Give it some, or leave them out.`,
          },
        ]
      : [];
  });
}
