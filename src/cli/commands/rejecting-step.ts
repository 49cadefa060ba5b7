import { findRejecting, type Catalog, type RejectingStep } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { openStaging } from '../../engine/open-staging.js';
import { requireRejects } from '../../engine/quarantine/place-rejects.js';
import type { RejectedRows } from '../../engine/quarantine/rejected-rows.js';
import { openSession, type EngineSession } from '../../engine/session.js';
import type { Staging } from '../../engine/staging.js';
import { formatRunAddress, parseRunAddress } from '../../temporal/run-id.js';
import { withCatalog } from '../services.js';

/** A step that rejected rows, with what reads them. */
export interface OpenedQuarantine {
  readonly catalog: Catalog;
  readonly project: LoadedProject;
  readonly staging: Staging;
  readonly session: EngineSession;
  readonly rejecting: RejectingStep;
  readonly rows: RejectedRows;
}

/** The run and the step by which rejected rows are known, whoever rejects them again. */
export function originOf({ run, quarantine }: RejectingStep): { readonly run: string; readonly step: string } {
  if (run.pipeline !== 'replayQuarantine') return { run: formatRunAddress(quarantine), step: quarantine.step };
  const { workflowId, runId, step } = run.params as { workflowId: string; runId: string; step: string };
  return { run: formatRunAddress({ workflowId, runId }), step };
}

/**
 * Opens the rejected rows of a run's step.
 *
 * @throws TerminalError RUN_UNKNOWN, QUARANTINE_UNKNOWN
 */
export function withRejected<T>(
  directory: string,
  address: string,
  step: string | undefined,
  work: (opened: OpenedQuarantine) => Promise<T>,
): Promise<T> {
  return withCatalog(directory, async (catalog, project) => {
    const rejecting = await findRejecting(catalog, parseRunAddress(address), step);
    const { quarantine, inputUri } = rejecting;
    const staging = openStaging(project.staging, project.engine.spillDirectory);
    const session = await openSession(project.engine, new AbortController().signal);
    try {
      const file = await requireRejects(staging, session, quarantine.rejects);
      const { columns } = await staging.read(inputUri);
      const rows = { file, columns };
      return await work({ catalog, project, staging, session, rejecting, rows });
    } finally {
      session.close();
      await staging.close();
    }
  });
}
