import { TerminalError } from '../core/errors.js';
import { nearName } from '../core/near-name.js';
import { partitionRange } from '../core/partitions.js';
import type { PipelineConfig } from './project.js';

/** What a run of a pipeline is to be. */
export interface Admissible {
  readonly config: PipelineConfig;
  /** Checked, with defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly partition: string | undefined;
}

/**
 * Finds a pipeline by name and holds parameters against it, as every run begins.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID naming each that is wrong
 */
export function admissible(pipelines: Readonly<Record<string, PipelineConfig>>, name: string, given: unknown): Admissible {
  const config = findPipeline(pipelines, name);
  const params = checkParams(name, config, given);
  return { config, params, partition: checkPartition(config, params) };
}

/** @throws TerminalError PIPELINE_UNKNOWN */
export function findPipeline(pipelines: Readonly<Record<string, PipelineConfig>>, name: string): PipelineConfig {
  const config = Object.hasOwn(pipelines, name) ? pipelines[name] : undefined;
  if (config) return config;
  const known = Object.keys(pipelines);
  throw new TerminalError(
    'PIPELINE_UNKNOWN',
    `The config has no pipeline "${name}". It has: ${known.join(', ')}.${nearly(name, known)}`,
  );
}

function nearly(name: string, known: readonly string[]): string {
  const near = nearName(name, known);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

function checkParams(pipeline: string, config: PipelineConfig, params: unknown): Record<string, unknown> {
  const parsed = strictly(config.params).safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TerminalError(
    'PARAMETERS_INVALID',
    `The parameters of "${pipeline}" are wrong: ${problems.join('; ')}. Correct them and start again.`,
    {
      fields: parsed.error.issues.map((issue) => issue.path.join('.')).join(','),
    },
  );
}

const strict = new WeakMap<PipelineConfig['params'], PipelineConfig['params']>();

/** The schema that takes no other parameters: one for all runs, since zod compiles each schema when it first parses. */
function strictly(params: PipelineConfig['params']): PipelineConfig['params'] {
  const made = strict.get(params) ?? params.strict();
  strict.set(params, made);
  return made;
}

/** @throws TerminalError PARAMETERS_INVALID when it is none of the pipeline's */
export function checkPartition(config: PipelineConfig, params: Readonly<Record<string, unknown>>): string | undefined {
  const partitioning = config.partition;
  if (!partitioning) return undefined;
  const value = String(params[partitioning.parameter]);
  const first = partitionRange(partitioning.from);
  const range = partitionRange(value);
  if (value.length !== partitioning.from.length || range.gte < first.gte) {
    throw new TerminalError(
      'PARAMETERS_INVALID',
      `${partitioning.parameter}: "${value}" is not one of the pipeline's ${partitioning.kind} partitions, which begin with ${partitioning.from}.`,
    );
  }
  return value;
}
