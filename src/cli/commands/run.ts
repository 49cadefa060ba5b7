import type { ConflictPolicy } from '../../temporal/start-run.js';
import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import { launch } from './launch.js';

export interface RunOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly wait?: true;
  readonly onConflict?: ConflictPolicy;
  readonly idempotencyKey?: string;
}

/**
 * Starts a run of a pipeline.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, RUN_ALREADY_RUNNING, IDEMPOTENCY_CONFLICT
 */
export function run(context: CommandContext, pipeline: string, options: RunOptions): Promise<number> {
  const { params = {}, id, onConflict, idempotencyKey, wait } = options;
  return withOperations(context, (operations) => {
    const start = () => operations.startRun({ pipeline, params, id, onConflict, idempotencyKey });
    return launch(context.output, operations, start, wait === true);
  });
}
