import path from 'node:path';
import { Context } from '@temporalio/activity';
import { isBuilt } from '../../scripts/build-dist.mjs';

/*
 * A worker in a process of its own, which asks its parent at every checkpoint whether to go on. It says `loaded` when it
 * could begin at once, and `polling` when it has begun. The messages are those of crashing-worker.ts.
 */

const { loadProject, createWorker } = await millrace();

/** The built code where it is of today's sources, as under `npm test`: it loads in a fraction of the time. */
async function millrace() {
  if (isBuilt()) {
    return { ...(await import('../../dist/src/config/load.js')), ...(await import('../../dist/src/worker/worker.js')) };
  }
  const { register } = await import('tsx/esm/api');
  register();
  return { ...(await import('../../src/config/load.ts')), ...(await import('../../src/worker/worker.ts')) };
}

const waiting = new Map();
let arrivals = 0;

function tell(message) {
  process.send?.(message);
}

function checkpoint(name) {
  const { info, cancellationSignal } = Context.current();
  const id = ++arrivals;
  const { workflowId, runId } = info.workflowExecution ?? { workflowId: '', runId: '' };
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    // An attempt that was given up meanwhile goes on and finds that out, as one does that waits for nobody.
    cancellationSignal.addEventListener('abort', () => resolve(), { once: true });
    tell({ type: 'arrived', arrival: { id, checkpoint: name, workflowId, runId, step: info.activityId, attempt: info.attempt } });
  });
}

async function begin(loaded, setup) {
  const project = {
    ...loaded,
    taskQueue: setup.taskQueue,
    staging: setup.stagesInProject === true ? loaded.staging : { root: path.join(setup.folder, 'staging') },
    engine: { ...loaded.engine, memoryLimit: '300MB', threads: 1, spillDirectory: path.join(setup.folder, 'spill') },
    catalog: { path: path.join(setup.folder, 'catalog.db') },
  };
  const worker = await createWorker({
    project,
    address: setup.address,
    checkpoint,
    workflowBundle: { codePath: setup.bundlePath },
    // No run is to wait long for the worker that was killed.
    limits: { stickyQueueScheduleToStartTimeout: '500ms', maxConcurrentActivityTaskExecutions: setup.steps },
  });
  tell({ type: 'polling' });
  process.once('SIGTERM', () => void worker.stop());
  await worker.done;
  process.disconnect();
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
tell({ type: 'loaded' });
