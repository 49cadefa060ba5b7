import { archiveKey, runIdOfKey } from '../archive/document.js';
import type { ArchiveFiles } from '../archive/files.js';
import { openArchived } from '../archive/read-archive.js';
import type { ArchivedRun } from '../catalog/index.js';
import { MillraceError } from '../core/errors.js';
import { BATCH, breathe, limitOf, NOTHING, type SweepContext, type Tidied } from './sweep-context.js';

/** Removes archived histories of runs that ended long ago, also of those that have left the catalog before. */
export async function sweepArchive(context: SweepContext): Promise<Tidied> {
  const { archive, retention } = context;
  const before = limitOf(context, retention.archive);
  if (before === undefined || !archive) return NOTHING;
  const known = await sweepKnown(context, archive, before);
  const left = await sweepLeft(context, archive, before, known.histories);
  const kept: Record<string, number> = left.unreadable > 0 ? { 'cannot be read': left.unreadable } : {};
  return { removed: { histories: known.histories + left.histories }, bytes: known.bytes + left.bytes, kept };
}

interface Gone {
  readonly histories: number;
  readonly bytes: number;
}

async function sweepKnown(context: SweepContext, archive: ArchiveFiles, before: string): Promise<Gone> {
  const { catalog, dryRun, signal, progress } = context;
  let histories = 0;
  let freed = 0;
  let after: ArchivedRun | undefined;
  do {
    const page = await catalog.listArchives({ before, ...(after && { after }), limit: BATCH });
    for (const { workflowId, runId, bytes } of page) {
      if (signal.aborted) break;
      // First the file: what is left by a crash in between is listed again.
      if (!dryRun) {
        await archive.remove(archiveKey(runId));
        await catalog.recordArchive({ workflowId, runId, state: 'removed', at: new Date(context.now).toISOString() });
      }
      histories += 1;
      freed += bytes ?? 0;
    }
    after = page.at(-1);
    progress(histories);
    await breathe();
  } while (after !== undefined && !signal.aborted);
  return { histories, bytes: freed };
}

/**
 * The catalog may keep a run for a shorter time than the archive keeps its history: then the file tells whose it is, and when the
 * run ended. Only files are opened that have not changed for so long, since none was written before its run ended.
 */
async function sweepLeft(
  context: SweepContext,
  archive: ArchiveFiles,
  before: string,
  looked: number,
): Promise<Gone & { readonly unreadable: number }> {
  const { dryRun, signal, progress } = context;
  const left = { histories: 0, bytes: 0, unreadable: 0 };
  let opened = looked;
  for await (const { key, changedMs, bytes } of archive.list()) {
    if (signal.aborted) break;
    const runId = runIdOfKey(key);
    if (runId === undefined || changedMs >= Date.parse(before)) continue;
    progress((opened += 1));
    try {
      if (!(await isLeft(context, archive, runId, before))) continue;
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'ARCHIVE_DAMAGED') throw error;
      left.unreadable += 1;
      continue;
    }
    if (!dryRun) await archive.remove(key);
    left.histories += 1;
    left.bytes += bytes;
    await breathe();
  }
  return left;
}

/** Whether a history is of a run of this project that ended before, and that the catalog does not know any more. */
async function isLeft(context: SweepContext, archive: ArchiveFiles, runId: string, before: string): Promise<boolean> {
  const { catalog, project } = context;
  const archived = await openArchived(archive, runId);
  if (!archived) return false;
  archived.close();
  const { namespace, taskQueue, workflowId, closedAt } = archived.header;
  if (namespace !== project.namespace || taskQueue !== project.taskQueue || closedAt >= before) return false;
  return (await catalog.findRun(workflowId, runId)) === undefined;
}
