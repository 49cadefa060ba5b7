import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { describeRun, outcomeOf } from '../../src/temporal/describe-run.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import { startRun } from '../../src/temporal/start-run.js';
import { hasWorker } from '../../src/temporal/has-worker.js';
import { temporalAddress } from '../support/temporal.js';

const taskQueue = `client-${randomUUID()}`;
let temporal: TemporalClient;
let native: NativeConnection;
let worker: Worker;
let working: Promise<void>;

async function load(): Promise<void> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat({ phase: 'loading', rows: 42 }), 100);
  await context.cancelled.finally(() => clearInterval(beat));
}

beforeAll(async () => {
  const address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  native = await NativeConnection.connect({ address });
  const workflowsPath = fileURLToPath(new URL('throwaway-workflows.ts', import.meta.url));
  const throttle = { maxHeartbeatThrottleInterval: '200ms', defaultHeartbeatThrottleInterval: '200ms' } as const;
  worker = await Worker.create({ connection: native, taskQueue, workflowsPath, activities: { load }, ...throttle });
  working = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await working;
  await native.close();
  await temporal.close();
});

function start(pipeline: string, more: Partial<Parameters<typeof startRun>[1]> = {}) {
  return startRun(temporal, { pipeline, params: {}, taskQueue, workflowId: `${pipeline}-${randomUUID()}`, ...more });
}

describe('a start', () => {
  test('passes the parameters, and the control argument only when there is one', async () => {
    const plain = await start('echo', { params: { month: '2001-01' } });
    expect(await outcomeOf(temporal, plain)).toEqual({ ok: true, result: [{ month: '2001-01' }] });
    const control = { retryOf: { workflowId: 'w', runId: 'r' }, from: 'load:delays' };
    const retry = await start('echo', { params: { month: '2001-01' }, control });
    expect(await outcomeOf(temporal, retry)).toEqual({ ok: true, result: [{ month: '2001-01' }, control] });
  });

  test('under the id of a running run is refused and names it', async () => {
    const first = await start('wait');
    await expect(start('wait', { workflowId: first.workflowId })).rejects.toMatchObject({
      code: 'RUN_ALREADY_RUNNING',
      message: expect.stringContaining(first.workflowId) as string,
    });
    await temporal.client.workflow.getHandle(first.workflowId).signal('go');
  });

  test('under the id of a closed run makes another execution of it', async () => {
    const first = await start('echo');
    await outcomeOf(temporal, first);
    const second = await start('echo', { workflowId: first.workflowId });
    expect(second.runId).not.toBe(first.runId);
    expect(await describeRun(temporal, { workflowId: first.workflowId })).toMatchObject({ runId: second.runId });
  });
});

describe('a run is described', () => {
  test('as running, and by how it ended', async () => {
    const run = await start('wait');
    expect(await describeRun(temporal, run)).toMatchObject({ state: 'running', pipeline: 'wait', closedAt: null });
    await temporal.client.workflow.getHandle(run.workflowId).signal('go');
    expect(await outcomeOf(temporal, run)).toEqual({ ok: true, result: 'gone' });
    expect(await describeRun(temporal, run)).toMatchObject({ state: 'completed' });
  });

  test('with the rows of a pending step from its heartbeat, and as cancelled', async () => {
    const run = await start('work');
    let description = await describeRun(temporal, run);
    while (!description.pending[0]?.progress) description = await describeRun(temporal, run);
    expect(description.pending).toMatchObject([
      { step: 'load:delays', state: 'running', attempt: 1, progress: { phase: 'loading', rows: 42 } },
    ]);
    expect((await cancelRun(temporal, run)).state).toBe('running');
    expect(await outcomeOf(temporal, run)).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    expect((await cancelRun(temporal, run)).state).toBe('cancelled');
  });

  test('with its failure as code and message', async () => {
    const run = await start('refuse');
    expect(await outcomeOf(temporal, run)).toMatchObject({
      ok: false,
      error: { code: 'TABLE_MISSING', message: 'Table "delays" does not exist.' },
    });
    expect(await describeRun(temporal, run)).toMatchObject({ state: 'failed' });
  });

  test('as terminated, also without a worker', async () => {
    const run = await start('wait', { taskQueue: `nobody-${randomUUID()}` });
    await temporal.client.workflow.getHandle(run.workflowId).terminate('the wrong month');
    expect(await describeRun(temporal, run)).toMatchObject({ state: 'terminated' });
    expect(await outcomeOf(temporal, run)).toMatchObject({
      error: { code: 'RUN_TERMINATED', message: 'The run was terminated: the wrong month' },
    });
  });

  test('never when nobody knows it', async () => {
    await expect(describeRun(temporal, { workflowId: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(cancelRun(temporal, { workflowId: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });
});

test('a task queue has a worker or has none', async () => {
  expect(await hasWorker(temporal, taskQueue)).toBe(true);
  expect(await hasWorker(temporal, `nobody-${randomUUID()}`)).toBe(false);
});

test('search attributes are there after they were asked for twice', async () => {
  await ensureSearchAttributes(temporal);
  expect(await ensureSearchAttributes(temporal)).toEqual({ present: ['MillracePipeline', 'MillracePartition', 'MillraceOwner'] });
});
