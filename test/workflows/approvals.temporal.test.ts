import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { answerApproval, type AnswerRequest } from '../../src/temporal/answer-approval.js';
import { cancelRun } from '../../src/temporal/cancel-run.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { pauseRun } from '../../src/temporal/steer-run.js';
import { startRun } from '../../src/temporal/start-run.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';
import { until } from '../support/until.js';
import { stateOf, stepIs, stepsOf } from './steered-project.js';

const APPROVALS = path.resolve(import.meta.dirname, '../fixtures/approvals');
const WHO = { timeoutMs: 30_000 };

let worker: ProjectWorker;
let catalog: Catalog;
let temporal: TemporalClient;
const lake = lastingFolder();

beforeAll(async () => {
  await writeOrders(lake, 'orders.csv', 5);
  worker = await startProjectWorker(APPROVALS, lastingFolder(), { APPROVALS_LAKE: lake });
  catalog = await openCatalog(worker.project.catalog);
  temporal = { client: worker.client, address: await temporalAddress(), namespace: 'default', close: () => Promise.resolve() };
});

afterAll(async () => {
  await worker?.stop();
  await catalog?.close();
});

type Handle = WorkflowHandleWithFirstExecutionRunId;

/** A run that asks, once it waits and the catalog knows. */
async function waiting(question: Readonly<Record<string, unknown>>, step = 'approve:publish'): Promise<Handle> {
  const handle = await worker.start('asks', [{ title: 'Publish?', ...question }]);
  await stepIs(handle, step, 'waiting');
  await known(handle, step);
  return handle;
}

async function known(handle: Handle, step: string, runId = handle.firstExecutionRunId): Promise<void> {
  await until(
    async () => (await catalog.findApproval({ workflowId: handle.workflowId, runId }, step)) !== undefined,
    () => `the catalog does not know of ${step} of ${handle.workflowId}`,
  );
}

function answer(handle: Handle, by: string, given: Partial<AnswerRequest> = {}) {
  return answerApproval(
    temporal,
    { workflowId: handle.workflowId },
    { ...WHO, verdict: 'approve', step: 'publish', by, ...given },
  );
}

function approvalOf({ workflowId, firstExecutionRunId: runId }: Handle, step = 'approve:publish') {
  return catalog.findApproval({ workflowId, runId }, step);
}

describe('an approval', () => {
  test('waits until as many people as it needs have approved, each of whom counts once', async () => {
    const handle = await waiting({ details: '**12** rows', needed: 2, expires: '2 days' });
    expect(await answer(handle, 'ada', { reason: 'looks right' })).toEqual({
      step: 'approve:publish',
      title: 'Publish?',
      status: 'waiting',
      needed: 2,
      approved: 1,
    });
    await expect(answer(handle, 'ada')).rejects.toMatchObject({
      code: 'APPROVAL_REPEATED',
      message: expect.stringContaining('ada has approved "Publish?" (approve:publish) already') as string,
    });
    expect(await approvalOf(handle)).toMatchObject({ status: 'waiting', answers: [{ by: 'ada', reason: 'looks right' }] });
    expect(await answer(handle, ' bob ')).toMatchObject({ status: 'approved', approved: 2 });
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(await handle.result()).toEqual({
      approvedBy: [
        { by: 'ada', reason: 'looks right', at },
        { by: 'bob', at },
      ],
      expired: false,
    });
    expect(await approvalOf(handle)).toMatchObject({ status: 'approved', details: '**12** rows', needed: 2 });
    expect(await stepsOf(handle)).toEqual(['approve:publish done']);
  });

  test('is told of wherever one looks, and holds no activity while it waits', async () => {
    const handle = await waiting({ details: '**12** rows', needed: 2, roles: ['finance'], expires: '2 days' });
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
    const alert = await catalog.findAlert(`approval waiting ${handle.workflowId}@${handle.firstExecutionRunId} approve:publish`);
    expect(alert).toMatchObject({ kind: 'approval', title: 'asks waits for approval: Publish?' });
    expect(alert?.text).toContain('waits until 2 people of finance have approved: Publish?\n\n**12** rows');
    expect(alert?.text).toContain(`millrace approve ${handle.workflowId} approve:publish`);
    const listed = await catalog.listApprovals({ status: 'waiting', run: { workflowId: handle.workflowId }, limit: 10 });
    expect(listed).toMatchObject([{ step: 'approve:publish', since: alert?.at }]);
    await cancelRun(temporal, handle);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await stepsOf(handle)).toEqual(['approve:publish cancelled']);
    expect(await approvalOf(handle)).toMatchObject({ status: 'ended' });
    expect(await catalog.listApprovals({ status: 'waiting', run: { workflowId: handle.workflowId }, limit: 10 })).toEqual([]);
  });

  test('ends with the first who rejects it, also when they had approved before', async () => {
    const handle = await waiting({ needed: 3 });
    await answer(handle, 'ada');
    expect(await answer(handle, 'ada', { verdict: 'reject', reason: 'January is missing' })).toMatchObject({
      status: 'rejected',
    });
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'APPROVAL_REJECTED',
        message:
          'Step approve:publish failed: ada rejected "Publish?" (approve:publish): January is missing. [APPROVAL_REJECTED]',
      },
    });
    expect(await approvalOf(handle)).toMatchObject({ status: 'rejected', answers: [{ verdict: 'reject', by: 'ada' }] });
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    expect(await catalog.listSteps(run.workflowId, run.runId)).toMatchObject([
      { step: 'approve:publish', kind: 'approve', status: 'failed', error: { code: 'APPROVAL_REJECTED' } },
    ]);
  });

  test('fails when its time is over, or counts as approved where the pipeline says so', async () => {
    const [failing, passing] = await Promise.all([
      worker.start('asks', [{ title: 'Publish?', expires: 1_000 }]),
      worker.start('asks', [{ title: 'Publish?', expires: '1 second', onExpiry: 'approve' }]),
    ]);
    await expect(failing.result()).rejects.toMatchObject({
      cause: {
        type: 'APPROVAL_EXPIRED',
        message: expect.stringMatching(/was to be approved until .*, by 1; 0 had by then/) as string,
      },
    });
    expect(await passing.result()).toEqual({ approvedBy: [], expired: true });
    for (const handle of [failing, passing]) {
      expect(await approvalOf(handle)).toMatchObject({ status: 'expired' });
      const key = `approval expired ${handle.workflowId}@${handle.firstExecutionRunId} approve:publish`;
      expect(await catalog.findAlert(key)).toMatchObject({ title: 'asks: nobody approved in time: Publish?' });
    }
  });

  test('is given by hand, with the temporal program, and while its run is paused', async () => {
    const handle = await waiting({});
    await pauseRun(temporal, handle, { by: 'ada', ...WHO });
    const cli = promisify(execFile);
    const input = JSON.stringify({ step: 'publish', by: 'carl' });
    const address = await temporalAddress();
    await cli(await temporalCli(), [
      ...['workflow', 'update', 'execute', '--address', address, '--workflow-id', handle.workflowId],
      ...['--name', 'approve', '--input', input],
    ]);
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'carl' }] });
  });

  test('may not be given by whoever started the run, where four eyes are asked for', async () => {
    const params = { title: 'Publish?', fourEyes: true };
    const { workflowId } = await startRun(temporal, { pipeline: 'asks', params, taskQueue: worker.taskQueue, by: 'ada' });
    const handle = worker.client.workflow.getHandle(workflowId) as Handle;
    await stepIs(handle, 'approve:publish', 'waiting');
    await expect(answer(handle, 'ada')).rejects.toMatchObject({
      code: 'APPROVAL_FORBIDDEN',
      message: 'ada started this run, and "Publish?" (approve:publish) needs somebody else.',
    });
    await answer(handle, 'bob');
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'bob' }] });
  });
});

describe('an answer is refused', () => {
  test('that is malformed, or about something that the run does not ask', async () => {
    const handle = await waiting({ roles: ['finance', 'admin'] });
    await expect(answer(handle, 'ada', { step: 'publsih' })).rejects.toMatchObject({
      code: 'APPROVAL_UNKNOWN',
      message: 'The run has no approval "publsih". It has: approve:publish.',
    });
    await expect(answer(handle, '')).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await expect(answer(handle, 'ada', { step: '' })).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    await expect(answer(handle, 'ada', { verdict: 'reject' })).rejects.toMatchObject({
      code: 'STEERING_INVALID',
      message: expect.stringContaining('to reject needs a `reason`') as string,
    });
    await expect(answer(handle, 'ada')).rejects.toMatchObject({ code: 'APPROVAL_FORBIDDEN' });
    await expect(answer(handle, 'ada', { role: 'sales' })).rejects.toMatchObject({
      code: 'APPROVAL_FORBIDDEN',
      message: '"Publish?" (approve:publish) is for finance, admin to answer. "sales" is none of them.',
    });
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
    await answer(handle, 'ada', { role: 'finance' });
    expect(await handle.result()).toMatchObject({ approvedBy: [{ by: 'ada', role: 'finance' }] });
    await expect(answer(handle, 'bob', { role: 'finance' })).rejects.toMatchObject({ code: 'RUN_CLOSED' });
  });

  test('about an approval that has its outcome, naming it', async () => {
    const [handle] = [
      await worker.start('askThenLoad', [{ path: 'orders.csv', into: `${randomUUID()}.csv`, question: 'Go on?' }]),
    ];
    await stepIs(handle, 'approve:publish', 'waiting');
    await pauseRun(temporal, handle, { by: 'ada', ...WHO });
    await answer(handle, 'bob');
    await stepIs(handle, 'validate:orders', 'held');
    await expect(answer(handle, 'carl')).rejects.toMatchObject({
      code: 'APPROVAL_CLOSED',
      message: expect.stringMatching(/^"Go on\?" \(approve:publish\) was approved by bob at /) as string,
    });
    await cancelRun(temporal, handle);
    await handle.result().catch(() => undefined);
  });
});

test('two approvals of one name are an error of the pipeline, as two steps are', async () => {
  const handle = await worker.start('misasks', [{}]);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'STEP_DUPLICATE', message: expect.stringContaining('already has a step approve:go-on') as string },
  });
});

test('a question that cannot be asked is told at once', async () => {
  const handle = await worker.start('asks', [{ title: 'Publish?', needed: 0 }]);
  await expect(handle.result()).rejects.toMatchObject({
    cause: {
      type: 'OPTION_INVALID',
      message: expect.stringContaining('`needed` has to be a number of people from 1 to 20') as string,
    },
  });
});

describe('a retry', () => {
  /** A run whose load fails, after `question` was approved: it loads what is not there. */
  async function failed(question: string): Promise<Handle> {
    const handle = await worker.start('askThenLoad', [{ path: 'orders.csv', into: '../outside.csv', question }]);
    await stepIs(handle, 'approve:publish', 'waiting');
    await answer(handle, 'ada', { reason: 'fine' });
    await handle.result().catch(() => undefined);
    return handle;
  }
  function again(handle: Handle, control: object = {}, params: object = {}): Promise<Handle> {
    const retryOf = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const given = { path: 'orders.csv', into: '../outside.csv', question: 'Go on?', ...params };
    return worker.start('askThenLoad', [given, { retryOf, ...control }]);
  }

  test('takes over what was approved, while what it does is the same', async () => {
    const first = await failed('Go on?');
    const second = await again(first);
    await second.result().catch(() => undefined);
    expect(await stepsOf(second)).toContain('approve:publish reused');
    expect(await approvalOf(second)).toMatchObject({
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
      await cancelRun(temporal, handle);
      await handle.result().catch(() => undefined);
    }
  });
});

test('a run that is reset while it waits goes on waiting, and the catalog knows of which run', async () => {
  const handle = await waiting({ needed: 2 });
  await answer(handle, 'ada');
  const { events } = await handle.fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await worker.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(-1)?.eventId ?? null,
  });
  await known(handle, 'approve:publish', runId);
  await until(
    async () => (await catalog.findApproval({ workflowId: handle.workflowId, runId }, 'approve:publish'))?.answers.length === 1,
    () => 'the answer is not known',
  );
  const latest = worker.client.workflow.getHandle(handle.workflowId, runId);
  await answerApproval(
    temporal,
    { workflowId: handle.workflowId, runId },
    { ...WHO, verdict: 'approve', step: 'publish', by: 'bob' },
  );
  expect(await latest.result()).toMatchObject({ approvedBy: [{ by: 'ada' }, { by: 'bob' }] });
});
