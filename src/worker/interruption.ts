import { constants } from 'node:os';

/** Ctrl-C and its like. */
export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  readonly happened: Promise<'interrupted'>;
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes on a signal that the terminal has sent to everybody already: the same one may come twice. */
const SAME_SIGNAL_MS = 700;

/**
 * Listens for signals. The first asks for a clean stop; one more, later, ends the process at once, with the code that shells
 * give for it: 130 for Ctrl-C, 143 for SIGTERM.
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (first === 0) {
      first = Date.now();
      onFirst();
      controller.abort();
    } else if (Date.now() - first > SAME_SIGNAL_MS) {
      // What this process has started is guarded by processes that see that it is gone.
      process.exit(128 + constants.signals[name]);
    }
  };
  const happened = new Promise<'interrupted'>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    happened,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
