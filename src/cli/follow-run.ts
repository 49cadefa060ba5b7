import { setTimeout as sleep } from 'node:timers/promises';
import type { Operations } from '../api/index.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { isOpen, type Run } from './outcome.js';

const INTERVAL_MS = 500;

/**
 * Looks at a run until it has ended, which is the last look.
 *
 * @param signal ends the following, not the run
 */
export async function* followRun(operations: Operations, run: Required<RunAddress>, signal: AbortSignal): AsyncGenerator<Run> {
  while (!signal.aborted) {
    const found = await operations.getRun({ run: formatRunAddress(run) });
    yield found;
    if (!isOpen(found)) return;
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}
