import { archiveKey } from '../archive/document.js';
import type { ArchivedRun } from '../catalog/index.js';
import { BATCH, breathe, limitOf, NOTHING, type SweepContext, type Tidied } from './sweep-context.js';

/** Removes archived histories of runs that ended long ago. */
export async function sweepArchive(context: SweepContext): Promise<Tidied> {
  const { catalog, archive, retention, dryRun, signal, progress } = context;
  const before = limitOf(context, retention.archive);
  if (before === undefined || !archive) return NOTHING;
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
  return { removed: { histories }, bytes: freed, kept: {} };
}
