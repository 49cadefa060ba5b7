import type { ResultOf } from '../api/index.js';
import { archivedEvents, openArchived } from '../archive/read-archive.js';
import type { LoadedProject } from '../config/load.js';
import { MillraceError } from '../core/errors.js';
import { interventionsIn, listInterventions, type Intervention } from '../temporal/interventions.js';
import type { OperationContext } from './context.js';
import { withArchive } from './with-archive.js';

type Archived = Pick<LoadedProject, 'archive' | 'staging' | 'engine'>;

/** What was done to a run from outside, as Temporal has it, or the archive once Temporal has forgotten the run. */
export async function interventionsOf(
  { temporal, states, project }: OperationContext,
  { workflowId, runId, archive }: Pick<ResultOf<'getRun'>, 'workflowId' | 'runId' | 'archive'>,
): Promise<Intervention[]> {
  const run = { workflowId, runId };
  if (await states.describe(run)) return listInterventions(temporal, run);
  return archive?.state === 'archived' ? archivedInterventions(project, runId) : [];
}

/** The same of a run that Temporal has forgotten. An archive that cannot be read keeps nobody from the rest of the log. */
export function archivedInterventions(project: Archived, runId: string): Promise<Intervention[]> {
  return withArchive(project, async (files) => {
    try {
      const archived = files && (await openArchived(files, runId));
      if (!archived) return [];
      try {
        return await interventionsIn(archivedEvents(archived));
      } finally {
        archived.close();
      }
    } catch (error) {
      if (error instanceof MillraceError) return [];
      throw error;
    }
  });
}
