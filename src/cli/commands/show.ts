import { EXIT } from '../exit-codes.js';
import { isOpen, noStepWorker, noWorker } from '../outcome.js';
import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import type { RunView } from '../../operations/run-view.js';
import { runText } from '../run-text.js';

/**
 * Shows a run: its state from Temporal, its detail from the catalog. Either may be missing.
 *
 * @throws TerminalError RUN_UNKNOWN when neither knows it
 */
export async function show(context: CommandContext, run: string): Promise<number> {
  const found = await withOperations(context, ({ getRun }) => getRun({ run }), { withoutTemporal: true });
  const { output } = context;
  output.data(found);
  // What the schema of an answer leaves open is as the catalog has it.
  output.text(runText(found as unknown as RunView, found.alerts));
  if (isOpen(found) && found.worker === false) output.warn(noWorker(found.taskQueue));
  const others = found.unpolled.filter(({ taskQueue }) => taskQueue !== found.taskQueue);
  if (isOpen(found)) for (const queue of others) output.warn(noStepWorker(queue));
  return EXIT.ok;
}
