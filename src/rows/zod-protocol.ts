import type { Failure } from '../contracts/row-failure.js';
import type { ZodBatch } from '../contracts/zod-rows.js';
import type { BatchVerdict } from '../contracts/zod-verdicts.js';
import type { Column } from '../core/dataset.js';
import type { ProjectPlace } from './protocol.js';

/** What a thread that asks zod is started with. */
export interface ZodTask {
  readonly project: ProjectPlace;
  /** The contract's name in the config, and its version here: the thread's must be the same. */
  readonly contract: string;
  readonly hash: string;
  readonly inputs: readonly Column[];
  readonly isText: boolean;
  readonly refused: readonly string[];
  /** Shared: see {@link CELLS}. */
  readonly progress: Int32Array<SharedArrayBuffer>;
}

/** What the thread tells without a message, so that it can be read while the thread is stuck. */
export const CELLS = {
  /** Counts up with every row, and with every column of a probe. */
  steps: 0,
  /** The row of the batch that zod is at. */
  row: 1,
  /** The column of a probed row that zod is at. */
  column: 2,
} as const;

export type ToZodThread =
  { readonly kind: 'judge'; readonly batch: ZodBatch } | { readonly kind: 'probe'; readonly batch: ZodBatch };

/** Batches are answered in their order. */
export type FromZodThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'judged'; readonly verdict: BatchVerdict }
  | { readonly kind: 'probed' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The contract could not be loaded. */
  | { readonly kind: 'unloaded'; readonly message: string; readonly place: string | undefined };
