import type { Column } from '../core/dataset.js';
import type { WireBatch } from './wire.js';

/** Where the project is that has the functions. */
export interface ProjectPlace {
  /** Absolute path of the config, which knows them. */
  readonly configPath: string;
  /** The project's folder: places in its code are told from there. */
  readonly root: string;
}

/** What a thread is started with. */
export interface ThreadTask {
  readonly project: ProjectPlace;
  /** The transform to run; or several, only to see whether they load. */
  readonly work:
    | {
        readonly kind: 'run';
        readonly transform: string;
        /** The columns of each input, as the dataset has them. */
        readonly inputs: Readonly<Record<string, readonly Column[]>>;
        readonly params: unknown;
        /** The versions of its contracts: the thread's must be the same. */
        readonly contracts: string;
      }
    | { readonly kind: 'check'; readonly transforms: readonly string[] };
}

/** What the thread says. */
export type FromThread =
  /** Wants the next batch of an input; `cursor` tells one loop over it from another. */
  | { readonly kind: 'next'; readonly cursor: number; readonly input: string }
  /** Has left a loop before its end. */
  | { readonly kind: 'leave'; readonly cursor: number }
  | { readonly kind: 'rows'; readonly batch: WireBatch }
  | { readonly kind: 'done' }
  | { readonly kind: 'checked'; readonly problems: readonly ThreadProblem[] }
  | { readonly kind: 'failed'; readonly problem: ThreadProblem };

/** What the thread is told. */
export type ToThread =
  /** No batch: the input is at its end. */
  | { readonly kind: 'batch'; readonly cursor: number; readonly batch: WireBatch | undefined }
  /** A batch of rows has been written: another may be sent. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'abort' };

/** What went wrong in the thread. */
export interface ThreadProblem {
  readonly transform: string;
  /**
   * `load`: the function cannot be imported; `threw`: it threw; `value`: a row it yields has no place in the output;
   * `input`: it asked for a whole input that is too large for that.
   */
  readonly what: 'load' | 'threw' | 'value' | 'input';
  readonly message: string;
  /** The line of the project's code, `transforms/enrich.ts:12:9`, where it is known. */
  readonly place: string | undefined;
}
