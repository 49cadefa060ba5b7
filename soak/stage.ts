import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadProject } from '../src/config/load.js';
import { obtainTemporal } from '../src/dev/temporal-binary.js';
import { startTemporalServer, type TemporalServer } from '../src/dev/temporal-server.js';
import { bundleProject } from '../src/worker/bundle.js';
import { spawnCrashingWorker, type CrashingWorker } from '../test/support/crashing-worker.js';

export const TASK_QUEUE = 'soak';

/** What a stage is built of. */
export interface StageSettings {
  /** The folder of the project. */
  readonly project: string;
  /** The program of a worker's process; it takes and sends the messages of `test/support/crashing-worker.ts`. */
  readonly program: string;
  /** Steps at work at once in one worker. */
  readonly steps: number;
  /** What the project and its workers find in their environment. @param folder the stage's own */
  readonly environment: (folder: string) => Readonly<Record<string, string>>;
  /** Dynamic configuration of the server: `name=value`. @default none */
  readonly serverSettings?: readonly string[];
  readonly notice: (line: string) => void;
}

/** A server, and workers that die. */
export interface Stage {
  readonly client: Client;
  readonly address: string;
  /** Where everything is; it goes with this process. */
  readonly folder: string;
  /** Starts another worker. */
  readonly add: () => Promise<void>;
  /** SIGKILL of one of the workers, of whose processes one is to be named; another takes its place. */
  readonly killOne: (which: (pids: readonly number[]) => number) => Promise<void>;
  /** When each worker process was seen to be gone, by {@link now}. */
  readonly deaths: ReadonlyMap<number, number>;
  readonly close: () => Promise<void>;
}

export async function openStage(settings: StageSettings): Promise<Stage> {
  const { project, program, steps, notice } = settings;
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-soak-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  mkdirSync(path.join(folder, 'staging'));
  const server = await startServer(folder, notice, settings.serverSettings ?? []);
  const connection = await Connection.connect({ address: server.address });
  const environment = settings.environment(folder);
  Object.assign(process.env, environment);
  const bundlePath = path.join(folder, 'workflows.js');
  writeFileSync(bundlePath, (await bundleProject(await loadProject(project))).code);
  const setup = { address: server.address, taskQueue: TASK_QUEUE, bundlePath, folder, steps };
  const workers: CrashingWorker[] = [];
  const deaths = new Map<number, number>();
  const spawn = () => spawnCrashingWorker(project, environment, () => false, { program: [program] });
  let next = spawn();
  const add = async (): Promise<void> => {
    const worker = next;
    next = spawn();
    await worker.begin(setup);
    workers.push(worker);
  };
  return {
    client: new Client({ connection }),
    address: server.address,
    folder,
    add,
    async killOne(which) {
      const pid = which(workers.map((each) => each.pid));
      const index = workers.findIndex((each) => each.pid === pid);
      const [worker] = index < 0 ? [] : workers.splice(index, 1);
      if (!worker) return;
      await worker.kill();
      deaths.set(worker.pid, now());
      await add();
    },
    deaths,
    async close() {
      await Promise.all([...workers, next].map((worker) => worker.kill()));
      await connection.close();
      await server.stop();
    },
  };
}

/** A clock that is the same in all processes, in milliseconds. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

async function startServer(folder: string, notice: (line: string) => void, settings: readonly string[]): Promise<TemporalServer> {
  const { path: program } = await obtainTemporal({ notice });
  const binary = path.join(folder, 'temporal');
  const options = settings.map((setting) => ` --dynamic-config-value '${setting}'`).join('');
  writeFileSync(binary, `#!/bin/sh\nexec '${program}' "$@"${options}\n`);
  chmodSync(binary, 0o755);
  return startTemporalServer({ binary, uiPort: null });
}
