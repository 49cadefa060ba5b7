import { randomBytes } from 'node:crypto';
import type { Catalog } from '../catalog/index.js';
import { joinLease } from '../recurring/lease.js';
import { pause, repeat, type Repeated } from '../recurring/repeat.js';
import { tellTroublesOnce, type RecurringLog } from '../recurring/troubles.js';
import type { TemporalClient } from '../temporal/connect.js';
import { archiveClosed } from './archive-closed.js';
import type { ArchiveFiles } from './files.js';

/** Pause between two looks. A history stays with Temporal for a day at least, and a worker has better to do than to hurry. */
const INTERVAL_MS = 60_000;
/** How long a lease stands still before another worker takes it: it is renewed with each look. */
const PATIENCE_MS = 3 * INTERVAL_MS;
/** How often the lease is renewed at most while there is much to do. */
const RENEW_MS = 5_000;
/** Between two runs, so that a worker that catches up goes on with its own work besides. */
const BETWEEN_RUNS_MS = 10;

export interface ArchiverSettings {
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  readonly files: ArchiveFiles;
  readonly log: RecurringLog;
  /** @default 60000 */
  readonly intervalMs?: number;
  /** @default 180000 */
  readonly patienceMs?: number;
}

/**
 * Writes the histories of closed runs into the archive, those that ended first before the others. Of all workers that share
 * the catalog and the namespace one does it at a time. What it has to do is in the catalog, so that after any outage, of
 * its own too, it goes on where it was. It stops after the run that it is at, and lets another worker go on at once.
 */
export function startArchiver(settings: ArchiverSettings): Repeated {
  const { catalog, temporal, files, log, intervalMs = INTERVAL_MS, patienceMs = PATIENCE_MS } = settings;
  const stopped = new AbortController();
  const lease = joinLease(catalog, `archiver/${temporal.namespace}`, randomBytes(8).toString('hex'), patienceMs);
  const troubled = tellTroublesOnce(log);
  let renewedAt = Number.NEGATIVE_INFINITY;

  async function hold(): Promise<boolean> {
    if (stopped.signal.aborted) return false;
    if (performance.now() - renewedAt < RENEW_MS) return true;
    if (!(await lease.hold())) return false;
    renewedAt = performance.now();
    return true;
  }

  /** Before each run, since a worker that was stopped for a while may have lost the lease. */
  async function mayGoOn(): Promise<boolean> {
    await pause(BETWEEN_RUNS_MS, stopped.signal);
    return hold();
  }

  async function look(): Promise<void> {
    // Each look asks for the lease, also after one that failed.
    renewedAt = Number.NEGATIVE_INFINITY;
    if (await hold()) await archiveClosed({ catalog, temporal, files, log, mayGoOn });
  }

  return repeat(() => troubled('Histories of closed runs cannot be archived for now', look), {
    intervalMs,
    stopped,
    atEnd: () => lease.release(),
  });
}
