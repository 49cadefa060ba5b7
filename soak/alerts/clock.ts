import { renameSync, writeFileSync } from 'node:fs';

/** A clock that all processes read from a file: it can run faster than others, and jump. */
export interface SharedClock {
  /** From now on it is so many times as fast as the clock of this machine. */
  run(times: number): void;
  jump(milliseconds: number): void;
}

export function sharedClock(file: string): SharedClock {
  let state = { since: Date.now(), times: 1, ahead: 0 };
  const write = (): void => {
    // Readers see the earlier state or this one, never half of it.
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    run(times) {
      state = { ...state, since: Date.now(), times };
      write();
    },
    jump(milliseconds) {
      state = { ...state, ahead: state.ahead + milliseconds };
      write();
    },
  };
}
