import type { LeftWork } from './contract.js';

/** What attempts that were cut off have left in this process, each under the key of the dataset that it is for. */
export interface LeftWorks {
  take(key: string): LeftWork | undefined;
  /** Keeps work for at most `forMs`; `owner` is the run. Whatever was there under the key is released. */
  leave(key: string, owner: string, work: LeftWork, forMs: number): void;
  /** Releases what is there under a key: the dataset has been made. */
  drop(key: string): Promise<void>;
  /** Releases all that a run has left: it has ended. */
  dropOwner(owner: string): Promise<void>;
  /** Releases everything, and from now on whatever is left, at once. */
  close(): Promise<void>;
}

interface Entry {
  readonly owner: string;
  readonly work: LeftWork;
  readonly timer: NodeJS.Timeout;
}

/** Opens the place for work that is left; one for each worker. */
export function openLeftWorks(): LeftWorks {
  const entries = new Map<string, Entry>();
  let closed = false;
  const take = (key: string): LeftWork | undefined => {
    const entry = entries.get(key);
    entries.delete(key);
    clearTimeout(entry?.timer);
    return entry?.work;
  };
  const drop = async (key: string): Promise<void> => take(key)?.release();
  const dropAll = async (keys: readonly string[]): Promise<void> => void (await Promise.all(keys.map(drop)));
  return {
    take,
    drop,
    leave(key, owner, work, forMs) {
      void drop(key);
      if (closed) return void work.release();
      // A process that has nothing else to do must not live on for it.
      const timer = setTimeout(() => void drop(key), forMs).unref();
      entries.set(key, { owner, work, timer });
    },
    dropOwner: (owner) => dropAll([...entries].filter(([, entry]) => entry.owner === owner).map(([key]) => key)),
    close() {
      closed = true;
      return dropAll([...entries.keys()]);
    },
  };
}
