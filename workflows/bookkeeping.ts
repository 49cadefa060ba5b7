import { ApplicationFailure, isCancellation, proxyActivities, proxyLocalActivities, proxySinks } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { AdmitInput, AdmittedRun, RunEndSinks, RunEnding } from '../src/core/admission.js';
import { unwrap } from './failures.js';

// As a local activity this costs one history event. A local activity that waits would hold the workflow task, so one that
// cannot finish in a few seconds is given up and goes on as a normal activity, where waiting costs nothing.
const quick = proxyLocalActivities<Pick<Activities, 'admit'>>({
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '250ms', maximumAttempts: 3 },
});
const patient = proxyActivities<Pick<Activities, 'admit'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});
const { runEnd } = proxySinks<RunEndSinks>();

/** Admits the run: at once if it can, patiently if the catalog is down. */
export async function admitRun(input: AdmitInput): Promise<AdmittedRun> {
  try {
    return await quick.admit(input);
  } catch (error) {
    const cause = unwrap(error);
    if (isCancellation(error) || (cause instanceof ApplicationFailure && cause.nonRetryable === true)) throw error;
    return patient.admit(input);
  }
}

/** Tells the catalog how the run ends. It costs no event: whoever misses it finds the end in Temporal. */
export function tellEnd(ending: RunEnding): void {
  runEnd.tell(ending);
}
