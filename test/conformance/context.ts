import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext, Checkpoint } from '../../src/connectors/contract.js';
import { openSession } from '../../src/engine/session.js';

export interface ContextOptions {
  readonly checkpoint?: Checkpoint;
  readonly controller?: AbortController;
}

/** Gives `work` a real session, as an activity would, and closes it however the work ends. */
export async function withContext<T>(work: (context: CallContext) => Promise<T>, options: ContextOptions = {}): Promise<T> {
  const { signal } = options.controller ?? new AbortController();
  const limits = { memoryLimit: '512MB', threads: 2, spillDirectory: join(tmpdir(), 'millrace-test-spill') };
  const session = await openSession(limits, signal);
  try {
    return await work({
      session,
      signal,
      progress: () => undefined,
      checkpoint: options.checkpoint ?? (() => Promise.resolve()),
    });
  } finally {
    session.close();
  }
}
