import { loadProject } from '../../config/load.js';
import { TerminalError } from '../../core/errors.js';
import { canonicalRunId } from '../../temporal/run-id.js';
import type { CommandContext } from '../command-context.js';
import { withTemporal } from '../services.js';
import { launch } from './launch.js';

export interface RunOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
}

/**
 * Starts a run of a pipeline of the project.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, RUN_ALREADY_RUNNING
 */
export async function run(context: CommandContext, name: string, options: RunOptions): Promise<number> {
  const { pipelines, taskQueue } = await loadProject(context.directory);
  const pipeline = Object.hasOwn(pipelines, name) ? pipelines[name] : undefined;
  if (!pipeline) {
    const known = Object.keys(pipelines).join(', ');
    throw new TerminalError(
      'PIPELINE_UNKNOWN',
      `The project in ${context.directory} has no pipeline "${name}". It has: ${known}.`,
    );
  }
  const params = options.params ?? {};
  const workflowId = options.id ?? canonicalRunId(name, params, pipeline.partition);
  return withTemporal((temporal) =>
    launch(context.output, temporal, { pipeline: name, params, workflowId, taskQueue }, options.wait === true),
  );
}
