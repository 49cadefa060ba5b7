/** A step that is over before tells of its start with its end: one transaction of the catalog instead of two. */
const QUICK_MS = 100;

/** The word that a step has begun, which is written once the step takes longer. */
export interface StepStart {
  /** Waits for a word that is being written, and gives up one that is not. */
  settle(): Promise<void>;
}

/** @param write stops when its signal aborts; the step's end makes up for a word that could not be written */
export function tellStart(write: (signal: AbortSignal) => Promise<void>, stop: AbortSignal): StepStart {
  let over: AbortController | undefined;
  let told: Promise<void> | undefined;
  // No signal is made for a step that is quick: most of what such a step takes would be that.
  const timer = setTimeout(() => {
    over = new AbortController();
    told = write(AbortSignal.any([over.signal, stop])).catch(() => undefined);
  }, QUICK_MS);
  return {
    async settle() {
      clearTimeout(timer);
      over?.abort();
      await told;
    },
  };
}
