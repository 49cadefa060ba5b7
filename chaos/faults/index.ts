import { cutConnection, terminateBackend } from './connections.js';
import { fillDisk } from './disk.js';
import type { Fault } from './fault.js';
import { cancelRun, resetRun } from './people.js';
import { killPostgres, killTemporal, killWorker, pauseWorker } from './processes.js';

/** Every fault there is, by the name that reports use. */
export const FAULTS = {
  'kill-worker': killWorker,
  'kill-temporal': killTemporal,
  'kill-postgres': killPostgres,
  'pause-worker': pauseWorker,
  'cut-connection': cutConnection,
  'terminate-backend': terminateBackend,
  'fill-disk': fillDisk,
  'reset-run': resetRun,
  'cancel-run': cancelRun,
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
