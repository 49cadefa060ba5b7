// A worker in a process of its own, from the built code. It keeps the time of a clock that is in a file, since what is tried again
// takes a day to be given up. The messages are those of test/support/crashing-worker.ts.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadProject } from '../../dist/src/config/load.js';
import { createWorker } from '../../dist/src/worker/worker.js';
import { obey } from '../../test/support/told-worker.mjs';

/** @see clock.ts */
function now() {
  const { since, times, ahead } = JSON.parse(readFileSync(process.env.SOAK_CLOCK, 'utf8'));
  return since + (Date.now() - since) * times + ahead;
}

const loaded = await loadProject(process.argv[2]);

async function begin({ address, taskQueue, bundlePath, folder, steps }) {
  const project = {
    ...loaded,
    taskQueue,
    staging: { root: path.join(folder, 'staging') },
    engine: { ...loaded.engine, memoryLimit: '200MB', threads: 1, spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
  const worker = await createWorker({
    project,
    address,
    workflowBundle: { codePath: bundlePath },
    // No run is to wait long for the worker that was killed, and no alert for the one that watched.
    limits: { stickyQueueScheduleToStartTimeout: '500ms', maxConcurrentActivityTaskExecutions: steps },
    alertWatch: { now, intervalMs: 200, patienceMs: 2_000 },
  });
  process.send?.({ type: 'polling' });
  await worker.done;
}

obey(begin);
