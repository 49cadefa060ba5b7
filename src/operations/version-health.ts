import type { ResultOf } from '../api/index.js';
import type { TemporalClient } from '../temporal/connect.js';
import { queueVersions } from '../temporal/deployments.js';
import { findStranded, type PinnedRun } from '../temporal/runs-by-version.js';
import { idleWorkers } from './deployment-view.js';

export type VersionHealth = NonNullable<ResultOf<'getHealth'>['versions']>;

/** What is wrong with the versions of a queue's workers: runs that wait for one that is gone, and workers that get nothing. */
export async function versionHealth(temporal: TemporalClient, taskQueue: string): Promise<VersionHealth> {
  const { current, pollers } = await queueVersions(temporal, taskQueue);
  const alive = pollers.filter(({ deployment }) => deployment !== '');
  const versions = [...new Map(alive.map((each) => [`${each.deployment}:${each.buildId}`, each])).values()];
  // Visibility of an old server does not know versions, and then nothing is pinned either.
  const stranded = await findStranded(temporal, taskQueue, versions).catch(() => []);
  const isIdle = current !== null && pollers.some(({ deployment }) => deployment === '');
  const isMissing =
    current !== null &&
    !versions.some(({ deployment, buildId }) => deployment === current.deployment && buildId === current.buildId);
  return {
    deployment: current?.deployment ?? null,
    current: current?.buildId ?? null,
    stranded: [...stranded],
    warnings: [
      ...(isMissing ? [`Version ${current.buildId} gets new runs, and has no worker: they wait.`] : []),
      ...(isIdle ? [idleWorkers(taskQueue, current.buildId)] : []),
      ...(stranded.length > 0 ? [strandedText(stranded)] : []),
    ],
  };
}

function strandedText(stranded: readonly PinnedRun[]): string {
  const [first] = stranded;
  const some = stranded.length === 1 ? '1 open run waits' : `${stranded.length} open runs wait`;
  return `${some} for a version that has no worker, as ${first?.workflowId ?? ''} for ${first?.version ?? ''}. Start a worker of it, or move the run: millrace move ${first?.workflowId ?? 'RUN'} --to VERSION`;
}
