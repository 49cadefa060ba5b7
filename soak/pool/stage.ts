import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadProject } from '../../src/config/load.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type CrashingWorker } from '../../test/support/crashing-worker.js';
import type { JournalLine } from './liveness.js';

export const TASK_QUEUE = 'soak';
/** Steps at work at once in one worker: all workers together have room for more than the pool. */
const STEPS = 6;
const PROJECT = path.join(import.meta.dirname, 'project');
const PROGRAM = path.join(import.meta.dirname, 'worker-process.mjs');

/** A server, and workers that die. */
export interface Stage {
  readonly client: Client;
  readonly lake: string;
  /** Starts another worker. */
  readonly add: () => Promise<void>;
  /** SIGKILL of one of the workers; another takes its place. */
  readonly killOne: (which: (count: number) => number) => Promise<void>;
  readonly journal: () => JournalLine[];
  /** When each worker process was seen to be gone. */
  readonly deaths: ReadonlyMap<number, number>;
  readonly close: () => Promise<void>;
}

/** @param suggestContinueAsNew events after which Temporal tells a workflow to continue as new */
export async function openStage(notice: (line: string) => void, suggestContinueAsNew: number): Promise<Stage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-soak-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [lake, journal] = [path.join(folder, 'lake'), path.join(folder, 'journal')];
  mkdirSync(lake);
  mkdirSync(path.join(folder, 'staging'));
  writeFileSync(journal, '');
  const server = await startServer(folder, notice, suggestContinueAsNew);
  const connection = await Connection.connect({ address: server.address });
  const environment = { SOAK_LAKE: lake, SOAK_JOURNAL: journal };
  Object.assign(process.env, environment);
  const bundlePath = path.join(folder, 'workflows.js');
  writeFileSync(bundlePath, (await bundleProject(await loadProject(PROJECT))).code);
  const setup = { address: server.address, taskQueue: TASK_QUEUE, bundlePath, folder, steps: STEPS };
  const workers: CrashingWorker[] = [];
  const deaths = new Map<number, number>();
  const spawn = () => spawnCrashingWorker(PROJECT, environment, () => false, { program: [PROGRAM] });
  let next = spawn();
  const add = async (): Promise<void> => {
    const worker = next;
    next = spawn();
    await worker.begin(setup);
    workers.push(worker);
  };
  return {
    client: new Client({ connection }),
    lake,
    add,
    async killOne(which) {
      const [worker] = workers.splice(which(workers.length), 1);
      if (!worker) return;
      await worker.kill();
      deaths.set(worker.pid, now());
      await add();
    },
    deaths,
    journal: () =>
      readFileSync(journal, 'utf8')
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JournalLine])),
    async close() {
      await Promise.all([...workers, next].map((worker) => worker.kill()));
      await connection.close();
      await server.stop();
    },
  };
}

/** The clock of the journal, in milliseconds. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

async function startServer(folder: string, notice: (line: string) => void, events: number): Promise<TemporalServer> {
  const { path: program } = await obtainTemporal({ notice });
  const binary = path.join(folder, 'temporal');
  const setting = `--dynamic-config-value limit.historyCount.suggestContinueAsNew=${events}`;
  writeFileSync(binary, `#!/bin/sh\nexec '${program}' "$@" ${setting}\n`);
  chmodSync(binary, 0o755);
  return startTemporalServer({ binary, uiPort: null });
}
