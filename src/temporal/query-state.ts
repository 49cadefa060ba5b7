import type { RunStateView } from '../../workflows/run-state-view.js';
import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';

const DEADLINE_MS = 1_000;

/**
 * What the run itself says of its steps; `undefined` when it does not answer within a second. A query replays the run and
 * needs its worker, so it is an extra, never the only source.
 */
export async function queryState(temporal: TemporalClient, run: RunAddress): Promise<RunStateView | undefined> {
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  try {
    return await temporal.client.withDeadline(Date.now() + DEADLINE_MS, () => handle.query<RunStateView>('state'));
  } catch {
    return undefined;
  }
}
