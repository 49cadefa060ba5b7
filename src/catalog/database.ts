import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogSession } from './tables.js';

/** Reads and writes, whatever the database. */
export interface CatalogDatabase {
  /** The catalog as people know it; no secret. */
  readonly name: string;
  read<T>(work: (db: CatalogSession) => Promise<T>): Promise<T>;
  /**
   * One transaction: all of `work` is kept, or nothing. `work` may be called more than once.
   *
   * `opened` stands for the file or the server that is open: another one after it was opened anew.
   */
  write<T>(work: (db: CatalogSession, opened: object) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How long a call goes on asking where the database said that it may answer in a moment. */
export const PATIENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 200;

/** Does something again while it fails in a way that may be over in a moment, for some seconds. */
export async function persistently<T>(work: () => Promise<T>, mayPass: (error: unknown) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = 10; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || Date.now() > deadline) throw error;
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}
