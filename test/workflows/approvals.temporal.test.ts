import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { pauseRun } from '../../src/temporal/steer-run.js';
import { startRun } from '../../src/temporal/start-run.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';
import { openApprovals, WHO, type ApprovalScene, type Handle } from './approval-scene.js';
import { stateOf, stepIs, stepsOf } from './steered-project.js';

let scene: ApprovalScene;

beforeAll(async () => {
  scene = await openApprovals();
});

afterAll(() => scene?.close());

describe('an approval', () => {
  test('waits until as many people as it needs have approved, each of whom counts once', async () => {
    const handle = await scene.waiting({ details: '**12** rows', needed: 2, expires: '2 days' });
    expect(await scene.answer(handle, 'ada', { reason: 'looks right' })).toEqual({
      step: 'approve:publish',
      title: 'Publish?',
      status: 'waiting',
      needed: 2,
      approved: 1,
    });
    await expect(scene.answer(handle, 'ada')).rejects.toMatchObject({
      code: 'APPROVAL_REPEATED',
      message: expect.stringContaining('ada has approved "Publish?" (approve:publish) already') as string,
    });
    expect(await scene.approvalOf(handle)).toMatchObject({ status: 'waiting', answers: [{ by: 'ada', reason: 'looks right' }] });
    expect(await scene.answer(handle, ' bob ')).toMatchObject({ status: 'approved', approved: 2 });
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(await handle.result()).toEqual({
      approvedBy: [
        { by: 'ada', reason: 'looks right', at },
        { by: 'bob', at },
      ],
      expired: false,
    });
    expect(await scene.approvalOf(handle)).toMatchObject({ status: 'approved', details: '**12** rows', needed: 2 });
    expect(await stepsOf(handle)).toEqual(['approve:publish done']);
  });

  test('is told of wherever one looks, and holds no activity while it waits', async () => {
    const handle = await scene.waiting({ details: '**12** rows', needed: 2, roles: ['finance'], expires: '2 days' });
    expect((await stateOf(handle)).approvals).toMatchObject([
      { step: 'approve:publish', title: 'Publish?', needed: 2, roles: ['finance'], approvedBy: [] },
    ]);
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('- **approve:publish** Publish?: 0 of 2, of finance, since ');
    expect(currentDetails).toContain('**12** rows');
    const description = await handle.describe();
    expect(description.raw.pendingActivities ?? []).toEqual([]);
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(false);
    const alert = await scene.catalog.findAlert(
      `approval waiting ${handle.workflowId}@${handle.firstExecutionRunId} approve:publish`,
    );
    expect(alert).toMatchObject({ kind: 'approval', title: 'asks waits for approval: Publish?' });
    expect(alert?.text).toContain('waits until 2 people of finance have approved: Publish?\n\n**12** rows');
    expect(alert?.text).toContain(`millrace approve ${handle.workflowId} approve:publish`);
    const listed = await scene.catalog.listApprovals({ status: 'waiting', run: { workflowId: handle.workflowId }, limit: 10 });
    expect(listed).toMatchObject([{ step: 'approve:publish', since: alert?.at }]);
    await cancelRun(scene.temporal, handle);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await stepsOf(handle)).toEqual(['approve:publish cancelled']);
    expect(await scene.approvalOf(handle)).toMatchObject({ status: 'ended' });
    expect(await scene.catalog.listApprovals({ status: 'waiting', run: { workflowId: handle.workflowId }, limit: 10 })).toEqual(
      [],
    );
  });

  test('ends with the first who rejects it, also when they had approved before', async () => {
    const handle = await scene.waiting({ needed: 3 });
    await scene.answer(handle, 'ada');
    expect(await scene.answer(handle, 'ada', { verdict: 'reject', reason: 'January is missing' })).toMatchObject({
      status: 'rejected',
    });
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'APPROVAL_REJECTED',
        message:
          'Step approve:publish failed: ada rejected "Publish?" (approve:publish): January is missing. [APPROVAL_REJECTED]',
      },
    });
    expect(await scene.approvalOf(handle)).toMatchObject({ status: 'rejected', answers: [{ verdict: 'reject', by: 'ada' }] });
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    expect(await scene.catalog.listSteps(run.workflowId, run.runId)).toMatchObject([
      { step: 'approve:publish', kind: 'approve', status: 'failed', error: { code: 'APPROVAL_REJECTED' } },
    ]);
  });

  test('fails when its time is over, or counts as approved where the pipeline says so', async () => {
    const [failing, passing] = await Promise.all([
      scene.worker.start('asks', [{ title: 'Publish?', expires: 1_000 }]),
      scene.worker.start('asks', [{ title: 'Publish?', expires: '1 second', onExpiry: 'approve' }]),
    ]);
    await expect(failing.result()).rejects.toMatchObject({
      cause: {
        type: 'APPROVAL_EXPIRED',
        message: expect.stringMatching(/was to be approved until .*, by 1; 0 had by then/) as string,
      },
    });
    expect(await passing.result()).toEqual({ approvedBy: [], expired: true });
    for (const handle of [failing, passing]) {
      expect(await scene.approvalOf(handle)).toMatchObject({ status: 'expired' });
      const key = `approval expired ${handle.workflowId}@${handle.firstExecutionRunId} approve:publish`;
      expect(await scene.catalog.findAlert(key)).toMatchObject({ title: 'asks: nobody approved in time: Publish?' });
    }
  });

  test('is given by hand, with the temporal program, and while its run is paused', async () => {
    const handle = await scene.waiting({});
    await pauseRun(scene.temporal, handle, { by: 'ada', ...WHO });
    const cli = promisify(execFile);
    const input = JSON.stringify({ step: 'publish', by: 'carl' });
    const address = await temporalAddress();
    await cli(await temporalCli(), [
      'workflow',
      'update',
      'execute',
      '--address',
      address,
      '--workflow-id',
      handle.workflowId,
      '--name',
      'approve',
      '--input',
      input,
    ]);
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'carl' }] });
  });

  test('may not be given by whoever started the run, where four eyes are asked for', async () => {
    const params = { title: 'Publish?', fourEyes: true };
    const { workflowId } = await startRun(scene.temporal, {
      pipeline: 'asks',
      params,
      taskQueue: scene.worker.taskQueue,
      by: 'ada',
    });
    const handle = scene.worker.client.workflow.getHandle(workflowId) as Handle;
    await stepIs(handle, 'approve:publish', 'waiting');
    await expect(scene.answer(handle, 'ada')).rejects.toMatchObject({
      code: 'APPROVAL_FORBIDDEN',
      message: 'ada started this run, and "Publish?" (approve:publish) needs somebody else.',
    });
    await scene.answer(handle, 'bob');
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'bob' }] });
  });
});

describe('an answer is refused', () => {
  test('that is malformed, or about something that the run does not ask', async () => {
    const handle = await scene.waiting({ roles: ['finance', 'admin'] });
    await expect(scene.answer(handle, 'ada', { step: 'publsih' })).rejects.toMatchObject({
      code: 'APPROVAL_UNKNOWN',
      message: 'The run has no approval "publsih". It has: approve:publish.',
    });
    await expect(scene.answer(handle, '')).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await expect(scene.answer(handle, 'ada', { step: '' })).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await expect(scene.answer(handle, 'ada', { verdict: 'reject' })).rejects.toMatchObject({
      code: 'STEERING_INVALID',
      message: expect.stringContaining('to reject needs a `reason`') as string,
    });
    await expect(scene.answer(handle, 'ada')).rejects.toMatchObject({ code: 'APPROVAL_FORBIDDEN' });
    await expect(scene.answer(handle, 'ada', { role: 'sales' })).rejects.toMatchObject({
      code: 'APPROVAL_FORBIDDEN',
      message: '"Publish?" (approve:publish) is for finance, admin to answer. "sales" is none of them.',
    });
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
    await scene.answer(handle, 'ada', { role: 'finance' });
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'ada', role: 'finance' }] });
    await expect(scene.answer(handle, 'bob', { role: 'finance' })).rejects.toMatchObject({ code: 'RUN_CLOSED' });
  });

  test('about an approval that has its outcome, naming it', async () => {
    const [handle] = [
      await scene.worker.start('askThenLoad', [{ path: 'orders.csv', into: `${randomUUID()}.csv`, question: 'Go on?' }]),
    ];
    await stepIs(handle, 'approve:publish', 'waiting');
    await pauseRun(scene.temporal, handle, { by: 'ada', ...WHO });
    await scene.answer(handle, 'bob');
    await stepIs(handle, 'validate:orders', 'held');
    await expect(scene.answer(handle, 'carl')).rejects.toMatchObject({
      code: 'APPROVAL_CLOSED',
      message: expect.stringMatching(/^"Go on\?" \(approve:publish\) was approved by bob at /) as string,
    });
    await cancelRun(scene.temporal, handle);
    await handle.result().catch(() => undefined);
  });
});

test('two approvals of one name are an error of the pipeline, as two steps are', async () => {
  const handle = await scene.worker.start('misasks', [{}]);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'STEP_DUPLICATE', message: expect.stringContaining('already has a step approve:go-on') as string },
  });
});

test('a question that cannot be asked is told at once', async () => {
  const handle = await scene.worker.start('asks', [{ title: 'Publish?', needed: 0 }]);
  await expect(handle.result()).rejects.toMatchObject({
    cause: {
      type: 'OPTION_INVALID',
      message: expect.stringContaining('`needed` has to be a number of people from 1 to 20') as string,
    },
  });
});
