import type { Contract } from '../config/contract.js';
import type { Compiled } from '../contracts/compile.js';
import { contractHash } from '../contracts/hash.js';
import { RowFailure } from '../contracts/row-failure.js';
import type { BatchJudge, OpenThreads } from '../contracts/zod-judges.js';
import { rowShape, type ZodBatch } from '../contracts/zod-rows.js';
import { lineOf, type BatchVerdict } from '../contracts/zod-verdicts.js';
import { abortError } from '../engine/session.js';
import type { ProjectPlace } from './protocol.js';
import { startZodThread, StuckAt, type ThreadLimits, type ZodThread } from './zod-thread.js';

export interface ZodThreadsOptions {
  /** Where the config is that has the contract. */
  readonly project: ProjectPlace;
  /** Its name there. */
  readonly name: string;
  readonly contract: Contract;
  /** Most threads at a time. */
  readonly threads: number;
  /** @default 10 s for a row, a minute to load, 512 MB */
  readonly limits?: Partial<ThreadLimits>;
}

const LIMITS: ThreadLimits = { rowMs: 10_000, loadMs: 60_000, memoryMb: 512 };

/** Batches on their way to one thread: one that it works on, one that waits. */
const BATCHES_A_THREAD = 2;

/** Another thread is worth its start after so many batches of 2,048 rows. */
const BATCHES_BEFORE_ANOTHER = 20;

/**
 * Threads that ask zod about rows of a contract: one at first, more when there is much to do. A row that takes longer than it
 * may ends its thread.
 */
export function zodThreads({ project, name, contract, threads: most, limits = {} }: ZodThreadsOptions): OpenThreads {
  return (compiled, signal) => {
    const { inputs, isText, refused } = compiled;
    const { configPath, root } = project;
    const task = { project: { configPath, root }, contract: name, hash: contractHash(contract).hash, inputs, isText, refused };
    return pool(compiled, signal, most, () => startZodThread(task, { ...LIMITS, ...limits }), { ...LIMITS, ...limits }.rowMs);
  };
}

function pool(compiled: Compiled, signal: AbortSignal, most: number, start: () => ZodThread, rowMs: number): BatchJudge {
  const threads: ZodThread[] = [];
  let batches = 0;
  let abort: ((error: Error) => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => (abort = reject));
  aborted.catch(() => undefined);
  const onAbort = (): void => abort?.(abortError(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  const started = (): ZodThread => {
    const thread = start();
    threads.push(thread);
    return thread;
  };
  const judge = async (batch: ZodBatch): Promise<BatchVerdict> => {
    const wanted = Math.min(most, 1 + Math.floor(batches++ / BATCHES_BEFORE_ANOTHER));
    const thread = threads.length < wanted ? started() : (threads.toSorted((a, b) => a.waiting - b.waiting)[0] as ZodThread);
    try {
      return await thread.judge(batch);
    } catch (error) {
      throw error instanceof StuckAt ? await explained(batch, error.row) : error;
    }
  };
  const explained = async (batch: ZodBatch, row: number): Promise<RowFailure> => {
    const alone = { ...batch, rows: 1, columns: batch.columns.map((column) => column.slice(row, row + 1)) };
    const column = await started().probe(alone);
    return new RowFailure({
      what: 'stuck',
      message: `it took more than ${rowMs / 1000} s`,
      line: lineOf(batch, row),
      column: column === undefined ? undefined : rowShape(compiled, batch.scope).columns[column]?.name,
    });
  };
  return {
    get atOnce() {
      return BATCHES_A_THREAD * Math.max(1, threads.length);
    },
    judge: (batch) => Promise.race([judge(batch), aborted]),
    async close() {
      signal.removeEventListener('abort', onAbort);
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}
