import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { CallContext } from '../connectors/contract.js';
import { openSession, type EngineSession } from '../engine/session.js';

/** What a step works with, for one call of a test: a DuckDB and a folder of its own. */
export interface Workbench extends CallContext {
  readonly session: EngineSession;
  readonly directory: string;
}

/** Does some work with a DuckDB and a folder that are gone afterwards. */
export async function withWorkbench<T>(work: (bench: Workbench) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-testing-'));
  const { signal } = new AbortController();
  const session = await openSession({ memoryLimit: '500MB', threads: 1, spillDirectory: path.join(directory, 'spill') }, signal);
  try {
    return await work({ session, directory, signal, progress: () => undefined, checkpoint: () => Promise.resolve() });
  } finally {
    session.close();
    await rm(directory, { recursive: true, force: true });
  }
}
