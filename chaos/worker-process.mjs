// A worker in a process of its own, from the built code, which asks its parent at every checkpoint whether to go on. The
// messages are those of test/support/crashing-worker.ts.
import path from 'node:path';
import { loadProject } from '../dist/src/config/load.js';
import { createWorker } from '../dist/src/worker/worker.js';
import { asking, obey } from '../test/support/told-worker.mjs';

const loaded = await loadProject(process.argv[2]);
const { checkpoint, letGo } = asking();

async function begin({ address, taskQueue, bundlePath, folder, steps, polls, stagingBytes }) {
  const project = {
    ...loaded,
    taskQueue,
    staging: { root: path.join(folder, 'staging'), maxBytes: stagingBytes },
    engine: { ...loaded.engine, spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
  const worker = await createWorker({
    project,
    address,
    checkpoint,
    workflowBundle: { codePath: bundlePath },
    limits: {
      // No run is to wait long for the worker that was killed.
      stickyQueueScheduleToStartTimeout: '500ms',
      maxConcurrentActivityTaskExecutions: steps,
      maxConcurrentActivityTaskPolls: polls,
      maxConcurrentWorkflowTaskPolls: polls + 1,
    },
  });
  process.send?.({ type: 'polling' });
  await worker.done;
}

obey(begin, letGo);
