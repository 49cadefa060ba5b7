import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { connect, type Millrace } from '../../src/client/index.js';
import { freePort } from '../../src/dev/free-port.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { startScript, startWorkerProcess, type WorkerProcess } from '../child-process.js';
import { watchPeaks, type PeakWatch } from '../peaks.js';
import { startServers, workerEnvironment } from '../servers.js';

/** Who starts runs: the service for somebody, or somebody by Temporal's own client. */
export type Side = 'service' | 'direct';

/** A worker and a client service, each in a process of its own, on servers of their own. */
export interface Site {
  readonly url: string;
  readonly millrace: Millrace;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  /** Where the Temporal server's metrics are. */
  readonly metricsUrl: string;
  readonly service: WorkerProcess;
  readonly peaks: PeakWatch;
}

const PROJECT = path.join(import.meta.dirname, '../steps/project');

/** Starts all that is needed, does the work, and stops it. */
export async function withSite<T>(notice: (line: string) => void, work: (site: Site) => Promise<T>): Promise<T> {
  const servers = await startServers(notice);
  const stops: (() => Promise<unknown>)[] = [() => servers.stop()];
  try {
    const files = path.join(servers.scratch, 'files');
    mkdirSync(files);
    writeFileSync(path.join(files, 'one.csv'), 'id,name\n1,one\n');
    const environment = workerEnvironment(servers, { FILES_FOLDER: files });
    const worker = await startWorkerProcess('steps/project', environment);
    stops.push(() => worker.stop());
    const port = await freePort();
    const service = await startScript('service/serve-main.mjs', [PROJECT, String(port)], environment);
    stops.push(() => service.stop());
    const catalog = await openCatalog({ path: String(environment['CATALOG_FILE']) });
    stops.push(() => catalog.close());
    const url = `http://127.0.0.1:${port}`;
    const { temporal, metricsUrl, pids } = servers;
    const peaks = watchPeaks({ service: service.pid, worker: worker.pid, temporal: pids.temporal }, pids.postgres);
    return await work({ url, millrace: connect({ url }), temporal, catalog, metricsUrl, service, peaks });
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
