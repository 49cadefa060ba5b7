import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operations } from '../../src/api/index.js';
import { remoteOperations } from '../../src/client/http.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer } from '../../src/dev/temporal-server.js';
import { startService } from '../../src/service/run-service.js';
import { createWorker } from '../../src/worker/worker.js';

/** A running service with a worker, and what is in it. */
export interface Target {
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  /** Fields of paths, with something that is there. */
  readonly known: Readonly<Record<string, string>>;
  /** Errors that the service did not expect. */
  readonly unexpected: readonly string[];
  stop(): Promise<void>;
}

const TOKEN = 'a-token-for-the-fuzzer-and-nobody-else';

/** Starts Temporal, the fixture project `audits` with a worker, and its service; with two runs that have ended. */
export async function startTarget(notice: (line: string) => void): Promise<Target> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-fuzz-'));
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { path: binary } = await obtainTemporal({ notice });
    const temporal = await startTemporalServer({ binary, uiPort: null });
    stops.push(() => temporal.stop());
    const project = await openProject(folder);
    const worker = await createWorker({ project, address: temporal.address });
    stops.push(() => worker.stop());
    const unexpected: string[] = [];
    process.env['MILLRACE_ADMIN_TOKEN'] = TOKEN;
    const onUnexpected = (error: unknown): void =>
      void unexpected.push(error instanceof Error ? String(error.stack) : String(error));
    const service = await startService({ project, address: temporal.address, port: 0, onUnexpected });
    stops.push(() => service.stop());
    const known = await fill(remoteOperations({ url: service.url, token: TOKEN }));
    return { url: service.url, token: TOKEN, known, unexpected, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openProject(folder: string): Promise<LoadedProject> {
  await writeFile(path.join(folder, 'sound.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,20,2024-01\n');
  await writeFile(path.join(folder, 'broken.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,,2024-01\n');
  Object.assign(process.env, { AUDITS_LAKE: folder, AUDITS_WAREHOUSE: 'postgres://nobody@127.0.0.1:1/none' });
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/audits'));
  return {
    ...loaded,
    // No limit: what is looked for is what a request does, not that many are refused.
    config: { ...loaded.config, service: { rateLimit: { perSecond: 100_000, burst: 100_000 } } },
    staging: { root: path.join(folder, 'staging') },
    engine: { ...loaded.engine, memoryLimit: '300MB', spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
}

async function fill(operations: Operations): Promise<Record<string, string>> {
  const files = ['sound.csv', 'broken.csv'];
  const runs = await Promise.all(files.map((file) => operations.startRun({ pipeline: 'judgeOrders', params: { path: file } })));
  for (const { workflowId } of runs) {
    while ((await operations.getRun({ run: workflowId })).status === 'running') await sleep(200);
  }
  const [dataset] = (await operations.listDatasets({})).items;
  return { run: runs[1]?.workflowId ?? '', dataset: encodeURIComponent(dataset?.uri ?? ''), pipeline: 'judgeOrders' };
}
