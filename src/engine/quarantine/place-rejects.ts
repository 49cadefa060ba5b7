import { existsSync } from 'node:fs';
import type { Session } from '../../connectors/contract.js';
import { TerminalError } from '../../core/errors.js';
import { resolvePath } from '../dataset-sql.js';
import type { Staging } from '../staging.js';

/** Where the session reads a file of rejected rows; `undefined` when it is gone. */
export async function placeRejects(
  { root, remote }: Staging,
  session: Session,
  rejects: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<string | undefined> {
  if (!remote) {
    const file = resolvePath(root, rejects);
    return existsSync(file) ? file : undefined;
  }
  try {
    // Not in place, so that one that is gone is known before it is read.
    return await remote.place({ path: rejects, format: 'csv', bytes: 0, fingerprint: '' }, { session, signal });
  } catch (error) {
    if (error instanceof TerminalError && error.code === 'STAGING_MISSING') return undefined;
    throw error;
  }
}

/** @throws TerminalError QUARANTINE_UNKNOWN when it is gone */
export async function requireRejects(staging: Staging, session: Session, rejects: string, signal?: AbortSignal): Promise<string> {
  const file = await placeRejects(staging, session, rejects, signal);
  if (file !== undefined) return file;
  throw new TerminalError(
    'QUARANTINE_UNKNOWN',
    `The rejected rows are gone from staging (${rejects}). Retry the run from the step that judged them.`,
  );
}
