import type { Contract } from '../config/contract.js';
import type { Checkpoint } from '../connectors/contract.js';
import type { Column } from '../core/dataset.js';
import type { Manifest, Part, Verdict } from '../core/manifest.js';
import type { OpenThreads } from './zod-judges.js';

export interface JudgeRequest {
  readonly input: Manifest;
  /** Absolute; relative part paths lie below it. */
  readonly stagingRoot: string;
  readonly contractName: string;
  readonly contract: Contract;
  /** Absolute and empty: this attempt's folder for the files it writes. */
  readonly directory: string;
  /** Rows judged so far. */
  readonly progress: (rows: number) => void;
  readonly signal: AbortSignal;
  readonly checkpoint: Checkpoint;
  /** Threads in which functions of the contract run, and can be stopped. @default zod works in the caller's own thread */
  readonly threads?: OpenThreads;
  /** Who wants rows before all are judged. */
  readonly early?: EarlyRows;
}

/**
 * Takes accepted rows while others are still judged. Judging then uses one thread, which alone keeps the file's order
 * across the files it finishes one by one. It offers nothing where zod has to see every row or changes values.
 */
export interface EarlyRows {
  /** Called before the first rows, with the columns of all. */
  begin(columns: readonly Column[]): void;
  /** A SELECT of rows that are accepted for good. Over all calls, it is every accepted row once. */
  rows(select: string): void;
}

export interface Judged {
  /**
   * The same parts with other `deletes` where no value changes, to which the input's filter still applies; otherwise new
   * ones, named `./part-0.parquet`, that hold or delete by number every row the filter leaves out.
   */
  readonly parts: readonly Part[];
  readonly columns: readonly Column[];
  readonly verdict: Verdict;
  readonly bytes: number;
  /** What an operator should know: why everything went through zod, for example. */
  readonly warnings: readonly string[];
  /** What made it slower than it might be: the parts that SQL cannot judge. */
  readonly notes: readonly string[];
}
