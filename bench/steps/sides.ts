import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startScript, startWorkerProcess, type WorkerProcess } from '../child-process.js';
import { startServers, workerEnvironment, type Servers } from '../servers.js';
import { watchPeaks } from '../peaks.js';
import type { Peaks } from '../benchmark.js';

/** What a run has to do: `unchanged` nothing, as nothing has changed since the last; `anew` each step once. */
export type Work = 'unchanged' | 'anew';
export type Side = 'millrace' | 'by-hand';

/** Both workers on one server. */
export interface Sides {
  /** Runs the workflow of that name with that side's worker; gives its seconds, from the client's start to the result. */
  run(side: Side, work: Work): Promise<number>;
  /** CPU seconds of a side's worker so far. */
  cpuS(side: Side): Promise<number>;
  /** Peak memory of workers and servers since this was asked for. */
  peaks(): Peaks;
}

/** Starts the servers and both workers, does the work, and stops them all. */
export async function withSides<T>(notice: (line: string) => void, work: (sides: Sides) => Promise<T>): Promise<T> {
  const servers = await startServers(notice);
  const workers: WorkerProcess[] = [];
  try {
    const files = path.join(servers.scratch, 'files');
    mkdirSync(files);
    writeFileSync(path.join(files, 'one.csv'), 'id,name\n1,one\n');
    const environment = workerEnvironment(servers, { FILES_FOLDER: files, HAND_FOLDER: path.join(servers.scratch, 'hand') });
    const millrace = await startWorkerProcess('steps/project', environment);
    workers.push(millrace);
    const byHand = await startScript('steps/by-hand/worker-main.mjs', [], environment);
    workers.push(byHand);
    return await work(sidesOf(servers, files, { millrace, 'by-hand': byHand }));
  } finally {
    for (const worker of workers) await worker.stop();
    await servers.stop();
  }
}

function sidesOf({ temporal, pids }: Servers, files: string, workers: Readonly<Record<Side, WorkerProcess>>): Sides {
  const named = { 'millrace worker': workers.millrace.pid, 'worker by hand': workers['by-hand'].pid, temporal: pids.temporal };
  const watch = watchPeaks(named, pids.postgres);
  return {
    async run(side, work) {
      const file = randomBytes(6).toString('hex');
      if (work === 'anew') writeFileSync(path.join(files, `${file}.csv`), `id,name\n1,${file}\n`);
      const started = performance.now();
      await temporal.client.workflow.execute(work, {
        taskQueue: side,
        workflowId: `${work}-${side}-${file}`,
        args: [work === 'anew' ? { file } : {}],
      });
      return (performance.now() - started) / 1000;
    },
    cpuS: async (side) => (await workers[side].usage()).cpuS,
    peaks: () => watch.stop(),
  };
}
