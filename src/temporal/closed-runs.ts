import { MillraceError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import { describeRun } from './describe-run.js';
import type { RunAddress } from './run-id.js';

/** Requests under way at once. */
const AT_ONCE = 10;

/**
 * Which of some runs have closed, and when. One that Temporal does not know any more has closed long ago.
 *
 * @throws TransientError TEMPORAL_UNREACHABLE
 */
export async function closedRuns(
  temporal: TemporalClient,
  runs: readonly Required<RunAddress>[],
): Promise<{ readonly runId: string; readonly at: string }[]> {
  const closed: { readonly runId: string; readonly at: string }[] = [];
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const ends = await Promise.all(runs.slice(from, from + AT_ONCE).map((run) => endOf(temporal, run)));
    closed.push(...ends.flatMap((end) => end ?? []));
  }
  return closed;
}

async function endOf(temporal: TemporalClient, run: Required<RunAddress>) {
  try {
    const { state, closedAt } = await describeRun(temporal, run);
    if (state === 'running' || state === 'paused') return undefined;
    return { runId: run.runId, at: closedAt ?? new Date().toISOString() };
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'RUN_UNKNOWN') throw error;
    return { runId: run.runId, at: new Date(0).toISOString() };
  }
}
