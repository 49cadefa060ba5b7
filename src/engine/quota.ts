import { TerminalError } from '../core/errors.js';
import { isRemote } from '../core/place.js';
import type { Staging } from './staging.js';

const CHECK_INTERVAL_MS = 500;
/** A bucket has to be listed. */
const REMOTE_INTERVAL_MS = 60_000;

/** What is measured. */
type Measured = Pick<Staging, 'root' | 'usedBytes'>;

/** A watch on how much staging holds. */
export interface QuotaWatch {
  /** Aborts, with STAGING_FULL as its reason, when staging grows beyond the quota. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * Watches staging while a step writes. The step learns by the signal, of a folder within half a second, that staging has
 * gone beyond `maxBytes`, and removes what it wrote.
 *
 * @throws TerminalError STAGING_FULL when there is no room to begin with
 */
export async function watchQuota(staging: Measured, maxBytes: number): Promise<QuotaWatch> {
  const controller = new AbortController();
  await checkQuota(staging, maxBytes);
  let measuring = false;
  const timer = setInterval(
    () => {
      if (measuring) return;
      measuring = true;
      checkQuota(staging, maxBytes)
        .catch((error: unknown) => controller.abort(error))
        .finally(() => (measuring = false));
    },
    isRemote(staging.root) ? REMOTE_INTERVAL_MS : CHECK_INTERVAL_MS,
  );
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

/** @throws TerminalError STAGING_FULL when staging, with an attempt's folder, holds `maxBytes` or more */
export async function checkQuota(staging: Measured, maxBytes: number, attemptDirectory?: string): Promise<void> {
  const used = await staging.usedBytes(attemptDirectory);
  if (used < maxBytes) return;
  throw new TerminalError(
    'STAGING_FULL',
    `Staging holds ${used} bytes of the ${maxBytes} it may (staging.maxBytes, ${isRemote(staging.root) ? '' : 'folder '}${staging.root}). Free space there or raise the quota, then retry the run.`,
    { used, maxBytes },
  );
}
