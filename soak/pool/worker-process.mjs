// A worker in a process of its own, from the built code. Each attempt of a step says when it begins and when it ends, in a file
// that all processes append to: at a time that is the same for all of them. The messages are those of
// test/support/crashing-worker.ts.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { loadProject } from '../../dist/src/config/load.js';
import { createWorker } from '../../dist/src/worker/worker.js';
import { obey } from '../../test/support/told-worker.mjs';

/** How long a step works, and how long it takes to stop once it is told to: as a query that is interrupted does. */
const WORK_MS = [100, 500];
const STOP_MS = 300;
const journal = process.env.SOAK_JOURNAL;

function note(entry) {
  const at = Number(process.hrtime.bigint() / 1000n) / 1000;
  appendFileSync(journal, `${JSON.stringify({ at, pid: process.pid, ...entry })}\n`);
}

async function checkpoint(name) {
  if (name !== 'extract.reading') return;
  const { info, cancellationSignal } = Context.current();
  const { workflowId, runId } = info.workflowExecution;
  const id = randomUUID();
  note({ what: 'begin', id, workflowId, runId, attempt: info.attempt });
  const [least, most] = WORK_MS;
  await sleep(least + Math.random() * (most - least), undefined, { signal: cancellationSignal }).catch(() => sleep(STOP_MS));
  note({ what: 'end', id });
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
    checkpoint,
    workflowBundle: { codePath: bundlePath },
    // No run is to wait long for the worker that was killed.
    limits: { stickyQueueScheduleToStartTimeout: '500ms', maxConcurrentActivityTaskExecutions: steps },
  });
  process.send?.({ type: 'polling' });
  await worker.done;
}

obey(begin);
