import type { Candidate } from './candidates.js';

/** So many runs are offered. */
export const MOST_RUNS = 50;

/** Workflow ids with the status of the latest run of each; runs come the latest first. */
export function latestRuns(runs: readonly { readonly workflowId: string; readonly status: string }[]): Candidate[] {
  const latest = new Map(runs.toReversed().map(({ workflowId, status }) => [workflowId, status]));
  return [...latest].toReversed().map(([value, about]) => ({ value, about }));
}
