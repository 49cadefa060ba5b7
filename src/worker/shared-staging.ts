import { TransientError } from '../core/errors.js';
import { parseWorkerIdentity, type WorkerIdentity } from '../core/worker-identity.js';
import type { TemporalClient } from '../temporal/connect.js';
import { ALIVE_MS, findPollers, type Poller } from '../temporal/task-queue.js';

/**
 * Refuses to be one of several workers of a task queue that do not share their staging: a step here could not read what a step there
 * has made. Which staging a worker has is part of its identity, which the server tells.
 *
 * @throws TransientError STAGING_NOT_SHARED
 */
export async function refuseOtherStaging(
  temporal: TemporalClient,
  queues: readonly string[],
  own: WorkerIdentity,
  root: string,
): Promise<void> {
  if (own.staging === undefined) return;
  for (const queue of queues) {
    const others = (await findPollers(temporal, queue, 'activity')).filter((poller) => hasOther(poller, own));
    const [other] = others;
    if (!other) continue;
    const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
    throw new TransientError(
      'STAGING_NOT_SHARED',
      `Worker ${other.identity}${more} polls task queue "${queue}" with another staging than this worker's (${root}, id ${own.staging}): a step here could not read what a step there has made. Set staging.root to one folder that all of them mount, or to s3://bucket/prefix; if that worker is of another project, give this one a task queue of its own instead (taskQueue in the config). If this worker is to take the place of that one, stop that one first; one that has ended on another machine counts for ${ALIVE_MS / 1000} seconds.`,
    );
  }
}

function hasOther({ identity }: Poller, own: WorkerIdentity): boolean {
  const other = parseWorkerIdentity(identity);
  if (other?.staging === undefined || other.staging === own.staging) return false;
  return other.host !== own.host || (other.pid !== own.pid && isAlive(other.pid));
}

// In containers with one host name, a number may be that of another process: then a worker that has ended counts for a while.
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
