import type { RunToArchive } from '../catalog/index.js';
import type { Alert } from '../core/alerts.js';
import type { TemporalClient } from '../temporal/connect.js';

type Server = Pick<TemporalClient, 'namespace'>;

/** Runs that an alert names. */
const MOST_NAMED = 10;

/** Histories are lost: told once a day and namespace. */
export function missedAlert({ namespace }: Server, missed: readonly RunToArchive[]): Alert {
  const at = new Date().toISOString();
  const named = missed.slice(0, MOST_NAMED).map((run) => `  ${run.workflowId} (${run.runId}), ended ${run.finishedAt}`);
  return {
    key: `archive missed/${namespace}/${at.slice(0, 10)}`,
    kind: 'housekeeping',
    severity: 'critical',
    title: `The history of ${missed.length === 1 ? 'a run' : `${missed.length} runs`} is lost`,
    text: [
      `Temporal's namespace "${namespace}" had forgotten ${missed.length === 1 ? 'this run' : 'these runs'} before the history was archived:`,
      ...named,
      ...(missed.length > named.length ? [`  and ${missed.length - named.length} more`] : []),
      'What the catalog knows of them stays: steps, results, errors, logs. To lose no more, keep a worker running, or let the namespace keep runs longer: temporal operator namespace update --retention 7d.',
    ].join('\n'),
    at,
    details: { runs: missed.length },
  };
}

/** Histories will be lost if nothing changes: told once a day and namespace. */
export function lateAlert(
  { namespace }: Server,
  root: string,
  late: { readonly oldest: RunToArchive; readonly retentionMs: number; readonly reason: string | undefined },
): Alert {
  const at = new Date().toISOString();
  const { oldest, retentionMs, reason } = late;
  const until = new Date(Date.parse(oldest.finishedAt) + retentionMs).toISOString();
  return {
    key: `archive late/${namespace}/${at.slice(0, 10)}`,
    kind: 'housekeeping',
    severity: 'warning',
    title: 'Histories of runs are not archived in time',
    text: [
      `The run ${oldest.workflowId} (${oldest.runId}) ended at ${oldest.finishedAt} and is not archived; Temporal's namespace "${namespace}" forgets it at ${until}.`,
      ...(reason === undefined ? [] : [`The last attempt said: ${reason}`]),
      `Look at the worker's log, and whether the archive ${root} can be written.`,
    ].join('\n'),
    at,
    workflowId: oldest.workflowId,
    runId: oldest.runId,
    details: { forgottenAt: until },
  };
}
