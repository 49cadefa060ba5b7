import type { TemporalClient } from './connect.js';
import type { RunState } from './describe-run.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';
import { isoTime } from './iso-time.js';

/** How Temporal numbers the statuses of a workflow execution. */
const STATES: readonly RunState[] = [
  'unknown',
  'running',
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'continued',
  'timed out',
  'paused',
];

/** A run's state at one moment. */
export interface SeenState extends Required<RunAddress> {
  readonly state: RunState;
  readonly closedAt: string | null;
}

/** Runs of one {@link listStates}: with more, its query would be longer than 10 KB. */
export const MOST_STATES_AT_ONCE = 250;

/**
 * The states of runs, by one visibility request. Visibility lags behind by moments: a run that is missing in the answer may
 * be there, and one that runs may have closed.
 */
export async function listStates(temporal: TemporalClient, runIds: readonly string[]): Promise<SeenState[]> {
  const { client, namespace } = temporal;
  const query = `RunId IN (${runIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`;
  const { executions } = await answered(temporal, 'runs', () =>
    client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: runIds.length }),
  );
  return (executions ?? []).map(({ execution, status, closeTime }) => ({
    workflowId: execution?.workflowId ?? '',
    runId: execution?.runId ?? '',
    state: STATES[Number(status)] ?? 'unknown',
    closedAt: closeTime ? isoTime(closeTime) : null,
  }));
}
