import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import { launch } from './launch.js';

export interface MarkOptions {
  readonly reason: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly wait?: true;
}

/**
 * Starts a run that takes over what a closed run had finished, with one more of its steps done by a given dataset.
 *
 * @throws TerminalError RUN_UNKNOWN, RETRY_INVALID, RUN_ALREADY_RUNNING; MARK_INVALID when the dataset can't stand for the step
 */
export function mark(
  context: CommandContext,
  run: string,
  step: string,
  dataset: string,
  { reason, params, wait }: MarkOptions,
): Promise<number> {
  return withOperations(context, (operations) =>
    launch(context.output, operations, () => operations.markStep({ run, step, dataset, reason, params }), wait === true),
  );
}
