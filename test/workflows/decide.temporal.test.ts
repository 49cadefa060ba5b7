import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { decideStep, pauseRun, resumeRun, type DecideRequest } from '../../src/temporal/steer-run.js';
import { readRunHistory } from '../../src/temporal/run-history.js';
import { writeOrders } from '../support/orders-file.js';
import { openSteered, OTHERS, stepIs, stepsOf, type Steered } from './steered-project.js';

let steered: Steered;
const ADA = { by: 'ada', timeoutMs: 30_000 };

beforeAll(async () => {
  steered = await openSteered();
});

afterAll(() => steered?.close());

/** A run of `careful` that waits, since its file is not there. */
async function waitingRun() {
  const file = `${randomUUID()}.csv`;
  const handle = await steered.worker.start('careful', [{ path: file, into: `totals-${file}` }]);
  await stepIs(handle, 'extract:orders', 'waiting');
  const decide = (request: Omit<DecideRequest, 'by' | 'step'> & { readonly step?: DecideRequest['step'] }) =>
    decideStep(steered.temporal, handle, { ...ADA, step: 'extract:orders', ...request });
  const address = [handle.workflowId, handle.firstExecutionRunId] as const;
  return { handle, file, decide, address };
}

describe('a step that has failed for good and waits', () => {
  test('holds up no other, and is told of wherever one looks', async () => {
    const { handle, address, decide } = await waitingRun();
    await stepIs(handle, 'load:others', 'done');
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(
      /Waits for a decision \(retry, skip or abort\):\n- \*\*extract:orders\*\* since .*FILE_MISSING/,
    );
    expect(await steered.catalog.findRun(...address)).toMatchObject({
      status: 'running',
      paused: null,
      waiting: [{ step: 'extract:orders', code: 'FILE_MISSING', message: expect.stringContaining('Step extract:orders failed') }],
    });
    await decide({ decision: 'abort' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'FILE_MISSING' } });
  });

  test('is done anew when somebody decides so, as often as it takes, under attempts of its own', async () => {
    const { handle, file, address, decide } = await waitingRun();
    expect(await decide({ decision: 'retry' })).toMatchObject({ waiting: [] });
    await stepIs(handle, 'extract:orders', 'waiting');
    await writeOrders(steered.lake, file, 8);
    await decide({ decision: 'retry', reason: 'the file is there now' });
    expect(await handle.result()).toMatchObject({ rows: 7, skipped: null, others: OTHERS });
    const attempts = await steered.catalog.listAttempts(...address);
    const own = attempts.filter(({ step }) => step === 'extract:orders').map(({ attempt, status }) => [attempt, status]);
    expect(own).toEqual([
      [1, 'failed'],
      [11, 'failed'],
      [21, 'done'],
    ]);
    expect((await steered.catalog.listSteps(...address)).find(({ step }) => step === 'extract:orders')).toMatchObject({
      status: 'done',
      attempts: 3,
    });
    expect(await steered.catalog.listDecisions(...address)).toMatchObject([
      { number: 1, action: 'retry', step: 'extract:orders', by: 'ada' },
      { number: 2, action: 'retry', step: 'extract:orders', by: 'ada', reason: 'the file is there now' },
    ]);
    expect((await steered.catalog.findRun(...address))?.waiting).toEqual([]);
    const [workflowId, runId] = address;
    const told = await readRunHistory(steered.temporal, { workflowId, runId });
    expect(told.decisions.map(({ number, action, by }) => [number, action, by])).toEqual([
      [1, 'retry', 'ada'],
      [2, 'retry', 'ada'],
    ]);
  });

  test('is skipped for a reason, and with it all that is made of it; the rest goes on', async () => {
    const { handle, address, decide } = await waitingRun();
    await decide({ decision: 'skip', reason: 'no orders this month' });
    expect(await handle.result()).toEqual({ rows: 0, skipped: 'extract:orders', others: OTHERS });
    expect((await stepsOf(handle)).toSorted()).toEqual([
      'extract:orders skipped',
      'extract:others done',
      'load:others done',
      'load:totals skipped',
      'transform:totals skipped',
      'validate:orders skipped',
      'validate:others done',
    ]);
    const steps = await steered.catalog.listSteps(...address);
    const skipped = steps.filter(({ status }) => status === 'skipped').map((each) => `${each.step} for ${String(each.skipped)}`);
    expect(skipped.toSorted()).toEqual([
      'extract:orders for extract:orders',
      'load:totals for extract:orders',
      'transform:totals for extract:orders',
      'validate:orders for extract:orders',
    ]);
    const { events } = await handle.fetchHistory();
    const ids = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityId ?? []);
    expect(ids?.toSorted()).toEqual(['extract:orders', 'extract:others', 'validate:others+load:others']);
  });

  test('that is skipped is done by a retry of the run', async () => {
    const { handle, file, decide } = await waitingRun();
    await decide({ decision: 'skip', reason: 'later' });
    await handle.result();
    await writeOrders(steered.lake, file, 8);
    const retryOf = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const again = await steered.worker.start('careful', [{ path: file, into: `totals-${file}` }, { retryOf }], handle.workflowId);
    expect(await again.result()).toMatchObject({ rows: 7, skipped: null });
    expect((await stepsOf(again)).toSorted()).toEqual([
      'extract:orders done',
      'extract:others reused',
      'load:others reused',
      'load:totals done',
      'transform:totals done',
      'validate:orders done',
      'validate:others reused',
    ]);
  });

  test('fails the run with its own error when somebody gives it up', async () => {
    const { handle, address, decide } = await waitingRun();
    await decide({ decision: 'abort', reason: 'hopeless' });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { type: 'FILE_MISSING', message: expect.stringContaining('Step extract:orders failed') as string },
    });
    expect(await stepsOf(handle)).toContain('extract:orders failed');
    expect(await steered.catalog.findRun(...address)).toMatchObject({ status: 'failed', waiting: [] });
  });

  test('ends with the run when that is cancelled', async () => {
    const { handle, address } = await waitingRun();
    await cancelRun(steered.temporal, handle);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await stepsOf(handle)).toContain('extract:orders cancelled');
    expect(await steered.catalog.findRun(...address)).toMatchObject({ status: 'cancelled', waiting: [] });
  });

  test('is done anew only once the run is no longer paused', async () => {
    const { handle, file, decide } = await waitingRun();
    await stepIs(handle, 'load:others', 'done');
    await pauseRun(steered.temporal, handle, ADA);
    await writeOrders(steered.lake, file, 8);
    await decide({ decision: 'retry' });
    await stepIs(handle, 'extract:orders', 'held');
    await resumeRun(steered.temporal, handle, ADA);
    expect(await handle.result()).toMatchObject({ rows: 7 });
  });
});

describe('a decision is refused', () => {
  test('about a step that does not wait, naming those that do', async () => {
    const { handle, decide } = await waitingRun();
    await expect(decide({ step: 'load:totals', decision: 'retry' })).rejects.toMatchObject({
      code: 'STEP_NOT_WAITING',
      message: expect.stringContaining('Steps that do: extract:orders') as string,
    });
    await expect(decide({ decision: 'skip' })).rejects.toMatchObject({
      code: 'STEERING_INVALID',
      message: expect.stringContaining('needs a `reason`') as string,
    });
    await expect(decide({ decision: 'forget' as never })).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await expect(decide({ step: '' as never, decision: 'retry' })).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await decide({ decision: 'abort' });
    await handle.result().catch(() => undefined);
    await expect(decide({ decision: 'retry' })).rejects.toMatchObject({ code: 'RUN_CLOSED' });
  });

  test('when it would skip what decides what the run does', async () => {
    const handle = await steered.worker.start('asking', [{}]);
    await stepIs(handle, 'watermark:nowhere.orders', 'waiting');
    const step = 'watermark:nowhere.orders';
    await expect(
      decideStep(steered.temporal, handle, { ...ADA, step, decision: 'skip', reason: 'why not' }),
    ).rejects.toMatchObject({ code: 'STEP_NOT_SKIPPABLE' });
    await decideStep(steered.temporal, handle, { ...ADA, step, decision: 'abort' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'CONNECTION_REFUSED' } });
  });
});

test('a judgement that waits is apart from its load, which is skipped with it', async () => {
  const file = await writeOrders(steered.lake, 'dirty.csv', 5, ['x,customer-1,1.5,2024-01']);
  const handle = await steered.worker.start('strict', [{ path: file, into: 'judged.csv' }]);
  await stepIs(handle, 'validate:orders', 'waiting');
  await decideStep(steered.temporal, handle, { ...ADA, step: 'validate:orders', decision: 'skip', reason: 'too dirty' });
  expect(await handle.result()).toEqual({ rows: 0, skipped: 'validate:orders' });
  expect(await stepsOf(handle)).toEqual(['extract:orders done', 'validate:orders skipped', 'load:orders skipped']);
});

test('a judgement that is done anew over the same rows by the same contract comes to the same', async () => {
  const file = await writeOrders(steered.lake, 'mended.csv', 5, ['x,customer-1,1.5,2024-01']);
  const handle = await steered.worker.start('strict', [{ path: file, into: 'mended-into.csv' }]);
  await stepIs(handle, 'validate:orders', 'waiting');
  await decideStep(steered.temporal, handle, { ...ADA, step: 'validate:orders', decision: 'retry' });
  await stepIs(handle, 'validate:orders', 'waiting');
  await decideStep(steered.temporal, handle, { ...ADA, step: 'validate:orders', decision: 'abort' });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'CONTRACT_BREACH' } });
});

test('a check that is skipped stops nothing', async () => {
  const handle = await steered.worker.start('checked', [{ path: 'others.csv' }]);
  await stepIs(handle, 'check:few', 'waiting');
  await decideStep(steered.temporal, handle, { ...ADA, step: 'check:few', decision: 'skip', reason: 'known' });
  expect(await handle.result()).toEqual({ passed: 0, skipped: 'check:few', rows: OTHERS });
});

test('a file that changes while a step waits is read as it is by then', async () => {
  const { handle, file, decide } = await waitingRun();
  await writeOrders(steered.lake, file, 3);
  await appendFile(path.join(steered.lake, file), '99,customer-99,1.5,2024-01\n');
  await decide({ decision: 'retry' });
  expect(await handle.result()).toMatchObject({ rows: 4 });
});
