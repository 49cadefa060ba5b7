import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject } from '../../src/config/load.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { decideStep, pauseRun, resumeRun } from '../../src/temporal/steer-run.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type Arrival, type CrashingWorker } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { OTHERS, stateOf, STEERED, stepIs } from './steered-project.js';

/** PENDING_ACTIVITY_STATE_CANCEL_REQUESTED. */
const CANCEL_REQUESTED = 3;
const ADA = { by: 'ada', timeoutMs: 30_000 };
const taskQueue = `survives-${randomBytes(5).toString('hex')}`;
const lake = lastingFolder();
const folder = lastingFolder();
const arrivals: Arrival[] = [];
let temporal: TemporalClient;
let catalog: Catalog;
let first: CrashingWorker;
let second: CrashingWorker;
let paused: WorkflowHandle;
let waiting: WorkflowHandle;
let cancelled: WorkflowHandle;

/** A worker whose extracts of the paused run's file wait, while `holding`. */
function spawn(holding: boolean): CrashingWorker {
  return spawnCrashingWorker(STEERED, { STEERED_LAKE: lake }, (arrival) => {
    const held = holding && arrival.checkpoint === 'extract.reading' && arrival.step === 'extract:orders';
    if (held) arrivals.push(arrival);
    return held;
  });
}

async function start(pipeline: string, params: unknown): Promise<WorkflowHandle> {
  const workflowId = `${pipeline}-${randomUUID()}`;
  await temporal.client.workflow.start(pipeline, { taskQueue, workflowId, args: [params] });
  return temporal.client.workflow.getHandle(workflowId);
}

// One run is paused while its step is at work, one is cancelled, another waits for a decision; then the worker is killed, and
// another begins.
beforeAll(async () => {
  const address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  process.env['STEERED_LAKE'] = lake;
  await writeOrders(lake, 'others.csv', OTHERS);
  await writeOrders(lake, 'slow.csv', OTHERS);
  await mkdir(path.join(folder, 'staging'), { recursive: true });
  const { code } = await bundleProject(await loadProject(STEERED));
  const bundlePath = path.join(folder, 'bundle.js');
  await writeFile(bundlePath, code);
  const setup = { address, taskQueue, bundlePath, folder, steps: 3 };
  [first, second] = [spawn(true), spawn(false)];
  await first.begin(setup);
  catalog = await openCatalog({ path: path.join(folder, 'catalog.db') });
  paused = await start('plain', { path: 'slow.csv', into: 'loaded.csv' });
  cancelled = await start('plain', { path: 'slow.csv', into: 'never.csv' });
  waiting = await start('careful', { path: 'late.csv', into: 'late-totals.csv' });
  await until(
    () => arrivals.length > 1,
    () => `of the extracts ${arrivals.length} have begun`,
  );
  await pauseRun(temporal, paused, ADA);
  await cancelled.cancel();
  await until(
    async () => Number((await cancelled.describe()).raw.pendingActivities?.[0]?.state) === CANCEL_REQUESTED,
    () => 'the extract has not been cancelled',
  );
  await stepIs(waiting, 'extract:orders', 'waiting');
  await first.kill();
  await second.begin(setup);
});

afterAll(async () => {
  await first?.kill();
  await second?.kill();
  await catalog?.close();
  await temporal?.close();
});

/** Resets the latest execution of a run to its last finished workflow task, or its first one. Gives the new run id. */
async function reset(handle: WorkflowHandle, to: 'first' | 'last'): Promise<string> {
  const { runId } = await handle.describe();
  const { events = [] } = await temporal.client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const answer = await temporal.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(to === 'first' ? 0 : -1)?.eventId,
  });
  return answer.runId;
}

test('a run that was paused when its worker was killed is paused with the next one, and goes on once it is resumed', async () => {
  // The step that was at work when the worker died is done again: it had begun before the pause.
  await stepIs(paused, 'validate:orders', 'held');
  expect(await stateOf(paused)).toMatchObject({ paused: { by: 'ada' } });
  await resumeRun(temporal, paused, ADA);
  expect(await paused.result()).toMatchObject({ rows: OTHERS });
});

test('a run whose worker was killed before it had heard of the cancellation is cancelled all the same', async () => {
  await expect(cancelled.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await stepIs(cancelled, 'extract:orders', 'cancelled');
  const { workflowId } = cancelled;
  await expect.poll(() => catalog.findRun(workflowId), { timeout: 20_000 }).toMatchObject({ status: 'cancelled' });
});

test('a step that waited when its worker was killed waits still, and takes its decision', async () => {
  await stepIs(waiting, 'extract:orders', 'waiting');
  const decision = { ...ADA, step: 'extract:orders', decision: 'retry' } as const;
  expect(await decideStep(temporal, waiting, decision)).toMatchObject({ waiting: [] });
  await stepIs(waiting, 'extract:orders', 'waiting');
});

test('a reset of a run that is paused leaves it paused, with what was done to it before', async () => {
  await pauseRun(temporal, waiting, { ...ADA, reason: 'reset me' });
  const runId = await reset(waiting, 'last');
  expect((await waiting.describe()).runId).toBe(runId);
  await until(
    async () => (await stateOf(waiting)).decisions?.length === 2,
    () => 'the decisions are not there',
  );
  expect(await stateOf(waiting)).toMatchObject({
    paused: { by: 'ada', reason: 'reset me' },
    decisions: [
      { number: 1, action: 'retry' },
      { number: 2, action: 'pause' },
    ],
  });
  await stepIs(waiting, 'extract:orders', 'waiting');
});

test('a reset to before all that was done has it done again, and does no harm', async () => {
  await resumeRun(temporal, waiting, ADA);
  await writeOrders(lake, 'late.csv', 8);
  await decideStep(temporal, waiting, { ...ADA, step: 'extract:orders', decision: 'retry' });
  expect(await waiting.result()).toMatchObject({ rows: 7, others: OTHERS });
  const runId = await reset(waiting, 'first');
  // Temporal sends the updates again: the pause, its end, and decisions that have nothing to be about any more.
  expect(await waiting.result()).toMatchObject({ rows: 7, others: OTHERS });
  expect((await waiting.describe()).runId).toBe(runId);
  const decisions = await catalog.listDecisions(waiting.workflowId, runId);
  expect(decisions.map(({ number, action }) => `${number} ${action}`)).toEqual(['1 pause', '2 resume']);
});
