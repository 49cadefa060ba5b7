import { setImmediate } from 'node:timers/promises';
import { abortError } from '../engine/session.js';
import type { Compiled } from './compile.js';
import { mayRunLong } from './long-running.js';
import { createRowsJudge, type BatchVerdict } from './zod-verdicts.js';
import type { ZodBatch, ZodScope } from './zod-rows.js';

/** Who asks zod about batches of rows. */
export interface BatchJudge {
  /** Batches that may wait for their verdicts at a time, so that there is always work. */
  readonly atOnce: number;
  /** @throws RowFailure when a function of the contract throws, or is stopped */
  judge(batch: ZodBatch): Promise<BatchVerdict>;
  close(): Promise<void>;
}

/** Gives a judge that works in threads of its own, which start when there is work. */
export type OpenThreads = (compiled: Compiled, signal: AbortSignal) => BatchJudge;

/** The judges of one step. */
export interface ZodJudges {
  /** Who is to judge so many rows. */
  of(rows: number): BatchJudge;
  close(): Promise<void>;
}

/** From so many rows on, threads are worth their start: one takes about as long as zod for these. */
const WORTH_A_THREAD = 20_000;

/**
 * Rows go to threads where functions or patterns of the contract might not end, since a thread can be stopped, and where they
 * are many. Few rows of a contract that surely ends are judged here.
 *
 * @param open absent where there is no project that a thread could load: then all rows are judged here
 */
export function zodJudges(compiled: Compiled, open: OpenThreads | undefined, signal: AbortSignal): ZodJudges {
  const here = judgeHere(compiled, signal);
  if (open === undefined) return { of: () => here, close: () => Promise.resolve() };
  const isLong = mayRunLong(compiled.contract.schema);
  let threads: BatchJudge | undefined;
  return {
    of: (rows) => (isLong || rows >= WORTH_A_THREAD ? (threads ??= open(compiled, signal)) : here),
    close: async () => threads?.close(),
  };
}

/** Longest that zod may keep the thread to itself: heartbeats, cancellation and other steps wait meanwhile. */
const MOST_MS = 40;

function judgeHere(compiled: Compiled, signal: AbortSignal): BatchJudge {
  const judges: Partial<Record<ZodScope, ReturnType<typeof createRowsJudge>>> = {};
  let rested = performance.now();
  const rest = async (): Promise<void> => {
    await setImmediate();
    if (signal.aborted) throw abortError(signal);
    rested = performance.now();
  };
  return {
    atOnce: 1,
    judge: (batch) =>
      (judges[batch.scope] ??= createRowsJudge(compiled, batch.scope)).judge(batch, () =>
        performance.now() - rested > MOST_MS ? rest() : undefined,
      ),
    close: () => Promise.resolve(),
  };
}
