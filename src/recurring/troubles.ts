import { messageOf } from '../core/errors.js';

/** Where recurring work says what it has done, and what is wrong: a worker's log, a service's. */
export interface RecurringLog {
  info(message: string, meta?: Record<string, unknown>): void;
  warn(message: string, meta?: Record<string, unknown>): void;
}

/**
 * For work that is tried again anyway: says what is wrong once, until it is another thing or has passed.
 *
 * @returns does the work, and never rejects; `what` says in words what can't be done
 */
export function tellTroublesOnce(log: RecurringLog): (what: string, work: () => Promise<void>) => Promise<void> {
  const troubles = new Map<string, string>();
  return async (what, work) => {
    try {
      await work();
      troubles.delete(what);
    } catch (error) {
      const message = messageOf(error);
      if (troubles.get(what) !== message) log.warn(what, { message });
      troubles.set(what, message);
    }
  };
}
