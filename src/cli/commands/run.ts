import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import { launch } from './launch.js';

export interface RunOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
}

/**
 * Starts a run of a pipeline.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, RUN_ALREADY_RUNNING
 */
export function run(context: CommandContext, pipeline: string, { params = {}, id, wait }: RunOptions): Promise<number> {
  return withOperations(context, (operations) =>
    launch(context.output, operations, () => operations.startRun({ pipeline, params, id }), wait === true),
  );
}
