import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerApproval } from '../../src/temporal/answer-approval.js';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import { until } from '../support/until.js';
import { openApprovals, WHO, type ApprovalScene, type Handle } from './approval-scene.js';
import { stepIs, stepsOf } from './steered-project.js';

let scene: ApprovalScene;

beforeAll(async () => {
  scene = await openApprovals();
});

afterAll(() => scene?.close());

describe('a retry', () => {
  /** A run whose load fails, after `question` was approved: it loads what is not there. */
  async function failed(question: string): Promise<Handle> {
    const handle = await scene.worker.start('askThenLoad', [{ path: 'orders.csv', into: '../outside.csv', question }]);
    await stepIs(handle, 'approve:publish', 'waiting');
    await scene.answer(handle, 'ada', { reason: 'fine' });
    await handle.result().catch(() => undefined);
    return handle;
  }
  function again(handle: Handle, control: object = {}, params: object = {}): Promise<Handle> {
    const retryOf = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const given = { path: 'orders.csv', into: '../outside.csv', question: 'Go on?', ...params };
    return scene.worker.start('askThenLoad', [given, { retryOf, ...control }]);
  }

  test('takes over what was approved, while what it does is the same', async () => {
    const first = await failed('Go on?');
    const second = await again(first);
    await second.result().catch(() => undefined);
    expect(await stepsOf(second)).toContain('approve:publish reused');
    expect(await scene.approvalOf(second)).toMatchObject({
      status: 'approved',
      answers: [{ by: 'ada', reason: 'fine' }],
      takenFrom: { workflowId: first.workflowId, runId: first.firstExecutionRunId },
    });
  });

  test('asks anew with other parameters, and from a step before the answer', async () => {
    const first = await failed('Go on?');
    const [other, earlier] = await Promise.all([
      again(first, {}, { question: 'Go on, really?' }),
      again(first, { from: 'extract:orders' }),
    ]);
    for (const handle of [other, earlier]) {
      await stepIs(handle, 'approve:publish', 'waiting');
      expect(await stepsOf(handle)).toContain('approve:publish waiting');
      await cancelRun(scene.temporal, handle);
      await handle.result().catch(() => undefined);
    }
  });
});

test('a run that is reset while it waits goes on waiting, and the catalog knows of which run', async () => {
  const handle = await scene.waiting({ needed: 2 });
  await scene.answer(handle, 'ada');
  const { events } = await handle.fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await scene.worker.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(-1)?.eventId ?? null,
  });
  await scene.known(handle, runId);
  await until(
    async () =>
      (await scene.catalog.findApproval({ workflowId: handle.workflowId, runId }, 'approve:publish'))?.answers.length === 1,
    () => 'the answer is not known',
  );
  const latest = scene.worker.client.workflow.getHandle(handle.workflowId, runId);
  await answerApproval(
    scene.temporal,
    { workflowId: handle.workflowId, runId },
    { ...WHO, verdict: 'approve', step: 'publish', by: 'bob' },
  );
  expect(await latest.result()).toMatchObject({ approvedBy: [{ by: 'ada' }, { by: 'bob' }] });
});
