import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';

const CHECK_INTERVAL_MS = 500;

/** A watch on the staging folder's size. */
export interface QuotaWatch {
  /** Aborts, with STAGING_FULL as its reason, when the folder grows beyond the quota. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * Watches a folder while a step writes into it. The step learns by the signal, within half a second, that it has gone
 * beyond `maxBytes`, and removes what it wrote.
 *
 * @throws TerminalError STAGING_FULL when there is no room to begin with
 */
export async function watchQuota(root: string, maxBytes: number | undefined): Promise<QuotaWatch> {
  const controller = new AbortController();
  if (maxBytes === undefined) return { signal: controller.signal, stop: () => undefined };
  const limit = maxBytes;
  await checkQuota(root, limit);
  let measuring = false;
  const timer = setInterval(() => {
    if (measuring) return;
    measuring = true;
    checkQuota(root, limit)
      .catch((error: unknown) => controller.abort(error))
      .finally(() => (measuring = false));
  }, CHECK_INTERVAL_MS);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

/** @throws TerminalError STAGING_FULL when the folder holds `maxBytes` or more */
export async function checkQuota(root: string, maxBytes: number): Promise<void> {
  const used = await folderBytes(root);
  if (used < maxBytes) return;
  throw new TerminalError(
    'STAGING_FULL',
    `Staging holds ${used} bytes of the ${maxBytes} it may (staging.maxBytes, folder ${root}). Free space there or raise the quota, then retry the run.`,
    { used, maxBytes },
  );
}

async function folderBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) return folderBytes(full);
    return stat(full).then(
      (found) => found.size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
