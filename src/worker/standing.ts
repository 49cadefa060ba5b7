import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';
import type { TemporalTarget } from '../temporal/target.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import type { DeploymentVersion } from '../temporal/describe-run.js';
import { describeDeployment, queueVersions, setCurrentVersion } from '../temporal/deployments.js';
import type { RunningWorker } from './worker.js';

/** What a worker that has begun to poll will get. */
export type Standing =
  | { readonly gets: 'everything' }
  /** It has no version, and a version is current. */
  | { readonly gets: 'nothing'; readonly current: DeploymentVersion }
  /** Its version is current; `first`: this worker has made it so, since none was. */
  | { readonly gets: 'new runs'; readonly version: DeploymentVersion; readonly first: boolean; readonly percent: number }
  /** Another version is current. */
  | { readonly gets: 'its own runs'; readonly version: DeploymentVersion; readonly current: string }
  | { readonly gets: 'unknown'; readonly why: string };

/** How long the server may take to know of a version whose worker polls: seen were 2 s. */
const KNOWN_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 500;

/**
 * Tells what a worker will get. The first version of a deployment becomes the current one, or every run would wait for somebody to
 * say so; from then on that is changed by `millrace deploy` only.
 */
export async function standingOf(
  taskQueue: string,
  { version, done }: Pick<RunningWorker, 'version' | 'done'>,
  target?: TemporalTarget,
): Promise<Standing> {
  let temporal: TemporalClient | undefined;
  try {
    // The worker's own connection gives errors without their codes.
    temporal = await connectTemporal(target);
    if (version) return await join(temporal, version, done);
    const { current } = await queueVersions(temporal, taskQueue);
    return current ? { gets: 'nothing', current } : { gets: 'everything' };
  } catch (error) {
    // It polls all the same: a server may not let it ask.
    return { gets: 'unknown', why: messageOf(error) };
  } finally {
    await temporal?.close();
  }
}

async function join(temporal: TemporalClient, version: DeploymentVersion, done: Promise<void>): Promise<Standing> {
  const { deployment: name, buildId } = version;
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  let ended = false;
  void done.catch(() => undefined).then(() => void (ended = true));
  for (;;) {
    const deployment = await describeDeployment(temporal, name);
    if (deployment?.versions.some((each) => each.buildId === buildId)) {
      const { current, ramping, token } = deployment;
      if (current === buildId) return { gets: 'new runs', version, first: false, percent: 100 };
      if (ramping?.buildId === buildId) return { gets: 'new runs', version, first: false, percent: ramping.percent };
      if (current !== null) return { gets: 'its own runs', version, current };
      // Where workers were taken back to no version by intent, it was said with `deploy unversioned`: that stays.
      if (deployment.versions.some(({ status }) => status !== 'inactive')) return { gets: 'its own runs', version, current: '' };
      // Another worker of the deployment may do so too: the token lets one of them.
      const made = await setCurrentVersion(temporal, name, buildId, { by: `millrace worker`, token }).then(
        () => true,
        () => false,
      );
      if (made) return { gets: 'new runs', version, first: true, percent: 100 };
    }
    if (ended || Date.now() > deadline) {
      return { gets: 'unknown', why: `Temporal does not know version ${buildId} of "${name}" yet. See: millrace deploy status` };
    }
    await sleep(ASK_EVERY_MS);
  }
}
