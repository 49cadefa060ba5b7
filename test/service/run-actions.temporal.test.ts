import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operations } from '../../src/api/index.js';
import { startRun } from '../../src/temporal/start-run.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { writeOrders } from '../support/orders-file.js';
import { until } from '../support/until.js';
import { openSteered, OTHERS, stepIs, type Steered } from '../workflows/steered-project.js';

let steered: Steered;
let service: ProjectService;
let ask: Operations;

beforeAll(async () => {
  steered = await openSteered();
  service = await startProjectService(steered.worker.project);
  ask = service.operations;
});

afterAll(async () => {
  await service?.stop();
  await steered?.close();
});

async function start(pipeline: string, path: string): Promise<{ run: string; handle: WorkflowHandle }> {
  const { workflowId } = await ask.startRun({ pipeline, params: { path, into: `${randomUUID()}.csv` } });
  return { run: workflowId, handle: steered.worker.client.workflow.getHandle(workflowId) };
}

test('a run is paused and goes on by HTTP; who did it is shown with the run, and kept in the audit', async () => {
  const gate = steered.closeAt('extract.reading');
  const { run, handle } = await start('plain', await steered.freshFile());
  await gate.arrived();
  const held = await ask.pauseRun({ run, reason: 'the warehouse is being moved' });
  expect(held).toMatchObject({ workflowId: run, paused: { reason: 'the warehouse is being moved' }, waiting: [] });
  gate.open();
  await stepIs(handle, 'extract:orders', 'done');
  await expect(ask.pauseRun({ run })).rejects.toMatchObject({ code: 'RUN_NOT_PAUSABLE' });
  expect(await ask.resumeRun({ run })).toMatchObject({ paused: null });
  await handle.result();
  const shown = await ask.getRun({ run });
  expect(shown).toMatchObject({ status: 'completed', paused: null });
  expect(shown.decisions.map(({ action }) => action)).toEqual(['pause', 'resume']);
  const { items } = await ask.listAudit({ limit: 3 });
  expect(items.map(({ operation, outcome, target }) => [operation, outcome, target])).toEqual([
    ['resumeRun', 'done', run],
    ['pauseRun', 'refused', run],
    ['pauseRun', 'done', run],
  ]);
});

test('a step that waits is done again, or skipped with a reason, as somebody decides', async () => {
  const path = `${randomUUID()}.csv`;
  const again = await start('careful', path);
  const skipped = await start('careful', `${randomUUID()}.csv`);
  for (const { handle } of [again, skipped]) await stepIs(handle, 'extract:orders', 'waiting');
  expect((await ask.getRun({ run: again.run })).steps).toContainEqual(
    expect.objectContaining({ step: 'extract:orders', status: 'waiting' }),
  );
  await writeOrders(steered.lake, path, OTHERS);
  await ask.decideStep({ run: again.run, step: 'extract:orders', decision: 'retry' });
  expect(await again.handle.result()).toMatchObject({ skipped: null });
  const skip = { run: skipped.run, step: 'extract:orders', decision: 'skip' } as const;
  await expect(ask.decideStep(skip)).rejects.toMatchObject({ code: 'STEERING_INVALID' });
  await ask.decideStep({ ...skip, reason: 'none came that day' });
  expect(await skipped.handle.result()).toMatchObject({ others: OTHERS });
});

test('a step of a failed run counts as done with a dataset that another run has staged', async () => {
  const good = await start('plain', await steered.freshFile());
  await good.handle.result();
  const { items } = await ask.listDatasets({ limit: 200 });
  const { steps } = await ask.getRun({ run: good.run });
  expect(steps.map(({ step }) => step)).toContain('extract:orders');
  const [made] = (await steered.catalog.listSteps(good.run, (await ask.getRun({ run: good.run })).runId)).filter(
    ({ step }) => step === 'extract:orders',
  );
  const dataset = made?.result && 'dataset' in made.result ? made.result.dataset.uri : '';
  expect(items.map(({ uri }) => uri)).toContain(dataset);
  const failed = await start('plain', 'missing.csv');
  await expect(failed.handle.result()).rejects.toMatchObject({ cause: { type: 'FILE_MISSING' } });
  const marked = await ask.markStep({ run: failed.run, step: 'extract:orders', dataset, reason: 'the file was mailed' });
  expect(marked).toMatchObject({ workflowId: failed.run, started: true });
  expect(await steered.worker.client.workflow.getHandle(marked.workflowId, marked.runId).result()).toMatchObject({
    rows: OTHERS,
  });
});

describe('refused is', () => {
  test('every action on a run that nobody knows, and on one that has ended', async () => {
    const { run, handle } = await start('plain', await steered.freshFile());
    await handle.result();
    const actions = [
      (at: string) => ask.pauseRun({ run: at }),
      (at: string) => ask.resumeRun({ run: at }),
      (at: string) => ask.terminateRun({ run: at, reason: 'a test' }),
      (at: string) => ask.decideStep({ run: at, step: 'load:x', decision: 'retry' }),
    ];
    for (const act of actions) {
      await expect(act('nobody')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
      await expect(act(run)).rejects.toMatchObject({ code: 'RUN_CLOSED' });
    }
    expect(await ask.cancelRun({ run })).toMatchObject({ requested: false, state: 'completed' });
    await expect(ask.cancelRun({ run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(ask.retryRun({ run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(ask.markStep({ run, step: 'extract:other', dataset: 'x', reason: 'a test' })).rejects.toMatchObject({
      code: 'RETRY_INVALID',
    });
  });

  test('what needs a worker, at once, where there is none; to terminate needs none', async () => {
    const taskQueue = `nobody-${randomUUID()}`;
    const params = { path: 'x', into: 'y' };
    const { workflowId: run } = await startRun(steered.temporal, {
      pipeline: 'plain',
      params,
      taskQueue,
      workflowId: randomUUID(),
    });
    await expect(ask.pauseRun({ run })).rejects.toMatchObject({ code: 'RUN_NO_WORKER' });
    expect(await ask.getRun({ run })).toMatchObject({ status: 'running', worker: false });
    expect(await ask.terminateRun({ run, reason: 'nobody will do it' })).toMatchObject({ workflowId: run });
    await until(
      async () => (await ask.getRun({ run })).status === 'terminated',
      () => `${run} is not shown as terminated`,
    );
  });
});
