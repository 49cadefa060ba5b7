import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime, type WorkflowBundleOption } from '@temporalio/worker';
import type { LoadedProject } from '../config/load.js';
import { createWorker, type RunningWorker } from '../worker/index.js';
import type { TemporalClient } from '../temporal/connect.js';

/** How long running steps get to finish. What they leave goes on at the next start. */
export const DEV_DRAIN_MS = 5_000;

/** Starts the project's worker in this process; its warnings go to `worker.log` in the dev folder. */
export async function startDevWorker(
  project: LoadedProject,
  workflowBundle: WorkflowBundleOption,
  temporal: TemporalClient,
  folder: string,
): Promise<RunningWorker> {
  const log = path.join(folder, 'worker.log');
  const logger = new DefaultLogger('WARN', ({ timestampNanos, level, message, meta }) => {
    appendFileSync(
      log,
      `${new Date(Number(timestampNanos / 1_000_000n)).toISOString()} ${level} ${message} ${JSON.stringify(meta ?? {})}\n`,
    );
  });
  // The runtime would stop the worker by itself on a signal, while we still have to say so and to stop the rest.
  Runtime.install({ logger, shutdownSignals: [] });
  const worker = await createWorker({ project, workflowBundle, address: temporal.address, namespace: temporal.namespace });
  worker.done.catch(() => undefined);
  return { ...worker, stop: () => stopSoon(worker) };
}

async function stopSoon(worker: RunningWorker): Promise<void> {
  const drained = worker.stop().then(
    () => true,
    () => true,
  );
  if (await Promise.race([drained, sleep(DEV_DRAIN_MS, false)])) return;
  // It would hold the process for up to half a minute. The exit code is the one that is set by then.
  setTimeout(() => process.exit(), 500).unref();
}
