import { runIdOfKey } from '../archive/document.js';
import type { ArchiveFiles } from '../archive/files.js';
import { archivedEvents, openArchived } from '../archive/read-archive.js';
import { messageOf } from '../core/errors.js';
import { historyFrom } from '../temporal/run-history.js';
import { tellRun } from './run-facts.js';
import { isCatalogs, manifestsOf, type Found, type RebuildSources } from './sources.js';

/** Tells the catalog of the runs that the archive has: those that Temporal has forgotten, and of the others that they are archived. */
export async function tellArchived(sources: RebuildSources, files: ArchiveFiles, found: Found): Promise<void> {
  for await (const { key } of files.list()) {
    const runId = runIdOfKey(key);
    if (runId === undefined) continue;
    try {
      await tellOne(sources, files, runId, found);
    } catch (error) {
      if (isCatalogs(error)) throw error;
      found.troubles.push(`The archived run ${runId}: ${messageOf(error)}`);
    }
  }
}

async function tellOne(sources: RebuildSources, files: ArchiveFiles, runId: string, found: Found): Promise<void> {
  const { catalog, progress, pipelines } = sources;
  const archived = await openArchived(files, runId);
  if (!archived) return;
  const { workflowId, pipeline, namespace, closedAt } = archived.header;
  try {
    // Several projects may share an archive.
    if (!pipelines.includes(pipeline)) return;
    if (!found.told.has(runId)) {
      const history = await historyFrom({ workflowId, runId }, archivedEvents(archived));
      const told = await tellRun({ catalog, namespace, manifest: manifestsOf(sources, found) }, history);
      found.steps += told.steps;
      found.attemptsLost += told.attemptsLost;
      found.skips += told.skips;
      found.told.add(runId);
      if (history.admitted) progress('archived runs', ++found.archivedRuns);
    }
    await catalog.recordArchive({ workflowId, runId, state: 'archived', at: closedAt });
  } finally {
    archived.close();
  }
}
