import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Millrace, type RunDetails, type RunHandle } from '../../src/client/index.js';
import { millrace as command } from '../cli/millrace.js';
import { temporaryFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { until } from '../support/until.js';
import { openSteered, OTHERS, type Steered } from '../workflows/steered-project.js';

let steered: Steered;
let service: ProjectService;
let millrace: Millrace;

beforeAll(async () => {
  steered = await openSteered();
  service = await startProjectService(steered.worker.project);
  millrace = connect({ url: service.url });
});

afterAll(async () => {
  await service?.stop();
  await steered?.close();
});

/** Waits until a run is told as it should be. */
async function told(run: RunHandle, holds: (details: RunDetails) => boolean): Promise<RunDetails> {
  let details: RunDetails | undefined;
  await until(
    async () => holds((details = await run.details())),
    () => `the run is ${JSON.stringify(details)}`,
  );
  return details as RunDetails;
}

/** A run that waits for a decision about its extract, whose file is not there. */
async function waitingRun() {
  const file = `${randomUUID()}.csv`;
  const run = await millrace.runs.start('careful', { path: file, into: `totals-${file}` });
  await told(run, ({ steps }) => steps.some(({ step, status }) => step === 'extract:orders' && status === 'waiting'));
  return run;
}

/** Every action, as somebody asks for it who knows no better. */
function actions(run: RunHandle): readonly (readonly [name: string, () => Promise<unknown>])[] {
  const why = { step: 'extract:orders', reason: 'to see' };
  return [
    ['pause', () => run.pause()],
    ['resume', () => run.resume()],
    ['decide', () => run.decide({ ...why, decision: 'retry' })],
    ['cancel', () => run.cancel()],
    ['terminate', () => run.terminate({ reason: why.reason })],
    ['retry', () => run.retry()],
    ['mark', () => run.mark({ ...why, dataset: `datasets/aa/${'a'.repeat(64)}/manifest.json` })],
  ];
}

async function codesOf(run: RunHandle): Promise<Record<string, unknown>> {
  const codes: Record<string, unknown> = {};
  for (const [name, act] of actions(run)) {
    codes[name] = await act().then(
      () => 'done',
      (error: { readonly code?: unknown }) => error.code,
    );
  }
  return codes;
}

describe('by HTTP', () => {
  test('a run is paused, resumed and decided about, once each, and what does not fit its state is refused', async () => {
    const run = await waitingRun();
    expect(await run.pause({ reason: 'the source is being reloaded' })).toMatchObject({
      workflowId: run.workflowId,
      paused: { reason: 'the source is being reloaded', by: expect.any(String) as string },
      waiting: ['extract:orders'],
    });
    await expect(run.pause()).rejects.toMatchObject({ code: 'RUN_NOT_PAUSABLE' });
    await told(run, ({ paused }) => paused?.reason === 'the source is being reloaded');
    expect(await run.resume()).toMatchObject({ paused: null });
    await expect(run.resume()).rejects.toMatchObject({ code: 'RUN_NOT_PAUSED' });
    await expect(run.decide({ step: 'load:others', decision: 'retry' })).rejects.toMatchObject({ code: 'STEP_NOT_WAITING' });
    await expect(run.decide({ step: 'extract:orders', decision: 'skip' })).rejects.toMatchObject({ code: 'STEERING_INVALID' });
    const skip = { step: 'extract:orders', decision: 'skip', reason: 'no orders on that day', idempotencyKey: 'skip' } as const;
    expect(await run.decide(skip)).toMatchObject({ waiting: [] });
    expect(await run.result()).toEqual({ rows: 0, skipped: 'extract:orders', others: OTHERS });
    expect((await run.details()).decisions).toMatchObject([
      { action: 'pause', reason: 'the source is being reloaded' },
      { action: 'resume' },
      { action: 'skip', step: 'extract:orders', reason: 'no orders on that day' },
    ]);
    const codes = await codesOf(run);
    expect(codes).toMatchObject({ pause: 'RUN_CLOSED', resume: 'RUN_CLOSED', decide: 'RUN_CLOSED', terminate: 'RUN_CLOSED' });
  });

  test('a run is terminated with a reason, which its end tells', async () => {
    const run = await waitingRun();
    await run.terminate({ reason: 'its worker is gone' });
    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_TERMINATED',
      message: expect.stringContaining('its worker is gone') as string,
      details: { status: 'terminated' },
    });
  });

  test('a step that failed counts as done with a dataset of another run', async () => {
    const backup = await writeOrders(steered.lake, `${randomUUID()}.csv`, 3);
    const other = await millrace.runs.start('plain', { path: backup, into: 'backup.csv' });
    await other.result();
    const steps = await steered.catalog.listSteps(other.workflowId, other.runId);
    const made = steps.find(({ step }) => step === 'extract:orders')?.result;
    const dataset = made && 'dataset' in made ? made.dataset.uri : '';
    const run = await millrace.runs.start('plain', { path: `${randomUUID()}.csv`, into: 'marked.csv' });
    await expect(run.result()).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(run.mark({ step: 'nothing', dataset, reason: 'lost' })).rejects.toMatchObject({ code: 'RETRY_INVALID' });
    const marked = await run.mark({ step: 'extract:orders', dataset, reason: 'the source has lost them' });
    expect(await marked.result()).toMatchObject({ rows: 3 });
    expect((await marked.details()).decisions).toMatchObject([{ action: 'mark', dataset, reason: 'the source has lost them' }]);
  });

  test('an unknown run is refused, whatever is asked of it', async () => {
    expect(new Set(Object.values(await codesOf(millrace.runs.handle('nobody'))))).toEqual(new Set(['RUN_UNKNOWN']));
  });

  test('a run whose queue no worker polls is refused at once what only a worker could do, and can be terminated', async () => {
    const workflowId = `lonely-${randomUUID()}`;
    await steered.temporal.client.workflow.start('careful', { workflowId, taskQueue: `none-${workflowId}`, args: [{}] });
    const run = millrace.runs.handle(workflowId);
    for (const ask of [() => run.pause(), () => run.resume(), () => run.decide({ step: 'extract:orders', decision: 'retry' })]) {
      await expect(ask()).rejects.toMatchObject({ code: 'RUN_NO_WORKER' });
    }
    await run.terminate({ reason: 'nobody is there' });
    expect((await run.details()).status).toBe('terminated');
  });
});

test('the commands do the same, in the same words', async () => {
  const run = await waitingRun();
  const type = (...words: string[]) => command([...words, '--service', service.url, '--project', temporaryFolder()]);
  const { workflowId: id } = run;
  expect(await type('pause', id, '--reason', 'a reload')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Run \S+ is paused.*millrace resume \S+\nWaiting for a decision: extract:orders\./) as string,
  });
  expect(await type('pause', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('[RUN_NOT_PAUSABLE]') as string });
  expect(JSON.parse((await type('resume', id, '--json')).stdout)).toMatchObject({ workflowId: id, paused: null });
  expect(await type('decide', id, 'extract:orders', 'abort')).toMatchObject({
    code: 0,
    stdout: `Step extract:orders of run ${id} fails with its own error.\n`,
  });
  await expect(run.result()).rejects.toMatchObject({ code: 'FILE_MISSING' });
  expect(await type('terminate', id, '--reason', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('[RUN_CLOSED]') as string,
  });
  expect((await type('terminate', id)).stderr).toContain('[COMMAND_INVALID]');
  expect(await type('mark', id, 'extract:orders', 'none', '--reason', 'x', '--wait')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[MARK_INVALID]') as string,
  });
});

// The last one: from then on everybody needs a token.
test('whoever may only look is refused every action, and the audit tells of it', async () => {
  const run = await waitingRun();
  const boss = await millrace.tokens.create({ name: 'boss', role: 'admin' });
  const admin = connect({ url: service.url, token: boss.token });
  const { token } = await admin.tokens.create({ name: 'looker', role: 'viewer' });
  const seen = connect({ url: service.url, token }).runs.handle(run.workflowId);
  expect((await seen.details()).status).toBe('running');
  expect(new Set(Object.values(await codesOf(seen)))).toEqual(new Set(['FORBIDDEN']));
  const refused: string[] = [];
  for await (const { actor, operation, outcome } of admin.audit.list()) {
    if (actor === 'looker') refused.push(`${operation} ${outcome}`);
  }
  expect(refused.toSorted((a, b) => a.localeCompare(b))).toEqual(
    ['cancelRun', 'decideStep', 'markStep', 'pauseRun', 'resumeRun', 'retryRun', 'terminateRun'].map((name) => `${name} refused`),
  );
  await admin.runs.handle(run.workflowId).decide({ step: 'extract:orders', decision: 'abort' });
});
