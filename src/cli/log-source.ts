import type { Operations } from '../api/index.js';
import type { Catalog } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { MillraceError, TerminalError } from '../core/errors.js';
import { archivedInterventions } from '../operations/interventions.js';
import type { JournalLine } from '../operations/journal.js';
import { readJournal } from '../operations/read-journal.js';
import type { TemporalClient } from '../temporal/connect.js';
import { describeRun, type RunDescription } from '../temporal/describe-run.js';
import { listInterventions, type Intervention } from '../temporal/interventions.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { hasWorker } from '../temporal/has-worker.js';
import { listPages } from './list-pages.js';
import { isOpen } from './outcome.js';

/** What is known of a run at one moment. */
export interface LogLook {
  /** In order of time; of a later look also those that an earlier one had. */
  readonly lines: readonly JournalLine[];
  /** No more is to come. */
  readonly closed: boolean;
  /** The task queue that the run waits at, where nobody polls it. */
  readonly unpolled: string | undefined;
}

/**
 * Reads one run in the catalog, and in Temporal where that can be reached, or else in the archive.
 *
 * @throws TerminalError RUN_UNKNOWN when neither knows it, when it looks
 */
export function logOfCatalog(
  { catalog, project }: { readonly catalog: Catalog; readonly project: LoadedProject },
  temporal: TemporalClient | undefined,
  address: RunAddress,
): () => Promise<LogLook> {
  let wanted = address;
  let interventions: readonly Intervention[] = [];
  let historyLength = -1;
  return async () => {
    const description = temporal && (await describeIfKnown(temporal, wanted));
    // The latest run of an id stays the one that was asked for, whatever starts meanwhile.
    if (description) wanted = { workflowId: description.workflowId, runId: description.runId };
    if (temporal && description && description.historyLength !== historyLength) {
      ({ historyLength } = description);
      interventions = await listInterventions(temporal, description);
    }
    const run = await catalog.findRun(wanted.workflowId, wanted.runId);
    if (run && !description && historyLength < 0) {
      historyLength = 0;
      interventions = await archivedInterventions(project, run.runId);
    }
    if (!run && !description) throw unknownRun(address);
    const closed = description ? !isOpen({ status: description.state }) : run?.status !== 'running';
    const lines = run ? await readJournal(catalog, run, interventions) : [];
    const waits =
      temporal && description?.state === 'running' && !(await hasWorker(temporal, description.taskQueue, description.pinnedTo));
    return { lines, closed, unpolled: waits ? description.taskQueue : undefined };
  };
}

/** Reads one run through a service: all of its lines at each look, since one that comes late stands among earlier ones. */
export function logOfService({ getRun, listRunLog }: Operations, address: string): () => Promise<LogLook> {
  let run = address;
  return async () => {
    const { workflowId, runId, status, worker, taskQueue } = await getRun({ run });
    run = formatRunAddress({ workflowId, runId });
    const lines = (await listPages((page) => listRunLog({ run, ...page }))) as JournalLine[];
    const waits = isOpen({ status }) && worker === false;
    return { lines, closed: !isOpen({ status }), unpolled: waits ? (taskQueue ?? '') : undefined };
  };
}

async function describeIfKnown(temporal: TemporalClient, address: RunAddress): Promise<RunDescription | undefined> {
  try {
    return await describeRun(temporal, address);
  } catch (error) {
    if (error instanceof MillraceError && (error.code === 'RUN_UNKNOWN' || error.retryable)) return undefined;
    throw error;
  }
}

function unknownRun(address: RunAddress): TerminalError {
  const message = `Neither Temporal nor the catalog knows a run ${formatRunAddress(address)}. List runs with \`millrace runs\`.`;
  return new TerminalError('RUN_UNKNOWN', message);
}
