import { cancelRun } from '../../temporal/cancel-run.js';
import { formatRunAddress, parseRunAddress } from '../../temporal/run-id.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { withTemporal } from '../services.js';

/** Asks a run to stop; one that has ended stays as it is. */
export async function cancel({ output }: CommandContext, address: string): Promise<number> {
  const run = await withTemporal((temporal) => cancelRun(temporal, parseRunAddress(address)));
  const requested = run.state === 'running';
  output.data({ workflowId: run.workflowId, runId: run.runId, requested, state: run.state });
  output.text(
    requested
      ? `Run ${run.workflowId} was asked to stop. Look at it with: millrace show ${formatRunAddress(run)}`
      : `Run ${run.workflowId} had ended before: it is ${run.state}.`,
  );
  return EXIT.ok;
}
