import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { CheckpointName } from '../../src/connectors/contract.js';
import { spawnCrashingWorker, type Arrival, type CrashingWorker, type WorkerSetup } from '../../test/support/crashing-worker.js';

/** A worker that polls. */
export interface LiveWorker extends CrashingWorker {
  readonly name: string;
}

/** A step that has come to a checkpoint and waits there. */
export interface HeldStep {
  readonly arrival: Arrival;
  readonly worker: LiveWorker;
  release(): void;
}

/** The project's worker processes, one of which is always ready to take over. */
export interface Workers {
  /** Those that poll, oldest first. */
  live(): readonly LiveWorker[];
  /** Holds the next step that comes to this checkpoint. */
  holdNext(checkpoint: CheckpointName): { readonly held: Promise<HeldStep>; cancel(): void };
  /** Sees that there is one. */
  provide(): Promise<void>;
  /** Lets one more poll. */
  add(): Promise<LiveWorker>;
  /** SIGKILL; does not start another. */
  kill(worker: LiveWorker): Promise<void>;
  /** Kills all but the newest, and sees that there is one. */
  reduceToOne(): Promise<void>;
  /** How many have ended that nobody killed; each is replaced at once. */
  crashes(): number;
  close(): Promise<void>;
}

/** What a worker process needs to know besides. */
export interface ChaosWorkerSetup extends WorkerSetup {
  /**
   * Requests for steps that wait at the server at a time; each of a worker that stands still costs one of them. For the
   * tasks of runs it is one more.
   */
  readonly polls: number;
  /** Most bytes that staging may hold. @default no limit */
  readonly stagingBytes?: number;
}

/** It runs what is built: compiling the sources would cost each new worker a second of the processor. */
const PROGRAM = path.join(import.meta.dirname, '..', 'worker-process.mjs');

export interface WorkersOptions {
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly setup: ChaosWorkerSetup;
  /** File for what the processes say. */
  readonly logFile: string;
}

/** Starts the first worker and its successor. */
export async function openWorkers({ project, environment, setup, logFile }: WorkersOptions): Promise<Workers> {
  const live: LiveWorker[] = [];
  let started = 0;
  let crashes = 0;
  let closing = false;
  let watch: { readonly checkpoint: CheckpointName; readonly resolve: (step: HeldStep) => void } | undefined;

  const spawn = (): LiveWorker => {
    const name = `worker ${++started}`;
    const holds = (arrival: Arrival): boolean => {
      if (watch?.checkpoint !== arrival.checkpoint) return false;
      watch.resolve({ arrival, worker, release: () => worker.letGo(arrival) });
      watch = undefined;
      return true;
    };
    const log = (text: string): void => appendFileSync(logFile, text.replaceAll(/^(?=.)/gm, `${name}: `));
    const worker: LiveWorker = { ...spawnCrashingWorker(project, environment, holds, { log, program: [PROGRAM] }), name };
    return worker;
  };
  const remove = (worker: LiveWorker): boolean => {
    const index = live.indexOf(worker);
    if (index >= 0) live.splice(index, 1);
    return index >= 0;
  };
  let next = spawn();
  const add = async (): Promise<LiveWorker> => {
    const worker = next;
    next = spawn();
    await worker.begin(setup);
    live.push(worker);
    void worker.gone.then(() => {
      if (closing || !remove(worker)) return;
      crashes += 1;
      appendFileSync(logFile, `${worker.name} ended by itself\n`);
      add().catch((error: unknown) => appendFileSync(logFile, `its successor did not start: ${String(error)}\n`));
    });
    return worker;
  };
  const kill = async (worker: LiveWorker): Promise<void> => {
    remove(worker);
    await worker.kill();
  };
  const provide = async (): Promise<void> => {
    if (live.length === 0) await add();
  };
  await provide();
  return {
    live: () => live,
    holdNext(checkpoint) {
      const held = new Promise<HeldStep>((resolve) => (watch = { checkpoint, resolve }));
      return { held, cancel: () => void (watch = undefined) };
    },
    provide,
    add,
    kill,
    async reduceToOne() {
      for (const worker of live.slice(0, -1)) await kill(worker);
      await provide();
    },
    crashes: () => crashes,
    async close() {
      closing = true;
      await Promise.all([...live, next].map((worker) => worker.kill()));
    },
  };
}
