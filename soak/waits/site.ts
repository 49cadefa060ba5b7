import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../src/dev/free-port.js';
import { connect, type Millrace } from '../../src/client/index.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { startScript, type WorkerProcess } from '../../bench/child-process.js';
import { startServers, workerEnvironment } from '../../bench/servers.js';

/** One worker and one client service, each in a process of its own, on servers of their own. */
export interface Site {
  readonly url: string;
  readonly millrace: Millrace;
  readonly temporal: TemporalClient;
  /** The folder that runs read from. */
  readonly files: string;
  readonly worker: WorkerProcess;
  readonly service: WorkerProcess;
}

const PROJECT = path.join(import.meta.dirname, 'project');

/** Starts all that is needed, does the work, and stops it. */
export async function withSite<T>(notice: (line: string) => void, work: (site: Site) => Promise<T>): Promise<T> {
  const servers = await startServers(notice);
  const stops: (() => Promise<unknown>)[] = [() => servers.stop()];
  try {
    const files = path.join(servers.scratch, 'files');
    mkdirSync(files);
    const environment = workerEnvironment(servers, { FILES_FOLDER: files });
    const worker = await startScript('../soak/waits/worker-main.mjs', [PROJECT], environment);
    stops.push(() => worker.stop());
    const port = await freePort();
    const service = await startScript('service/serve-main.mjs', [PROJECT, String(port)], environment);
    stops.push(() => service.stop());
    const url = `http://127.0.0.1:${port}`;
    return await work({ url, millrace: connect({ url }), temporal: servers.temporal, files, worker, service });
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
