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

/** Listens for signals. The first asks for a clean stop; one more, later, ends the process at once with code 130. */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (first === 0) {
      first = Date.now();
      onFirst();
      controller.abort();
    } else if (Date.now() - first > SAME_SIGNAL_MS) {
      // The servers' guards see that this process is gone, and stop them.
      process.exit(130);
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
