import type { Column } from '../src/core/dataset.js';
import type { StagedDataset } from '../src/engine/staging.js';

/** What is known of a dataset when its first rows can be read. */
export interface Growing {
  readonly columns: readonly Column[];
  readonly contract: string;
  /** SELECTs of its rows, in order. */
  readonly batches: AsyncIterable<string>;
  /** No more batches are wanted. */
  leave(): void;
}

/**
 * Hands a dataset's rows from the step that makes it to the one that loads it, while it is made. The maker has the last
 * word: only `finish` says that these rows are the dataset.
 */
export class Handover {
  private readonly waiting: string[] = [];
  private begun = false;
  private closed = false;
  private left = false;
  private wake: () => void = () => undefined;
  private readonly started = deferred<Growing | undefined>();
  private readonly drained = deferred<undefined>();
  private readonly finished = deferred<StagedDataset>();
  private readonly failed = new AbortController();

  constructor() {
    // Who comes too late to listen must not end the process.
    this.finished.promise.catch(() => undefined);
  }

  /** The maker's: rows will come. */
  begin(contract: string, columns: readonly Column[]): void {
    this.begun = true;
    this.started.resolve({ columns, contract, batches: this.read(), leave: () => this.leave() });
  }

  /** The maker's: the rows of `select` are final. */
  offer(select: string): void {
    this.waiting.push(select);
    this.wake();
  }

  /** The maker's: all rows were offered. Resolves when all were read, or when nobody reads any more. */
  async close(): Promise<void> {
    this.started.resolve(undefined);
    this.closed = true;
    this.wake();
    // Nobody reads what was never begun.
    if (this.begun) await this.drained.promise;
  }

  /** The maker's: the dataset is whole, and accepted. */
  finish(dataset: StagedDataset): void {
    this.started.resolve(undefined);
    this.finished.resolve(dataset);
  }

  /** The maker's: there will be no such dataset. */
  fail(error: unknown): void {
    this.started.resolve(undefined);
    this.closed = true;
    this.finished.reject(error);
    this.failed.abort(error);
    this.wake();
  }

  /** The reader's: what it can begin with; `undefined` when there is nothing to be had before the whole. */
  get growing(): Promise<Growing | undefined> {
    return this.started.promise;
  }

  /** The reader's: the whole dataset. Rejects with the maker's error. */
  get whole(): Promise<StagedDataset> {
    return this.finished.promise;
  }

  /** The reader's: aborts, with the maker's error as its reason, when there will be no dataset. */
  get signal(): AbortSignal {
    return this.failed.signal;
  }

  /** The reader's: it takes no more batches. */
  leave(): void {
    this.left = true;
    this.drained.resolve(undefined);
    this.wake();
  }

  private async *read(): AsyncGenerator<string> {
    try {
      for (;;) {
        const select = this.waiting.shift();
        if (select !== undefined) yield select;
        else if (this.closed || this.left) return;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.leave();
    }
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...(settle as unknown as Omit<Deferred<T>, 'promise'>) };
}
