import type { Catalog } from '../catalog/index.js';
import type { TemporalClient } from '../temporal/connect.js';
import { listLongRunning } from '../temporal/list-long-running.js';
import { breathe } from './sweep-context.js';
import { requireWholeCatalog } from './whole-catalog.js';

/** The project whose staging is swept. */
export interface SweptProject {
  readonly taskQueue: string;
  readonly pipelines: Readonly<Record<string, unknown>>;
}

/**
 * Asks Temporal for all runs that go on, and the catalog for each: those that it has lost are the oldest.
 *
 * @param now milliseconds since 1970
 * @throws TerminalError CATALOG_INCOMPLETE; TransientError TEMPORAL_UNREACHABLE
 */
export async function requireKnownRuns(
  catalog: Pick<Catalog, 'findRun' | 'name'>,
  temporal: TemporalClient,
  project: SweptProject,
  now: number,
): Promise<void> {
  const pipelines = Object.keys(project.pipelines);
  const startedBefore = new Date(now);
  const running = await listLongRunning(temporal, { taskQueue: project.taskQueue, pipelines, startedBefore }, breathe);
  await requireWholeCatalog(catalog, running, pipelines, now);
}
