import type { Catalog } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import { BATCH, breathe } from './sweep-context.js';

/** A run that goes on, as Temporal lists it. */
export interface RunningNow {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly startedAt: string;
}

/** A run this young may not have told the catalog of itself. */
const YOUNG_MS = 60_000;

/**
 * What a run needs is in the catalog: one that has lost it (a new file, another database) would have everything removed that
 * its runs work with.
 *
 * @param pipelines names of the project's pipelines; other workflows are not asked about
 * @throws TerminalError CATALOG_INCOMPLETE when a run goes on that the catalog does not know
 */
export async function requireWholeCatalog(
  catalog: Pick<Catalog, 'findRun' | 'name'>,
  running: readonly RunningNow[],
  pipelines: readonly string[],
  now: number,
): Promise<void> {
  const known = new Set(pipelines);
  let looked = 0;
  for (const { workflowId, runId, type, startedAt } of running) {
    looked += 1;
    if (looked % BATCH === 0) await breathe();
    if (!known.has(type) || now - Date.parse(startedAt) < YOUNG_MS) continue;
    if (await catalog.findRun(workflowId, runId)) continue;
    throw new TerminalError(
      'CATALOG_INCOMPLETE',
      `The run ${workflowId} (${runId}) goes on, and the catalog ${catalog.name} does not know it: nobody can tell what it needs, so nothing was removed. Run \`millrace catalog rebuild\`, or wait for the run's end.`,
      { workflowId, runId },
    );
  }
}
