import os from 'node:os';

const MB = 1_000_000;
const MiB = 1_048_576;
const GiB = 1_073_741_824;

/** What this process may use of the machine, or of the container (cgroup) that it is in. */
export interface Machine {
  readonly processors: number;
  readonly memoryBytes: number;
  /** Of Node's pool, in which DuckDB's statements wait and work: `UV_THREADPOOL_SIZE`. */
  readonly poolThreads: number;
}

/** What an operator has decided already. */
export interface CapacityWishes {
  /** DuckDB's memory for one step, in its words. */
  readonly memoryLimit?: string | undefined;
  readonly threads?: number | undefined;
  readonly steps?: number | undefined;
  readonly cachedRuns?: number | undefined;
}

/** What a worker takes on, so that it stays within its memory. */
export interface Capacity {
  /** Steps at work at once. */
  readonly steps: number;
  /** DuckDB's memory for each of them, in its words. */
  readonly memoryLimit: string;
  /** DuckDB's threads for each of them. */
  readonly threads: number;
  /** Runs kept in memory between their steps. */
  readonly cachedRuns: number;
}

/** The share of its memory that a worker plans with: the rest is for the system, and for what nobody foresaw. */
const PLANNED_SHARE = 0.8;
/** Node, Temporal's core and our own code, before there is any work. */
const IDLE_BYTES = 300 * MiB;
/** A run in memory between its steps; an idle one was measured at 0.29 MB. */
const CACHED_RUN_BYTES = 0.4 * MiB;
/** What a step takes beside DuckDB's limit, which does not count everything, as a share of that limit. */
const BESIDE_LIMIT = 1.25;
/** More steps at once are not worth less memory for each of them. */
const COMFORTABLE_LIMIT_BYTES = 256 * MiB;
/** Where even two steps have not that much. */
const LEAST_LIMIT_BYTES = 128 * MiB;
const MOST_LIMIT_BYTES = 1_000 * MB;
/** What DuckDB asks for each thread, so that it rarely has to spill. */
const THREAD_BYTES = 125 * MB;
const CACHED_RUNS_PER_GIB = 120;

export function thisMachine(): Machine {
  // Without a limit, it is 0 or more than there can be.
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    processors: os.availableParallelism(),
    memoryBytes: Math.min(os.totalmem(), allowed),
    poolThreads: poolThreads(),
  };
}

/** The threads of Node's pool. */
export function poolThreads(): number {
  return Number(process.env['UV_THREADPOOL_SIZE'] || 4);
}

/**
 * What a worker on a machine takes on: as many steps at once as there are processors, at least two, and fewer where each would have
 * too little memory. All of them at their limit stay within the machine's memory.
 */
export function capacityOf(machine: Machine, wishes: CapacityWishes = {}): Capacity {
  const { processors, memoryBytes, poolThreads: pool } = machine;
  const cachedRuns = wishes.cachedRuns ?? clamp(Math.floor((memoryBytes / GiB) * CACHED_RUNS_PER_GIB), 100, 1_000);
  const forSteps = Math.max(0, memoryBytes * PLANNED_SHARE - IDLE_BYTES - cachedRuns * CACHED_RUN_BYTES) / BESIDE_LIMIT;
  // A step's statement holds a thread of the pool for as long as it works or waits for a lock. Were all of them held by steps
  // that wait, the one they wait for could not go on.
  const most = wishes.steps ?? Math.max(2, Math.min(processors, pool - 1));
  const wished = wishes.memoryLimit === undefined ? undefined : sizeInBytes(wishes.memoryLimit);
  const steps = wishes.steps ?? clamp(wished === undefined ? comfortableSteps(forSteps) : Math.floor(forSteps / wished), 1, most);
  const limit = wished ?? clamp(forSteps / steps, LEAST_LIMIT_BYTES, MOST_LIMIT_BYTES);
  return {
    steps,
    memoryLimit: wishes.memoryLimit ?? limitText(limit),
    threads: wishes.threads ?? (limit < MOST_LIMIT_BYTES ? clamp(Math.floor(limit / THREAD_BYTES), 1, processors) : processors),
    cachedRuns,
  };
}

function comfortableSteps(bytes: number): number {
  const comfortable = Math.floor(bytes / COMFORTABLE_LIMIT_BYTES);
  return comfortable < 2 && bytes >= 2 * LEAST_LIMIT_BYTES ? 2 : comfortable;
}

function limitText(bytes: number): string {
  return bytes === MOST_LIMIT_BYTES ? '1GB' : `${Math.floor(bytes / MB)}MB`;
}

const UNITS: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A size as DuckDB writes it, which the config's schema has checked. */
function sizeInBytes(text: string): number {
  const [, amount, unit] = /^([\d.]+)\s?([KMGT]i?B)$/.exec(text) ?? [];
  return Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
