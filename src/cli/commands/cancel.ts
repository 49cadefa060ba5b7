import { formatRunAddress } from '../../temporal/run-id.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';

/** Asks a run to stop; one that has ended stays as it is. */
export async function cancel(context: CommandContext, run: string): Promise<number> {
  const { workflowId, runId, requested, state } = await withOperations(context, ({ cancelRun }) => cancelRun({ run }));
  const { output } = context;
  output.data({ workflowId, runId, requested, state });
  output.text(
    requested
      ? `Run ${workflowId} was asked to stop. Look at it with: millrace show ${formatRunAddress({ workflowId, runId })}`
      : `Run ${workflowId} had ended before: it is ${state}.`,
  );
  return EXIT.ok;
}
