import type { ResultOf } from '../api/index.js';
import type { TemporalClient } from '../temporal/connect.js';
import { countOpen } from '../temporal/runs-by-version.js';
import type { DeploymentVersion } from '../temporal/describe-run.js';
import { workersOf, workersWithout, type FoundDeployment } from './find-deployment.js';

/** Versions whose open runs are counted: each costs a request, and a drained one has none. */
const MOST_COUNTED = 6;

/** A deployment with its workers and its open runs. */
export async function viewDeployment(
  temporal: TemporalClient,
  taskQueue: string,
  found: FoundDeployment,
): Promise<ResultOf<'getDeployment'>> {
  const { name, current, ramping, versions } = found.deployment;
  const counted = versions.filter(({ status }) => status !== 'drained').slice(0, MOST_COUNTED);
  const open = (version: DeploymentVersion | null): Promise<number | null> =>
    // Visibility of an old server does not know versions.
    countOpen(temporal, taskQueue, version).catch(() => null);
  const [without, ...counts] = await Promise.all([
    open(null),
    ...counted.map(({ buildId }) => open({ deployment: name, buildId })),
  ]);
  const view: Omit<ResultOf<'getDeployment'>, 'warnings'> = {
    deployment: name,
    taskQueue,
    current,
    ramping: ramping && { version: ramping.buildId, percent: ramping.percent },
    versions: versions.map(({ buildId, status, createdAt, changedAt }) => {
      const at = counted.findIndex((each) => each.buildId === buildId);
      const openRuns = status === 'drained' ? 0 : (counts[at] ?? null);
      return { version: buildId, status, workers: workersOf(found, buildId), openRuns, createdAt, changedAt };
    }),
    unversioned: { workers: workersWithout(found), openRuns: without },
  };
  return { ...view, warnings: warningsOf(view) };
}

function warningsOf({ taskQueue, current, versions, unversioned }: Omit<ResultOf<'getDeployment'>, 'warnings'>): string[] {
  const warnings: string[] = [];
  if (current !== null && unversioned.workers > 0) warnings.push(idleWorkers(taskQueue, current));
  if (current === null) {
    const waits = unversioned.workers === 0 ? ', and there are none: new runs wait' : '';
    warnings.push(`No version is current: new runs go to workers without a version${waits}.`);
  }
  for (const { version, status, workers, openRuns } of versions) {
    if (workers > 0) continue;
    if (status === 'current' || status === 'ramping') warnings.push(`Version ${version} gets new runs, and has no worker.`);
    else if (openRuns !== null && openRuns > 0) {
      warnings.push(
        `Version ${version} has ${openRuns} open and no worker: they wait. Start a worker of it, or move them: millrace move RUN --to VERSION`,
      );
    }
  }
  return warnings;
}

/** What to say where workers without a version are beside a current one. */
export function idleWorkers(taskQueue: string, current: string): string {
  return `Workers without a version get nothing of the task queue "${taskQueue}" while version ${current} is current. Start them with --deployment, or go back with: millrace deploy unversioned`;
}
