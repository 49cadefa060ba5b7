import type { TemporalClient } from './connect.js';
import { describeRun, type RunDescription } from './describe-run.js';
import { formatRunAddress, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/**
 * Asks a run to stop; its steps are interrupted and their destinations left clean. Returns the run as it was then: a run
 * that is not `running` had ended before, and nothing was asked of it.
 *
 * @throws TerminalError RUN_UNKNOWN
 */
export async function cancelRun(temporal: TemporalClient, run: RunAddress): Promise<RunDescription> {
  const description = await describeRun(temporal, run);
  if (description.state === 'running') {
    const handle = temporal.client.workflow.getHandle(run.workflowId, description.runId);
    await answered(temporal, formatRunAddress(run), () => handle.cancel());
  }
  return description;
}
