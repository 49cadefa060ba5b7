import type { LogLine } from '../core/run-log.js';
import type { Catalog } from './catalog.js';

/** Lines wait this long for others, so that a busy run costs one transaction and not one a line. */
const GATHER_MS = 200;
/** A catalog that did not take lines is asked again after this long. */
const RETRY_MS = 2_000;
const AT_ONCE = 100;
/** Lines that wait for a catalog that is away. Beyond, the oldest go: a log is no reason to run out of memory. */
const MOST_WAITING = 5_000;

/** Takes log lines at once and keeps them in the catalog soon. Never throws and never waits. */
export interface LogWriter {
  write(line: LogLine): void;
  /** Writes what still waits, as far as the catalog takes it. */
  close(): Promise<void>;
}

/** A writer of runs' logs. While the catalog is away, lines wait. */
export function openLogWriter(catalog: Pick<Catalog, 'recordLog'>): LogWriter {
  let waiting: LogLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    timer = undefined;
    writing = writing.then(async () => {
      while (waiting.length > 0) {
        const lines = waiting.slice(0, AT_ONCE);
        try {
          await catalog.recordLog(lines);
        } catch {
          if (!closed) timer ??= setTimeout(() => void flush(), RETRY_MS).unref();
          return;
        }
        const kept = new Set(lines);
        waiting = waiting.filter((line) => !kept.has(line));
      }
    });
    return writing;
  }

  return {
    write(line) {
      if (closed) return;
      waiting.push(line);
      if (waiting.length > MOST_WAITING) waiting = waiting.slice(-MOST_WAITING);
      timer ??= setTimeout(() => void flush(), GATHER_MS);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await flush();
    },
  };
}
