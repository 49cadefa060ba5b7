import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { describeRun } from '../../src/temporal/describe-run.js';
import { startRun } from '../../src/temporal/start-run.js';
import { steerBackfill } from '../../src/temporal/steer-backfill.js';
import { decideStep, pauseRun, resumeRun, terminateRun } from '../../src/temporal/steer-run.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const taskQueue = `steer-${randomUUID()}`;
const ADA = { by: 'ada', timeoutMs: 30_000 };
let temporal: TemporalClient;
let native: NativeConnection;
let worker: Worker;
let working: Promise<void>;

beforeAll(async () => {
  const address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  native = await NativeConnection.connect({ address });
  worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('throwaway-workflows.ts', import.meta.url)),
  });
  working = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await working;
  await native.close();
  await temporal.close();
});

function start(pipeline: string, queue = taskQueue) {
  return startRun(temporal, { pipeline, params: {}, taskQueue: queue, workflowId: `${pipeline}-${randomUUID()}` });
}

const actions = [
  ['pause', (run: { workflowId: string }) => pauseRun(temporal, run, ADA)],
  ['resume', (run: { workflowId: string }) => resumeRun(temporal, run, ADA)],
  ['decide', (run: { workflowId: string }) => decideStep(temporal, run, { ...ADA, step: 'load:a', decision: 'retry' })],
  ['terminate', (run: { workflowId: string }) => terminateRun(temporal, run, { by: 'ada', reason: 'wrong month' })],
] as const;

describe.each(actions)('%s', (_, act) => {
  test('of an unknown run and of one that has ended is refused', async () => {
    await expect(act({ workflowId: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    const run = await start('echo');
    await temporal.client.workflow.getHandle(run.workflowId).result();
    await expect(act(run)).rejects.toMatchObject({
      code: 'RUN_CLOSED',
      message: expect.stringMatching(/has ended: it is completed\..*millrace retry/) as string,
    });
  });
});

// What ends a run from outside needs nobody to answer.
describe.each(actions.slice(0, -1))('%s', (_, act) => {
  test('of a run without a worker is refused at once', async () => {
    const run = await start('wait', `nobody-${randomUUID()}`);
    await expect(act(run)).rejects.toMatchObject({
      code: 'RUN_NO_WORKER',
      retryable: true,
      message: expect.stringContaining('No worker polls the task queue "nobody-') as string,
    });
    await terminateRun(temporal, run, { by: 'ada', reason: 'nobody will do it' });
  });

  test('of a workflow that is no pipeline says so', async () => {
    const run = await start('wait');
    await expect(act(run)).rejects.toMatchObject({ code: 'RUN_NOT_STEERABLE' });
    await temporal.client.workflow.getHandle(run.workflowId).signal('go');
  });
});

test('a run that is terminated says by whom and why', async () => {
  const run = await start('wait', `nobody-${randomUUID()}`);
  expect(await terminateRun(temporal, run, { by: ' ada ', reason: 'wrong month' })).toMatchObject({ state: 'running' });
  expect(await describeRun(temporal, run)).toMatchObject({ state: 'terminated' });
  await expect(temporal.client.workflow.getHandle(run.workflowId).result()).rejects.toMatchObject({
    cause: { message: 'wrong month (ada)' },
  });
});

test.each([
  { by: '', reason: 'wrong month' },
  { by: 'ada', reason: '  ' },
])('a run is terminated by somebody and for a reason: %o', async (request) => {
  const run = await start('wait', `nobody-${randomUUID()}`);
  await expect(terminateRun(temporal, run, request)).rejects.toMatchObject({ code: 'STEERING_INVALID' });
  await terminateRun(temporal, run, { by: 'ada', reason: 'done' });
});

test('a run whose worker does not answer in time is told of as one that may still do it', async () => {
  const run = await start('blockedUpdate');
  await expect(pauseRun(temporal, run, { by: 'ada', timeoutMs: 500 })).rejects.toMatchObject({
    code: 'RUN_NOT_ANSWERING',
    retryable: true,
    message: expect.stringContaining('may still happen') as string,
  });
  await terminateRun(temporal, run, { by: 'ada', reason: 'done' });
});

test('a run that is pinned to a version of which no worker is left is refused at once', async () => {
  const deploymentName = `steered-${randomUUID()}`;
  const queue = `pinned-${randomUUID()}`;
  const versioned = await Worker.create({
    connection: native,
    taskQueue: queue,
    workflowsPath: fileURLToPath(new URL('throwaway-workflows.ts', import.meta.url)),
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId: 'two' },
      defaultVersioningBehavior: 'PINNED',
    },
  });
  const done = versioned.run();
  const workflowId = `wait-${randomUUID()}`;
  await temporal.client.workflow.start('wait', {
    taskQueue: queue,
    workflowId,
    versioningOverride: { pinnedTo: { deploymentName, buildId: 'one' } },
  });
  expect(await describeRun(temporal, { workflowId })).toMatchObject({ pinnedTo: { deployment: deploymentName, buildId: 'one' } });
  let code: unknown;
  await until(
    async () => {
      // Until the worker has polled for the first time, there is none at all.
      code = await pauseRun(temporal, { workflowId }, ADA).catch((error: { code?: unknown }) => error.code);
      return code === 'RUN_VERSION_GONE';
    },
    () => `it is ${String(code)}`,
  );
  await terminateRun(temporal, { workflowId }, { by: 'ada', reason: 'done' });
  versioned.shutdown();
  await done;
});

test('what is asked while a run, or a backfill, is being cancelled is refused as of one that ends', async () => {
  const run = await start('cancelledUpdate');
  const message = expect.stringContaining('is being cancelled') as string;
  await expect(pauseRun(temporal, run, ADA)).rejects.toMatchObject({ code: 'RUN_CLOSED', message });
  await expect(steerBackfill(temporal, run.workflowId, 'pause', { by: 'ada' })).rejects.toMatchObject({
    code: 'BACKFILL_CLOSED',
    message,
  });
  await temporal.client.workflow.getHandle(run.workflowId).terminate();
});
