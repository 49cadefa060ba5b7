/** Passes work from an attempt of a step that was cut off to the next one, if that one comes to the same process. */
export interface Resumption {
  /** What the last attempt left, if it is still there. It belongs to the caller from now on. */
  take(): LeftWork | undefined;
  /**
   * Leaves work for the next attempt, with the request's folder, which stays until `work` is released: that happens after
   * `forMs`, when the run ends, or when the worker stops.
   */
  leave(work: LeftWork, forMs: number): void;
}

/** Work that an attempt has left: open connections, finished files. */
export interface LeftWork {
  /** Closes and removes all of it, the folder included. Never rejects; calling it again is harmless. */
  release(): Promise<void>;
}

/** What attempts that were cut off have left in this process, each under the key of the dataset that it is for. */
export interface LeftWorks {
  /**
   * For one attempt at the dataset of a key.
   *
   * @param owner the run
   * @param keep keeps the attempt's folder from being removed when the attempt ends
   */
  resumption(key: string, owner: string, keep: () => void): Resumption;
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
  const leave = (key: string, owner: string, work: LeftWork, forMs: number): void => {
    void drop(key);
    if (closed) return void work.release();
    // A process that has nothing else to do must not live on for it.
    const timer = setTimeout(() => void drop(key), forMs).unref();
    entries.set(key, { owner, work, timer });
  };
  return {
    drop,
    resumption: (key, owner, keep) => ({
      take: () => take(key),
      leave(work, forMs) {
        keep();
        leave(key, owner, work, forMs);
      },
    }),
    dropOwner: (owner) => dropAll([...entries].filter(([, entry]) => entry.owner === owner).map(([key]) => key)),
    close() {
      closed = true;
      return dropAll([...entries.keys()]);
    },
  };
}
