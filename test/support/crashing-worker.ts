import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { CheckpointName } from '../../src/connectors/contract.js';

/** What a worker process needs to know. */
export interface WorkerSetup {
  readonly address: string;
  readonly taskQueue: string;
  /** The project's workflows, bundled before: a worker starts in well under a second. */
  readonly bundlePath: string;
  /** Where staging, spill and catalog are. */
  readonly folder: string;
  /** Whether staging is where the project has it, instead. @default false */
  readonly stagesInProject?: boolean;
  /** Steps at work at once; no other step is asked for while as many are. */
  readonly steps: number;
}

/** One activity that has come to a checkpoint and waits there. */
export interface Arrival {
  readonly id: number;
  readonly checkpoint: CheckpointName;
  readonly workflowId: string;
  readonly runId: string;
  readonly step: string;
  readonly attempt: number;
}

export type ToWorker = { readonly type: 'begin'; readonly setup: WorkerSetup } | { readonly type: 'go'; readonly id: number };
export type FromWorker =
  { readonly type: 'loaded' } | { readonly type: 'polling' } | { readonly type: 'arrived'; readonly arrival: Arrival };

/** A project's worker in a process of its own, to be killed, stopped and continued. */
export interface CrashingWorker {
  /** Of the process. */
  readonly pid: number;
  /** Resolves when the process is gone, however it ended. */
  readonly gone: Promise<void>;
  /** Starts polling. */
  begin(setup: WorkerSetup): Promise<void>;
  /** Lets an activity go on from where it waits. */
  letGo(arrival: Arrival): void;
  /** SIGKILL: nothing of the process runs any more when this resolves. */
  kill(): Promise<void>;
  /** SIGSTOP: the process stands still and its connections stay open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM: running activities finish first. */
  stop(): Promise<void>;
}

const PROGRAM = path.join(import.meta.dirname, 'crashing-worker-process.mjs');

export interface SpawnOptions {
  readonly log?: (text: string) => void;
  readonly program?: readonly string[];
}

/**
 * Starts a worker process, which loads its code and waits for `begin`.
 *
 * @param environment of the process, besides this one's
 * @param holds says of each arrival at a checkpoint whether it waits there; the others go on at once
 * @param options `log` is given what the process says; `program` are Node's arguments before the project's folder, of a
 * process that takes the messages of {@link ToWorker} and sends those of {@link FromWorker}
 */
export function spawnCrashingWorker(
  directory: string,
  environment: Readonly<Record<string, string>>,
  holds: (arrival: Arrival) => boolean,
  { log = () => undefined, program = [PROGRAM] }: SpawnOptions = {},
): CrashingWorker {
  const child = spawn(process.execPath, [...program, directory], {
    // A statement that waits in DuckDB holds a thread of Node's pool, which has 4.
    env: { ...process.env, UV_THREADPOOL_SIZE: '32', ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.push(chunk.toString());
    log(chunk.toString());
  });
  const exited = once(child, 'exit');
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  // A message to a process that was killed meanwhile is lost like the process.
  child.on('error', () => undefined);
  const tell = (message: ToWorker): void => void (child.connected && child.send(message));
  const heard = (type: FromWorker['type']): Promise<void> =>
    new Promise((resolve, reject) => {
      child.on('message', (message: FromWorker) => message.type === type && resolve());
      child.once('exit', () => reject(new Error(`The worker process ended before it was ${type}:\n${stderr.join('')}`)));
    });
  const loaded = heard('loaded');
  const polling = heard('polling');
  for (const state of [loaded, polling]) state.catch(() => undefined);
  child.on('message', (message: FromWorker) => {
    if (message.type === 'arrived' && !holds(message.arrival)) tell({ type: 'go', id: message.arrival.id });
  });
  return {
    pid: child.pid ?? 0,
    gone: exited.then(() => undefined),
    async begin(setup) {
      await loaded;
      tell({ type: 'begin', setup });
      await polling;
    },
    letGo: (arrival) => tell({ type: 'go', id: arrival.id }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
