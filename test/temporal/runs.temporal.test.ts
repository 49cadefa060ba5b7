import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { describeRun, outcomeOf } from '../../src/temporal/describe-run.js';
import { followRun, type RunSnapshot } from '../../src/temporal/follow-run.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import { startRun } from '../../src/temporal/start-run.js';
import { hasWorker } from '../../src/temporal/task-queue.js';
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

async function snapshots(following: AsyncGenerator<RunSnapshot>): Promise<RunSnapshot[]> {
  const seen: RunSnapshot[] = [];
  for await (const snapshot of following) seen.push(snapshot);
  return seen;
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

describe('following a run', () => {
  test('shows what it says of its steps, then how it ended', async () => {
    const run = await start('wait');
    const following = followRun(temporal, run, { intervalMs: 50 });
    const first = await following.next();
    expect(first.value).toMatchObject({ run: { state: 'running', pipeline: 'wait' }, worker: true, steps: { pipeline: 'wait' } });
    await temporal.client.workflow.getHandle(run.workflowId).signal('go');
    const last = (await snapshots(following)).at(-1);
    expect(last).toMatchObject({ run: { state: 'completed' }, outcome: { ok: true, result: 'gone' } });
  });

  test('shows the rows of a pending step from its heartbeat, and a cancelled run as cancelled', async () => {
    const run = await start('work');
    const following = followRun(temporal, run, { intervalMs: 50 });
    let snapshot = (await following.next()).value as RunSnapshot;
    while (!snapshot.run.pending[0]?.progress) snapshot = (await following.next()).value as RunSnapshot;
    expect(snapshot.run.pending).toMatchObject([
      { step: 'load:delays', state: 'running', attempt: 1, progress: { phase: 'loading', rows: 42 } },
    ]);
    expect((await cancelRun(temporal, run)).state).toBe('running');
    const last = (await snapshots(following)).at(-1);
    expect(last).toMatchObject({ run: { state: 'cancelled' }, outcome: { ok: false, error: { code: 'CANCELLED' } } });
    expect((await cancelRun(temporal, run)).state).toBe('cancelled');
  });

  test('gives a failure as code and message', async () => {
    const run = await start('refuse');
    const last = (await snapshots(followRun(temporal, run, { intervalMs: 50 }))).at(-1);
    expect(last).toMatchObject({
      run: { state: 'failed' },
      outcome: { ok: false, error: { code: 'TABLE_MISSING', message: 'Table "delays" does not exist.' } },
    });
  });

  test('of a run without a worker says so at once, and ends when it is told to', async () => {
    const run = await start('wait', { taskQueue: `nobody-${randomUUID()}` });
    const stop = new AbortController();
    const following = followRun(temporal, run, { signal: stop.signal });
    const before = Date.now();
    expect((await following.next()).value).toMatchObject({ worker: false, run: { state: 'running' } });
    expect(Date.now() - before).toBeLessThan(1000);
    stop.abort();
    expect((await following.next()).done).toBe(true);
    await temporal.client.workflow.getHandle(run.workflowId).terminate('the wrong month');
    expect(await describeRun(temporal, run)).toMatchObject({ state: 'terminated' });
    expect(await outcomeOf(temporal, run)).toMatchObject({
      error: { code: 'RUN_TERMINATED', message: 'The run was terminated: the wrong month' },
    });
  });

  test('of an unknown run is RUN_UNKNOWN', async () => {
    await expect(followRun(temporal, { workflowId: 'nobody' }).next()).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
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
