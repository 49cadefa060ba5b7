import path from 'node:path';
import { Context } from '@temporalio/activity';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import type { CheckpointName } from '../../src/connectors/contract.js';
import { createWorker } from '../../src/worker/worker.js';
import type { FromWorker, ToWorker, WorkerSetup } from './crashing-worker.js';

/*
 * A worker in a process of its own, which asks its parent at every checkpoint whether to go on. It says `loaded` when it
 * could begin at once, and `polling` when it has begun.
 */

const waiting = new Map<number, () => void>();
let arrivals = 0;

function tell(message: FromWorker): void {
  process.send?.(message);
}

function checkpoint(name: CheckpointName): Promise<void> {
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

async function begin(loaded: LoadedProject, setup: WorkerSetup): Promise<void> {
  const project: LoadedProject = {
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

const directory = process.argv[2] as string;
const project = await loadProject(directory);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToWorker) => {
  if (message.type === 'go') {
    waiting.get(message.id)?.();
    waiting.delete(message.id);
  } else {
    begin(project, message.setup).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  }
});
tell({ type: 'loaded' });
