import type { Catalog, RunRow } from '../catalog/index.js';
import type { Intervention } from '../temporal/interventions.js';
import { journalOf, type JournalLine } from './journal.js';

/** What a run did and logged, as the catalog has it, and what was done to it from outside. */
export async function readJournal(
  catalog: Pick<Catalog, 'listAttempts' | 'listSteps' | 'listLog'>,
  run: RunRow,
  interventions: readonly Intervention[],
): Promise<JournalLine[]> {
  const { workflowId, runId } = run;
  const [attempts, steps, log] = await Promise.all([
    catalog.listAttempts(workflowId, runId),
    catalog.listSteps(workflowId, runId),
    catalog.listLog(workflowId, runId),
  ]);
  const takenOver = steps.filter((step) => step.runId !== runId || step.workflowId !== workflowId);
  return journalOf({ run, attempts, takenOver, log, interventions });
}
