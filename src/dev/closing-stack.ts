/** What has to be closed, in the reverse order of its opening. */
export interface ClosingStack {
  add(close: () => unknown): void;
  /** Closes everything, each once, whatever fails. */
  closeAll(): Promise<void>;
}

/** Makes an empty stack. */
export function closingStack(): ClosingStack {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => void closers.push(close),
    async closeAll() {
      for (let close = closers.pop(); close; close = closers.pop()) {
        try {
          await close();
        } catch {
          // Everything else still has to be closed, and what broke has been told of.
        }
      }
    },
  };
}
