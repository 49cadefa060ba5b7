import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { describeRun, outcomeOf } from '../../src/temporal/describe-run.js';
import { startRun, type StartRunInput } from '../../src/temporal/start-run.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { temporalAddress } from '../support/temporal.js';

const taskQueue = `conflicts-${randomUUID()}`;
let temporal: TemporalClient;
let native: NativeConnection;
let worker: Worker;
let working: Promise<void>;

beforeAll(async () => {
  const address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  native = await NativeConnection.connect({ address });
  const workflowsPath = fileURLToPath(new URL('throwaway-workflows.ts', import.meta.url));
  worker = await Worker.create({ connection: native, taskQueue, workflowsPath });
  working = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await working;
  await native.close();
  await temporal.close();
});

function start(pipeline: string, more: Partial<StartRunInput> = {}) {
  return startRun(temporal, { pipeline, params: {}, taskQueue, ...more });
}

const freshId = (): string => `conflict-${randomUUID()}`;
const go = (workflowId: string) => temporal.client.workflow.getHandle(workflowId).signal('go');

describe('while a run of its id is running, a start', () => {
  test('gives that run under `reuse`, and a new one once it has closed', async () => {
    const workflowId = freshId();
    const first = await start('wait', { workflowId, onConflict: 'reuse' });
    expect(first.started).toBe(true);
    expect(await start('wait', { workflowId, onConflict: 'reuse' })).toEqual({ ...first, started: false });
    await go(workflowId);
    await outcomeOf(temporal, first);
    const later = await start('echo', { workflowId, onConflict: 'reuse' });
    expect(later).toMatchObject({ workflowId, started: true });
    expect(later.runId).not.toBe(first.runId);
  });

  test('has it cancelled under `replace`, and takes its place', async () => {
    const workflowId = freshId();
    const first = await start('wait', { workflowId });
    const second = await start('wait', { workflowId, onConflict: 'replace' });
    expect(second.started).toBe(true);
    expect(await describeRun(temporal, first)).toMatchObject({ state: 'cancelled' });
    expect(await describeRun(temporal, { workflowId })).toMatchObject({ runId: second.runId, state: 'running' });
    await go(workflowId);
  });

  test('terminates it under `replace` where it does not stop, as without a worker', async () => {
    const workflowId = freshId();
    const nobody = `nobody-${randomUUID()}`;
    const first = await start('wait', { workflowId, taskQueue: nobody });
    const second = await start('wait', { workflowId, onConflict: 'replace' });
    expect(await describeRun(temporal, first)).toMatchObject({ state: 'terminated' });
    expect(await outcomeOf(temporal, first)).toMatchObject({ ok: false, error: { code: 'RUN_REPLACED' } });
    expect(await describeRun(temporal, { workflowId })).toMatchObject({ runId: second.runId });
    await go(workflowId);
  });

  test.each(['reuse', 'replace'] as const)(
    'leaves what another pipeline runs under that id alone, under `%s`',
    async (onConflict) => {
      const workflowId = freshId();
      const first = await start('wait', { workflowId });
      for (const more of [{}, { idempotencyKey: randomUUID() }]) {
        await expect(start('echo', { workflowId, onConflict, ...more })).rejects.toMatchObject({ code: 'RUN_ALREADY_RUNNING' });
      }
      expect(await describeRun(temporal, { workflowId })).toMatchObject({ runId: first.runId, state: 'running' });
      await go(workflowId);
    },
  );

  test('is refused under `reject`, which is the default', async () => {
    const workflowId = freshId();
    await start('wait', { workflowId });
    await expect(start('wait', { workflowId, onConflict: 'reject' })).rejects.toMatchObject({ code: 'RUN_ALREADY_RUNNING' });
    await expect(start('wait', { workflowId, idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'RUN_ALREADY_RUNNING' });
    await go(workflowId);
  });
});

describe('an idempotency key', () => {
  test('gives one run to twenty who call at once, and to one who calls after it has closed', async () => {
    const idempotencyKey = randomUUID();
    const calls = Array.from({ length: 20 }, () => start('echo', { params: { n: 1 }, idempotencyKey }));
    const runs = await Promise.all(calls);
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
    expect(runs.filter(({ started }) => started)).toHaveLength(1);
    const [first] = runs;
    expect(await outcomeOf(temporal, first as (typeof runs)[number])).toMatchObject({ ok: true });
    expect(await start('echo', { params: { n: 1 }, idempotencyKey })).toEqual({ ...first, started: false });
  });

  test('gives one run of a partition to twenty who call at once, also when it closes at once', async () => {
    const workflowId = freshId();
    const call = { params: { month: '2001-01' }, workflowId, idempotencyKey: randomUUID() };
    const runs = await Promise.all(Array.from({ length: 20 }, () => start('echo', call)));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
    expect(runs.filter(({ started }) => started)).toHaveLength(1);
    await outcomeOf(temporal, runs[0] as (typeof runs)[number]);
    expect(await start('echo', call)).toMatchObject({ runId: runs[0]?.runId, started: false });
    const other = await start('echo', { ...call, idempotencyKey: randomUUID() });
    expect(other.started).toBe(true);
    expect(other.runId).not.toBe(runs[0]?.runId);
  });

  test('finds its run also when another key has started the latest run of the id', async () => {
    const call = { workflowId: freshId(), idempotencyKey: randomUUID() };
    const first = await start('echo', call);
    await outcomeOf(temporal, first);
    const second = await start('echo', { ...call, idempotencyKey: randomUUID() });
    await outcomeOf(temporal, second);
    await expect
      .poll(async () => (await temporal.client.workflow.count(`WorkflowId = '${call.workflowId}'`)).count, { timeout: 30_000 })
      .toBe(2);
    expect(await start('echo', call)).toEqual({ ...first, started: false });
  });

  test('is refused with other parameters than it has started before', async () => {
    const idempotencyKey = randomUUID();
    const first = await start('echo', { params: { a: 1, b: 2 }, idempotencyKey });
    expect(await start('echo', { params: { b: 2, a: 1 }, idempotencyKey })).toMatchObject({ started: false });
    await expect(start('echo', { params: { a: 2, b: 2 }, idempotencyKey })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      message: expect.stringContaining(first.workflowId) as string,
    });
    const workflowId = freshId();
    await start('wait', { workflowId, idempotencyKey, onConflict: 'reuse' });
    await expect(start('wait', { workflowId, idempotencyKey, params: { a: 1 }, onConflict: 'reuse' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    await go(workflowId);
  });

  test('is one of a pipeline: the same key starts another one of its own', async () => {
    const idempotencyKey = randomUUID();
    const echo = await start('echo', { idempotencyKey });
    const wait = await start('wait', { idempotencyKey });
    expect(wait).toMatchObject({ started: true });
    expect(wait.workflowId).not.toBe(echo.workflowId);
    await go(wait.workflowId);
  });
});
