import type { Worker } from 'node:worker_threads';
import { RowFailure } from '../contracts/row-failure.js';
import type { ZodBatch } from '../contracts/zod-rows.js';
import type { BatchVerdict } from '../contracts/zod-verdicts.js';
import { messageOf, TerminalError } from '../core/errors.js';
import { startProjectThread } from './project-thread.js';
import { CELLS, type FromZodThread, type ToZodThread, type ZodTask } from './zod-protocol.js';

/** How long a thread may take. */
export interface ThreadLimits {
  /** For one row. */
  readonly rowMs: number;
  /** For loading the project. */
  readonly loadMs: number;
  /** Of its heap. */
  readonly memoryMb: number;
}

/** A thread that asks zod about rows. */
export interface ZodThread {
  /** Batches that it has not answered. */
  readonly waiting: number;
  judge(batch: ZodBatch): Promise<BatchVerdict>;
  /** Asks about one row column by column; gives the column at which zod stays, if it does. */
  probe(batch: ZodBatch): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Thrown by {@link ZodThread.judge} where zod stays at a row for longer than it may. */
export class StuckAt extends Error {
  constructor(readonly row: number) {
    super('zod is stuck');
  }
}

interface Waiting {
  readonly resolve: (verdict: BatchVerdict | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Starts a thread. It fails as a whole: an error is that of every batch that waits.
 *
 * Its batches fail with StuckAt; RowFailure when a function throws; TerminalError CONFIG_INVALID where the project does not load,
 * CONTRACT_DIED.
 */
export function startZodThread(task: Omit<ZodTask, 'progress'>, limits: ThreadLimits): ZodThread {
  const progress = new Int32Array(new SharedArrayBuffer(Object.keys(CELLS).length * Int32Array.BYTES_PER_ELEMENT));
  const worker = startProjectThread('zod-main', `millrace contract ${task.contract}`, { ...task, progress }, limits.memoryMb);
  const waiting: Waiting[] = [];
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    watch.stop();
    // Only the first batch is the one that zod was at.
    const others = error instanceof StuckAt ? died(task.contract, 'was stopped') : error;
    for (const [index, each] of waiting.splice(0).entries()) each.reject(index === 0 ? error : others);
    void worker.terminate();
  };
  const watch = watchSteps(progress, limits, () => waiting.length > 0, {
    stuck: () => fail(new StuckAt(Atomics.load(progress, CELLS.row))),
    unloaded: () => fail(unloaded(task.contract, `it was not loaded within ${limits.loadMs / 1000} s`, undefined)),
  });
  worker.on('message', (message: FromZodThread) => {
    if (message.kind === 'ready') watch.ready();
    else if (message.kind === 'judged') waiting.shift()?.resolve(message.verdict);
    else if (message.kind === 'probed') waiting.shift()?.resolve(undefined);
    else if (message.kind === 'failed') fail(new RowFailure(message.failure));
    else fail(unloaded(task.contract, message.message, message.place));
  });
  worker.on('error', (error) => fail(uncaught(task.contract, error, limits.memoryMb)));
  worker.on('exit', (code) => fail(died(task.contract, `ended itself with the code ${code}. Leave process.exit out of it`)));
  const ask = (message: ToZodThread): Promise<BatchVerdict | undefined> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      waiting.push({ resolve, reject });
      worker.postMessage(message, []);
    });
  return {
    get waiting() {
      return waiting.length;
    },
    judge: async (batch) => (await ask({ kind: 'judge', batch })) as BatchVerdict,
    async probe(batch) {
      try {
        await ask({ kind: 'probe', batch });
        return undefined;
      } catch (error) {
        return error instanceof StuckAt ? Atomics.load(progress, CELLS.column) : undefined;
      }
    },
    async stop() {
      watch.stop();
      await stopped(worker);
    },
  };
}

async function stopped(worker: Worker): Promise<void> {
  worker.removeAllListeners();
  worker.on('error', () => undefined);
  await worker.terminate();
}

const LOOKS = 20;

/**
 * Looks whether the thread goes on. A limit is counted in looks and not on the clock, so that a process that was suspended, or
 * whose own loop was busy, does not blame the thread.
 */
function watchSteps(
  progress: Int32Array,
  { rowMs, loadMs }: ThreadLimits,
  isAtWork: () => boolean,
  tell: { readonly stuck: () => void; readonly unloaded: () => void },
) {
  let seen = 0;
  let idle = 0;
  let loading: NodeJS.Timeout | undefined = setTimeout(tell.unloaded, loadMs);
  const look = (): void => {
    const steps = Atomics.load(progress, CELLS.steps);
    idle = steps === seen && isAtWork() ? idle + 1 : 0;
    seen = steps;
    if (idle > LOOKS) tell.stuck();
  };
  let looking: NodeJS.Timeout | undefined;
  return {
    ready(): void {
      clearTimeout(loading);
      loading = undefined;
      looking = setInterval(look, rowMs / LOOKS);
    },
    stop(): void {
      clearTimeout(loading);
      clearInterval(looking);
    },
  };
}

function unloaded(contract: string, message: string, place: string | undefined): TerminalError {
  const at = place === undefined ? '' : ` (${place})`;
  return new TerminalError(
    'CONFIG_INVALID',
    `Contract "${contract}" does not load in a thread${at}: ${message.replace(/[.\s]+$/, '')}. A thread has none of the worker's environment variables but what env() gives to connections. Correct the config, or what it imports.`,
    { contract },
  );
}

function uncaught(contract: string, error: Error, memoryMb: number): TerminalError {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return died(contract, `ran out of memory: it may have ${memoryMb} MB. Let the contract's functions hold no rows`);
  return died(contract, `failed: ${messageOf(error)}. Let no error escape from what the contract's functions start`);
}

function died(contract: string, what: string): TerminalError {
  return new TerminalError('CONTRACT_DIED', `A thread of contract "${contract}" ${what}.`, { contract });
}
