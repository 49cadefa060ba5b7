import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Millrace, type RunHandle } from '../../src/client/index.js';
import { millrace as command } from '../cli/millrace.js';
import { lastingFolder, temporaryFolder } from '../support/folder.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { until } from '../support/until.js';

const APPROVALS = path.resolve(import.meta.dirname, '../fixtures/approvals');

let worker: ProjectWorker;
let service: ProjectService;
let admin: Millrace;
const tokens: Record<string, string> = {};

/** Everybody has a token: the first one closes the service. */
beforeAll(async () => {
  worker = await startProjectWorker(APPROVALS, lastingFolder(), { APPROVALS_LAKE: lastingFolder() });
  service = await startProjectService(worker.project);
  tokens['boss'] = (await connect({ url: service.url }).tokens.create({ name: 'boss', role: 'admin' })).token;
  admin = as('boss');
  const people = [
    { name: 'olga', role: 'operator' },
    { name: 'vera', role: 'viewer' },
    { name: 'fred', role: 'viewer', groups: ['finance'] },
    { name: 'fay', role: 'viewer', groups: ['sales', 'finance'] },
    { name: 'elsewhere', role: 'operator', pipelines: ['askThenLoad'] },
  ] as const;
  for (const { name, ...rest } of people) {
    const given = { name, ...structuredClone(rest) } as Parameters<Millrace['tokens']['create']>[0];
    tokens[name] = (await admin.tokens.create(given)).token;
  }
});

afterAll(async () => {
  await service?.stop();
  await worker?.stop();
});

function as(name: string): Millrace {
  return connect({ url: service.url, token: tokens[name] });
}

/** A run that olga has started, once the service tells that it waits. */
async function waiting(question: object): Promise<RunHandle> {
  const run = await as('olga').runs.start('asks', { title: 'Publish?', ...question });
  await until(
    async () => (await as('vera').approvals.list({ run: run.workflowId })).items.length === 1,
    () => `${run.workflowId} does not wait`,
  );
  return run;
}

function answer(name: string, run: RunHandle, given: object = {}) {
  return as(name)
    .runs.handle(run.workflowId)
    .approve({ step: 'publish', ...given });
}

test('those approve who hold a role that is named, each once, and the run tells who', async () => {
  const run = await waiting({ roles: ['finance'], needed: 2, details: { rows: 12 } });
  for (const name of ['olga', 'vera', 'boss']) {
    await expect(answer(name, run)).rejects.toMatchObject({
      code: 'APPROVAL_FORBIDDEN',
      message: expect.stringContaining(`is for finance to answer, and ${name} holds none of these`) as string,
    });
  }
  await expect(answer('fay', run, { role: 'sales' })).rejects.toMatchObject({ code: 'APPROVAL_FORBIDDEN' });
  await expect(answer('elsewhere', run)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const once = { reason: 'agreed', idempotencyKey: 'fred-1' };
  expect(await answer('fred', run, once)).toMatchObject({ status: 'waiting', approved: 1 });
  expect(await answer('fred', run, once)).toMatchObject({ status: 'waiting', approved: 1 });
  await expect(answer('fred', run)).rejects.toMatchObject({ code: 'APPROVAL_REPEATED' });
  const details = await as('vera').runs.handle(run.workflowId).details();
  expect(details.steps).toMatchObject([
    { step: 'approve:publish', status: 'waiting', note: 'waits for approval (1 of 2 by fred): Publish?' },
  ]);
  // A key that two have made up alike is not one answer.
  expect(await answer('fay', run, { idempotencyKey: 'fred-1' })).toMatchObject({
    status: 'approved',
    approved: 2,
    title: 'Publish?',
  });
  expect(await run.result()).toMatchObject({
    approvedBy: [
      { by: 'fred', reason: 'agreed', role: 'finance' },
      { by: 'fay', role: 'finance' },
    ],
  });
  expect(await as('vera').approvals.get({ run: run.workflowId, step: 'publish' })).toMatchObject({
    status: 'approved',
    details: { rows: 12 },
    needed: 2,
    pipeline: 'asks',
  });
  const shown = await as('vera').runs.handle(run.workflowId).details();
  expect(shown.steps).toMatchObject([{ status: 'done', note: 'approved by fred, fay: Publish?' }]);
});

test('without roles it is for operators, and not for whoever started the run where four eyes are asked for', async () => {
  const run = await waiting({ fourEyes: true });
  await expect(answer('vera', run)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(answer('olga', run)).rejects.toMatchObject({ code: 'APPROVAL_FORBIDDEN' });
  expect(await answer('boss', run)).toMatchObject({ status: 'approved' });
  await expect(answer('boss', run)).rejects.toMatchObject({ code: expect.stringMatching(/^(APPROVAL|RUN)_CLOSED$/) as string });
});

test('events tell that it waits, and the audit of every answer, also of those that were refused', async () => {
  const run = await waiting({});
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of as('vera').runs.handle(run.workflowId).events()) {
      if (event.event === 'step') seen.push(`${event.data.step} ${event.data.status}`);
    }
  })();
  await until(
    () => seen.includes('approve:publish waiting'),
    () => `the events are ${seen.join(', ')}`,
  );
  await expect(answer('vera', run)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const rejected = as('olga').runs.handle(run.workflowId).reject({ step: 'approve:publish', reason: 'not yet' });
  expect(await rejected).toMatchObject({ status: 'rejected' });
  await expect(run.result()).rejects.toMatchObject({
    code: 'APPROVAL_REJECTED',
    message: expect.stringContaining('not yet') as string,
  });
  await watching;
  expect(seen.at(-1)).toBe('approve:publish failed');
  const told: string[] = [];
  for await (const { actor, operation, outcome, target } of admin.audit.list()) {
    if (target === run.workflowId && operation.endsWith('Approval')) told.push(`${actor} ${operation} ${outcome}`);
  }
  expect(told).toEqual(['olga rejectApproval done', 'vera grantApproval refused']);
});

test('the list is of those that wait, and goes on page by page', async () => {
  const runs = await Promise.all([waiting({}), waiting({}), waiting({})]);
  const ids: string[] = [];
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages++) {
    const page = await as('vera').approvals.list({ pipeline: 'asks', limit: 2, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.items.map(({ workflowId }) => workflowId));
    cursor = page.next;
  }
  expect(pages).toBe(2);
  expect(ids.toSorted()).toEqual(runs.map(({ workflowId }) => workflowId).toSorted());
  expect((await as('elsewhere').approvals.list()).items).toEqual([]);
  expect((await as('vera').approvals.list({ status: 'rejected' })).items).toMatchObject([{ answers: [{ reason: 'not yet' }] }]);
  await expect(as('vera').approvals.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  for (const run of runs) await as('olga').runs.handle(run.workflowId).cancel();
});

test('the commands do the same, in the same words', async () => {
  const run = await waiting({ roles: ['finance'], needed: 2 });
  const { workflowId: id } = run;
  const type = (name: string, ...words: string[]) =>
    command([...words, '--service', service.url, '--project', temporaryFolder()], { MILLRACE_TOKEN: tokens[name] as string });
  const listed = await type('vera', 'approvals');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(new RegExp(`^ +${id} +approve:publish +Publish\\? +waiting +0 of 2 +finance`, 'm'));
  expect(await type('vera', 'approve', id, 'publish')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('[APPROVAL_FORBIDDEN]') as string,
  });
  expect(await type('fred', 'approve', id, 'publish', '--reason', 'agreed')).toMatchObject({
    code: 0,
    stdout: `Approved: "Publish?", by 1 of 2. Run ${id} waits for 1 more.\n`,
  });
  expect((await type('fay', 'reject', id, 'publish')).stderr).toContain('[COMMAND_INVALID]');
  expect(await type('fay', 'reject', id, 'nothing', '--reason', 'x')).toMatchObject({ code: 3 });
  const shown = (await type('vera', 'show', id)).stdout;
  expect(shown).toMatch(/approve:publish +waiting +waits for approval \(1 of 2 by fred\): Publish\?/);
  expect(shown).toMatch(/^Answers\n +approve +approve:publish +fred as finance, .* UTC: agreed$/m);
  expect(await type('fay', 'reject', id, 'publish', '--reason', 'no')).toMatchObject({
    code: 0,
    stdout: `Rejected: "Publish?". Step approve:publish of run ${id} fails.\n`,
  });
  await expect(run.result()).rejects.toMatchObject({ code: 'APPROVAL_REJECTED' });
});
