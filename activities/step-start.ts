import { setTimeout as sleep } from 'node:timers/promises';

/** A step that is over before tells of its start with its end: one transaction of the catalog instead of two. */
const QUICK_MS = 100;

/** The word that a step has begun, which is written once the step takes longer. */
export interface StepStart {
  /** Waits for a word that is being written, and gives up one that is not. */
  settle(): Promise<void>;
}

/** @param write stops when its signal aborts; the step's end makes up for a word that could not be written */
export function tellStart(write: (signal: AbortSignal) => Promise<void>, stop: AbortSignal): StepStart {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, stop]);
  const told = sleep(QUICK_MS, undefined, { signal })
    .then(() => write(signal))
    .catch(() => undefined);
  return {
    settle() {
      over.abort();
      return told;
    },
  };
}
