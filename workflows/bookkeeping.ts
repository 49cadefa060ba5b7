import { ApplicationFailure, isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { unwrap } from './failures.js';

// As local activities these cost one history event. A local activity that waits would hold the workflow task, so one that
// cannot finish in a few seconds is given up and goes on as a normal activity, where waiting costs nothing.
const quick = proxyLocalActivities<Pick<Activities, 'admit' | 'finish'>>({
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '250ms', maximumAttempts: 3 },
});
const patient = proxyActivities<Pick<Activities, 'admit' | 'finish'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

/** Runs one of the run's own small activities: at once if it can, patiently if the catalog is down. */
export async function keepBooks<K extends 'admit' | 'finish'>(
  name: K,
  input: Parameters<Activities[K]>[0],
): Promise<Awaited<ReturnType<Activities[K]>>> {
  const call = (activities: Pick<Activities, 'admit' | 'finish'>): Promise<Awaited<ReturnType<Activities[K]>>> =>
    (activities[name] as (input: unknown) => Promise<Awaited<ReturnType<Activities[K]>>>)(input);
  try {
    return await call(quick);
  } catch (error) {
    const cause = unwrap(error);
    if (isCancellation(error) || (cause instanceof ApplicationFailure && cause.nonRetryable === true)) throw error;
    return call(patient);
  }
}
