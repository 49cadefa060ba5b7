import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../catalog/index.js';
import { messageOf } from '../core/errors.js';
import { joinLease } from '../reconciler/lease.js';
import type { TemporalClient } from '../temporal/connect.js';
import { archiveClosed, type ArchiverLog } from './archive-closed.js';
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
  readonly log: ArchiverLog;
  /** @default 60000 */
  readonly intervalMs?: number;
  /** @default 180000 */
  readonly patienceMs?: number;
}

export interface Archiver {
  /** Ends after the run that it is at, and lets another worker go on at once. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Writes the histories of closed runs into the archive, those that ended first before the others. Of all workers that share
 * the catalog and the namespace one does it at a time. What it has to do is in the catalog, so that after any outage, of
 * its own too, it goes on where it was.
 */
export function startArchiver(settings: ArchiverSettings): Archiver {
  const { catalog, temporal, files, log, intervalMs = INTERVAL_MS, patienceMs = PATIENCE_MS } = settings;
  const stopped = new AbortController();
  const lease = joinLease(catalog, `archiver/${temporal.namespace}`, randomBytes(8).toString('hex'), patienceMs);
  let renewedAt = Number.NEGATIVE_INFINITY;
  let trouble: string | undefined;

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
    try {
      if (await hold()) await archiveClosed({ catalog, temporal, files, log, mayGoOn });
      trouble = undefined;
    } catch (error) {
      renewedAt = Number.NEGATIVE_INFINITY;
      const message = messageOf(error);
      if (message !== trouble) log.warn('Histories of closed runs cannot be archived for now', { message });
      trouble = message;
    }
  }

  const done = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await pause(intervalMs, stopped.signal);
    }
    await lease.release().catch(() => undefined);
  })();

  return {
    stop() {
      stopped.abort();
      return done;
    },
  };
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal, ref: false }).catch(() => undefined);
}
