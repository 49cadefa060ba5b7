import { millraceVersion } from '../config/millrace-version.js';
import type { Handlers, OperationServices } from './context.js';

export const healthHandlers: Handlers<'getHealth'> = {
  async getHealth({ caller, ...services }) {
    const { project, temporal } = services;
    const found = await lookAround(services);
    const told = caller.kind !== 'anonymous';
    const queues = found.temporal ? await lookAtQueues(services) : [];
    return {
      ok: found.temporal && found.catalog && found.worker && queues.every(({ ok }) => ok),
      version: told ? millraceVersion() : null,
      temporal: { ok: found.temporal, address: told ? temporal.address : null, namespace: told ? temporal.namespace : null },
      catalog: { ok: found.catalog },
      worker: { ok: found.worker, taskQueue: told ? project.taskQueue : null },
      queues: told ? queues : [],
      versions: told && found.temporal ? await services.states.versions(project.taskQueue).catch(() => null) : null,
    };
  },
};

/** The task queues that the config names: the project's own, and those of its pipelines' steps. */
async function lookAtQueues({ project, states }: OperationServices) {
  const stepQueues = Object.values(project.pipelines).flatMap(({ stepQueue }) => stepQueue ?? []);
  const names = [project.taskQueue, ...[...new Set(stepQueues)].filter((name) => name !== project.taskQueue).toSorted()];
  const found = await Promise.all(names.map((name) => states.queue(name).catch(() => undefined)));
  return found.flatMap((queue) => {
    if (!queue) return [];
    const { taskQueue, workers, waiting } = queue;
    return [{ taskQueue, ok: workers.length > 0 || !waiting, waiting, workers: workers.map((each) => ({ ...each })) }];
  });
}

/** What the service can't do without. */
export interface Surroundings {
  readonly temporal: boolean;
  readonly catalog: boolean;
  /** Whether a worker takes new runs of the project's task queue. */
  readonly worker: boolean;
}

/** Whoever takes longer does not answer. */
const PATIENCE_MS = 5_000;

/** Looks whether Temporal, the catalog and a worker answer. */
export async function lookAround({ project, catalog, states, temporal }: OperationServices): Promise<Surroundings> {
  // Where there is no client, to ask for it throws.
  const hasWorkerSoon = async (): Promise<boolean> =>
    temporal.client.withDeadline(Date.now() + PATIENCE_MS, () => states.hasWorker(project.taskQueue));
  const [known, polled] = await Promise.all([
    catalog.hasTokens().then(
      () => true,
      () => false,
    ),
    hasWorkerSoon().catch(() => undefined),
  ]);
  return { temporal: polled !== undefined, catalog: known, worker: polled === true };
}
