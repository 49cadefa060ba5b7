import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { pauseRun, resumeRun } from '../../src/temporal/steer-run.js';
import { openSteered, OTHERS, stateOf, stepIs, stepsOf, type Steered } from './steered-project.js';

let steered: Steered;
const ADA = { by: 'ada', timeoutMs: 30_000 };

beforeAll(async () => {
  steered = await openSteered();
});

afterAll(() => steered?.close());

/** A run of `plain` whose extract is at work until `open` is called. */
async function runAtWork() {
  const gate = steered.closeAt('extract.reading');
  const path = await steered.freshFile();
  const handle = await steered.worker.start('plain', [{ path, into: `loaded-${path}` }]);
  await gate.arrived();
  return { handle, gate };
}

/** A run of `plain` that was paused while its extract was at work. */
async function pausedRun(reason?: string) {
  const { handle, gate } = await runAtWork();
  const answer = await pauseRun(steered.temporal, handle, { ...ADA, ...(reason !== undefined && { reason }) });
  gate.open();
  return { handle, answer };
}

test('a paused run lets steps at work finish and starts no other, until it is resumed', async () => {
  const { handle, answer } = await pausedRun('the file looks odd');
  expect(answer).toMatchObject({ paused: { by: 'ada', reason: 'the file looks odd' }, waiting: [] });
  await stepIs(handle, 'validate:orders', 'held');
  expect(await stepsOf(handle)).toEqual(['extract:orders done', 'validate:orders held']);
  expect(await stateOf(handle)).toMatchObject({ status: 'running', paused: answer.paused });
  const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain(`**Paused** since ${answer.paused?.since} by ada: the file looks odd`);
  expect(await steered.catalog.findRun(handle.workflowId)).toMatchObject({ status: 'running', paused: answer.paused });

  expect(await resumeRun(steered.temporal, handle, { by: 'bob', timeoutMs: 30_000 })).toMatchObject({ waiting: [] });
  expect(await handle.result()).toMatchObject({ rows: OTHERS });
  expect((await stateOf(handle)).paused).toBeUndefined();
  expect(await steered.catalog.findRun(handle.workflowId)).toMatchObject({ status: 'completed', paused: null });
  expect(await steered.catalog.listDecisions(handle.workflowId, handle.firstExecutionRunId)).toMatchObject([
    { number: 1, action: 'pause', by: 'ada', reason: 'the file looks odd' },
    { number: 2, action: 'resume', by: 'bob' },
  ]);
});

test('pausing what is paused and resuming what is not are refused, and leave nothing in the history', async () => {
  const { handle } = await pausedRun();
  await stepIs(handle, 'validate:orders', 'held');
  const { historyLength } = await handle.describe();
  await expect(pauseRun(steered.temporal, handle, ADA)).rejects.toMatchObject({
    code: 'RUN_NOT_PAUSABLE',
    message: expect.stringMatching(/paused already, by ada since 20/) as string,
  });
  expect((await handle.describe()).historyLength).toBe(historyLength);
  await resumeRun(steered.temporal, handle, ADA);
  await handle.result();
  await expect(resumeRun(steered.temporal, handle, ADA)).rejects.toMatchObject({ code: 'RUN_CLOSED' });

  const { handle: other, gate } = await runAtWork();
  await expect(resumeRun(steered.temporal, other, ADA)).rejects.toMatchObject({ code: 'RUN_NOT_PAUSED' });
  gate.open();
  await other.result();
});

test.each([
  ['nobody', { by: '  ' }, /`by` has to say who asks for it/],
  ['a name that is too long', { by: 'a'.repeat(201) }, /201 characters, and may have 200/],
  ['a reason that is too long', { by: 'ada', reason: 'a'.repeat(1001) }, /1001 characters/],
])('a pause by %s is refused', async (_, request, message) => {
  const { handle } = await pausedRun();
  await expect(pauseRun(steered.temporal, handle, { ...ADA, ...request })).rejects.toMatchObject({
    code: 'STEERING_INVALID',
    message: expect.stringMatching(message) as string,
  });
  await handle.terminate();
});

test('an update that is no object is refused, whoever sends it', async () => {
  const { handle } = await pausedRun();
  for (const args of [['now'], [null], []]) {
    await expect(handle.executeUpdate('resume', { args: args as [unknown] })).rejects.toMatchObject({
      cause: { type: 'STEERING_INVALID', message: expect.stringContaining('has to be an object') as string },
    });
  }
  await handle.terminate();
});

test('a paused run can be cancelled, and then not be paused again', async () => {
  const { handle } = await pausedRun();
  await stepIs(handle, 'validate:orders', 'held');
  await cancelRun(steered.temporal, handle);
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(await stepsOf(handle)).toEqual(['extract:orders done', 'validate:orders cancelled']);
  expect(await steered.catalog.findRun(handle.workflowId)).toMatchObject({ status: 'cancelled', paused: null });
  await expect(pauseRun(steered.temporal, handle, ADA)).rejects.toMatchObject({ code: 'RUN_CLOSED' });
});

test('a run that is paused before it is admitted starts none of its steps', async () => {
  const handle = await steered.worker.client.workflow.start('plain', {
    taskQueue: steered.worker.taskQueue,
    workflowId: `plain-${randomUUID()}`,
    args: [{ path: 'others.csv', into: 'early.csv' }],
    startDelay: '1 minute',
  });
  // The update is the first thing that the run gets: it ends the delay.
  await handle.executeUpdate('pause', { args: [{ by: 'ada' }] });
  await stepIs(handle, 'extract:orders', 'held');
  expect(await steered.catalog.findRun(handle.workflowId)).toMatchObject({ paused: { by: 'ada' } });
  await resumeRun(steered.temporal, handle, ADA);
  expect(await handle.result()).toMatchObject({ rows: OTHERS });
});

test('the same request again is the same pause', async () => {
  const { handle: other, gate } = await runAtWork();
  const first = await pauseRun(steered.temporal, other, { ...ADA, requestId: 'r1' });
  expect(await pauseRun(steered.temporal, other, { ...ADA, requestId: 'r1' })).toMatchObject({ paused: first.paused });
  await expect(pauseRun(steered.temporal, other, { ...ADA, by: 'bob', requestId: 'r1' })).rejects.toMatchObject({
    code: 'RUN_NOT_PAUSABLE',
  });
  await resumeRun(steered.temporal, other, { ...ADA, requestId: 'r1' });
  gate.open();
  await other.result();
  expect(await steered.catalog.listDecisions(other.workflowId, other.firstExecutionRunId)).toHaveLength(2);
});
