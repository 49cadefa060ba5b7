// A worker in a process of its own, from the built code, which asks its parent at every checkpoint whether to go on. The
// messages are those of test/support/crashing-worker.ts.
import path from 'node:path';
import { Context } from '@temporalio/activity';
import { loadProject } from '../dist/src/config/load.js';
import { createWorker } from '../dist/src/worker/worker.js';

const waiting = new Map();
let arrivals = 0;

function checkpoint(name) {
  const { info, cancellationSignal } = Context.current();
  const id = ++arrivals;
  const { workflowId, runId } = info.workflowExecution;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    // An attempt that was given up meanwhile goes on and finds that out, as one does that waits for nobody.
    cancellationSignal.addEventListener('abort', () => resolve(), { once: true });
    const arrival = { id, checkpoint: name, workflowId, runId, step: info.activityId, attempt: info.attempt };
    process.send?.({ type: 'arrived', arrival });
  });
}

async function begin(loaded, { address, taskQueue, bundlePath, folder, steps, polls, stagingBytes }) {
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

const project = await loadProject(process.argv[2]);
process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  if (message.type === 'go') {
    waiting.get(message.id)?.();
    waiting.delete(message.id);
  } else {
    begin(project, message.setup).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  }
});
process.send?.({ type: 'loaded' });
