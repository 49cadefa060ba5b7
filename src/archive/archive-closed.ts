import type { Catalog, RunToArchive } from '../catalog/index.js';
import { messageOf, MillraceError } from '../core/errors.js';
import type { RecurringLog } from '../recurring/troubles.js';
import { retentionOf } from '../temporal/closed-run.js';
import type { TemporalClient } from '../temporal/connect.js';
import { archiveRun } from './archive-run.js';
import type { ArchiveFiles } from './files.js';
import { lateAlert, missedAlert } from './alerts.js';

export interface ArchiveClosedOptions {
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  readonly files: ArchiveFiles;
  readonly log: RecurringLog;
  /** Whether to go on with the next run. */
  readonly mayGoOn: () => Promise<boolean>;
}

/** Runs that are asked for at a time. */
const PAGE = 100;
/** A pass that fails so often will fail with the others too: the disk is full, say. */
const MOST_FAILED = 20;

/** What one pass has come to. */
interface Pass {
  readonly missed: RunToArchive[];
  readonly failed: { readonly run: RunToArchive; readonly message: string }[];
}

/**
 * Goes once through the closed runs that are not archived, and archives them. Harmless beside anybody who does the same. A
 * run that cannot be archived is left for the next pass and keeps none of the others from it.
 *
 * @throws MillraceError what may be over in a moment: Temporal, the catalog or the archive's place is away
 */
export async function archiveClosed(options: ArchiveClosedOptions): Promise<void> {
  const { catalog, temporal, mayGoOn } = options;
  const isFirst = !(await catalog.hasArchives());
  const pass: Pass = { missed: [], failed: [] };
  try {
    let after: RunToArchive | undefined;
    for (;;) {
      const page = await catalog.listRunsToArchive({ namespace: temporal.namespace, after, limit: PAGE });
      for (const run of page) {
        if (pass.failed.length >= MOST_FAILED || !(await mayGoOn())) return;
        await archiveOne(options, run, pass);
      }
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  } finally {
    await tell(options, pass, isFirst);
  }
}

async function archiveOne({ catalog, temporal, files }: ArchiveClosedOptions, run: RunToArchive, pass: Pass): Promise<void> {
  const { workflowId, runId, forgotten } = run;
  try {
    const written = forgotten ? 'forgotten' : await archiveRun(temporal, files, { workflowId, runId });
    // Its end is told just before it ends: the next pass finds it closed.
    if (written === undefined) return;
    const at = new Date().toISOString();
    if (written !== 'forgotten') await catalog.recordArchive({ workflowId, runId, state: 'archived', at, ...written });
    else await catalog.recordArchive({ workflowId, runId, state: 'missed', at });
  } catch (error) {
    if (!(error instanceof MillraceError)) {
      pass.failed.push({ run, message: messageOf(error) });
    } else if (error.code === 'RUN_UNKNOWN') {
      await catalog.recordArchive({ workflowId, runId, state: 'missed', at: new Date().toISOString() });
      pass.missed.push(run);
    } else if (error.retryable || error.code.startsWith('CATALOG')) {
      throw error;
    } else {
      pass.failed.push({ run, message: error.message });
    }
  }
}

async function tell({ catalog, temporal, files, log }: ArchiveClosedOptions, pass: Pass, isFirst: boolean): Promise<void> {
  const { missed, failed } = pass;
  if (missed.length > 0) {
    const facts = { runs: missed.length, first: missed[0]?.workflowId };
    log.warn('Temporal had forgotten runs before they were archived', facts);
    // What was over before there was an archive is nobody's omission.
    if (!isFirst) await catalog.raiseAlert(missedAlert(temporal, missed));
  }
  const [first] = failed;
  if (first) {
    const facts = { runs: failed.length, first: first.run.workflowId, message: first.message };
    log.warn('Histories of closed runs were not archived; it is tried again', facts);
  }
  await warnWhenLate({ catalog, temporal, files }, first?.message);
}

/** Says so while there is still time: some run has spent half of what Temporal keeps it. */
async function warnWhenLate(
  { catalog, temporal, files }: Pick<ArchiveClosedOptions, 'catalog' | 'temporal' | 'files'>,
  reason: string | undefined,
): Promise<void> {
  const [oldest] = await catalog.listRunsToArchive({ namespace: temporal.namespace, limit: 1 });
  if (!oldest || oldest.forgotten) return;
  const retentionMs = await retentionOf(temporal);
  if (retentionMs === undefined || Date.now() - Date.parse(oldest.finishedAt) < retentionMs / 2) return;
  await catalog.raiseAlert(lateAlert(temporal, files.root, { oldest, retentionMs, reason }));
}
