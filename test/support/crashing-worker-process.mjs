import path from 'node:path';
import { isBuilt } from '../../scripts/build-dist.mjs';
import { asking, obey } from './told-worker.mjs';

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

const loaded = await loadProject(process.argv[2]);
const { checkpoint, letGo } = asking();

async function begin(setup) {
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
  process.send?.({ type: 'polling' });
  process.once('SIGTERM', () => void worker.stop());
  await worker.done;
  process.disconnect();
}

obey(begin, letGo);
