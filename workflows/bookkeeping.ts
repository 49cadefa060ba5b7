import { ApplicationFailure, isCancellation, proxyActivities, proxyLocalActivities, proxySinks } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { AdmitInput, AdmittedRun, RunEndSinks, RunEnding } from '../src/core/admission.js';
import type { OpenApprovalInput, OpenedApproval } from '../src/core/approvals.js';
import { unwrap } from './failures.js';

// As a local activity this costs one history event. A local activity that waits would hold the workflow task, so one that
// cannot finish in a few seconds is given up and goes on as a normal activity, where waiting costs nothing.
type Booked = Pick<Activities, 'admit' | 'openApproval'>;
const quick = proxyLocalActivities<Booked>({
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '250ms', maximumAttempts: 3 },
});
const patient = proxyActivities<Booked>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});
const { runEnd } = proxySinks<RunEndSinks>();

/** Admits the run: at once if it can, patiently if the catalog is down. */
export function admitRun(input: AdmitInput): Promise<AdmittedRun> {
  return patiently(
    () => quick.admit(input),
    () => patient.admit(input),
  );
}

/** Has people told that the run waits for them, so that they are however the worker fares: in the same two ways. */
export function openApproval(input: OpenApprovalInput): Promise<OpenedApproval> {
  return patiently(
    () => quick.openApproval(input),
    () => patient.openApproval(input),
  );
}

function patiently<R>(atOnce: () => Promise<R>, later: () => Promise<R>): Promise<R> {
  return atOnce().catch((error: unknown) => {
    const cause = unwrap(error);
    if (isCancellation(error) || (cause instanceof ApplicationFailure && cause.nonRetryable === true)) throw error;
    return later();
  });
}

/** Tells the catalog how the run ends. It costs no event: whoever misses it finds the end in Temporal. */
export function tellEnd(ending: RunEnding): void {
  runEnd.tell(ending);
}
