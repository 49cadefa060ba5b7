import { randomBytes } from 'node:crypto';
import type { Catalog } from '../catalog/index.js';
import { joinLease } from '../recurring/lease.js';
import { pause, repeat, type Repeated } from '../recurring/repeat.js';
import { tellTroublesOnce, type RecurringLog } from '../recurring/troubles.js';
import type { TemporalClient } from '../temporal/connect.js';
import { closeRuns, type ClosedRun } from './close-runs.js';

/** Pause between two looks. With {@link PATIENCE_MS} it closes a run within a minute, also when the worker that looks dies. */
const INTERVAL_MS = 10_000;
/** How long a lease stands still before another worker takes it. */
const PATIENCE_MS = 25_000;
/** Of the ten visibility requests that Temporal allows a namespace each second, one. */
const BETWEEN_REQUESTS_MS = 1_000;

export interface ReconcilerSettings {
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  readonly log: RecurringLog;
  /** @default 10000 */
  readonly intervalMs?: number;
  /** @default 25000 */
  readonly patienceMs?: number;
}

/**
 * Closes, in the catalog, runs whose end no worker saw: terminated or timed out ones, and those that ended while no worker
 * was there. Of all workers that share the catalog and the namespace one does it at a time, so that they make at most one
 * visibility request a second together. While catalog or server are down it waits for them. It stops after the request under
 * way, and lets another worker go on at once.
 */
export function startReconciler(settings: ReconcilerSettings): Repeated {
  const { catalog, temporal, log, intervalMs = INTERVAL_MS, patienceMs = PATIENCE_MS } = settings;
  const stopped = new AbortController();
  const lease = joinLease(catalog, `reconciler/${temporal.namespace}`, randomBytes(8).toString('hex'), patienceMs);
  let held = false;
  const troubled = tellTroublesOnce(log);
  let lastRequest = 0;

  async function hold(): Promise<boolean> {
    const before = held;
    held = await lease.hold();
    // The one who had it before may have made a request just now.
    if (held && !before) lastRequest = performance.now();
    return held;
  }

  /** Before each request, since a worker that was stopped for a while may have lost the lease. */
  async function mayAsk(): Promise<boolean> {
    await pause(lastRequest + BETWEEN_REQUESTS_MS - performance.now(), stopped.signal);
    if (stopped.signal.aborted || !(await hold())) return false;
    lastRequest = performance.now();
    return true;
  }

  async function look(): Promise<void> {
    if (await hold()) await closeRuns({ catalog, temporal, mayAsk, onClosed: (run) => tell(log, run) });
  }

  return repeat(() => troubled('Runs whose end no worker saw cannot be closed in the catalog for now', look), {
    intervalMs,
    stopped,
    atEnd: () => lease.release(),
  });
}

function tell(log: RecurringLog, { workflowId, runId, status, message }: ClosedRun): void {
  log.info('Closed a run in the catalog that had ended unseen', { workflowId, runId, status, ...(message && { message }) });
}
