import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import { localCaller } from '../../src/access/local-caller.js';
import { audited } from '../../src/operations/audited.js';
import { TransientError } from '../../src/core/errors.js';
import { startGuardedService, type GuardedService } from '../support/guarded-service.js';
import { temporaryFolder } from '../support/folder.js';

let service: GuardedService;

beforeAll(async () => {
  service = await startGuardedService();
});

afterAll(async () => {
  await service?.stop();
});

const latest = async () => (await service.local.listAudit({ limit: 1 })).items[0];

test('a change is kept with who, what, when, from where and what came of it', async () => {
  const operator = await service.as({ name: 'nightly', role: 'operator' });
  const before = new Date().toISOString();
  const run = await operator.startRun({ pipeline: 'checkOrders', params: { path: 'x.csv' } });
  const entry = await latest();
  expect(entry).toMatchObject({
    actor: 'nightly',
    actorKind: 'token',
    actorId: expect.stringMatching(/^[0-9a-f]{16}$/),
    role: 'operator',
    from: '127.0.0.1',
    requestId: expect.any(String),
    operation: 'startRun',
    target: run.workflowId,
    input: { pipeline: 'checkOrders', params: { path: 'x.csv' } },
    outcome: 'done',
    code: null,
    result: { workflowId: run.workflowId, runId: run.runId },
  });
  expect(entry && entry.at >= before && (entry.endedAt ?? '') >= entry.at).toBe(true);
  await operator.cancelRun({ run: run.workflowId });
  expect(await latest()).toMatchObject({ operation: 'cancelRun', target: run.workflowId, outcome: 'done' });
});

test('what is refused is kept too, with why', async () => {
  const viewer = await service.as({ name: 'onlooker', role: 'viewer' });
  await expect(viewer.startRun({ pipeline: 'checkOrders', params: {} })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await latest()).toMatchObject({
    actor: 'onlooker',
    operation: 'startRun',
    target: 'checkOrders',
    outcome: 'refused',
    code: 'FORBIDDEN',
    message: expect.stringContaining('onlooker is viewer'),
  });
  const operator = await service.as({ role: 'operator' });
  const wrong = { pipeline: 'checkOrders', params: {}, more: 1 };
  await expect(operator.startRun(wrong)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  expect(await latest()).toMatchObject({ outcome: 'refused', code: 'REQUEST_INVALID', input: wrong });
  await expect(operator.startRun({ pipeline: 'nothing' })).rejects.toMatchObject({ code: 'PIPELINE_UNKNOWN' });
  expect(await latest()).toMatchObject({ outcome: 'refused', code: 'PIPELINE_UNKNOWN', target: 'nothing' });
});

test('what is done without the service, on the machine itself, is kept as well, and the token itself never', async () => {
  const made = await service.local.createToken({ name: 'secretive', role: 'viewer', tags: ['night'] });
  const entry = await latest();
  expect(entry).toMatchObject({
    actorKind: 'local',
    operation: 'createToken',
    target: made.id,
    outcome: 'done',
    input: { name: 'secretive', role: 'viewer', tags: ['night'] },
    result: { id: made.id, role: 'viewer' },
  });
  const secret = made.token.split('_').at(-1) ?? 'none';
  expect(JSON.stringify(entry)).not.toContain(secret);
  expect(JSON.stringify(await service.local.listTokens({}))).not.toContain(secret);
});

test('questions are not changes, and are not kept', async () => {
  const before = await latest();
  const viewer = await service.as({ role: 'viewer' });
  const made = await latest();
  await viewer.listPipelines({});
  await expect(viewer.listAudit({})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await latest()).toEqual(made);
  expect(made?.id).not.toBe(before?.id);
});

test('the list is filtered, and goes on where it ended', async () => {
  const { items: all, next: end } = await service.local.listAudit({ limit: 200 });
  expect(end).toBeNull();
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await service.local.listAudit({ limit: 3, ...(cursor !== undefined && { cursor }) });
    pages.push(...items.map(({ id }) => id));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  expect(pages).toEqual(all.map(({ id }) => id));
  const refused = (await service.local.listAudit({ outcome: 'refused', operation: 'startRun' })).items;
  expect(refused.length).toBe(all.filter(({ outcome, operation }) => outcome === 'refused' && operation === 'startRun').length);
  expect((await service.local.listAudit({ actor: 'onlooker' })).items).toHaveLength(1);
  expect((await service.local.listAudit({ until: '2020-01-01T00:00:00Z' })).items).toEqual([]);
  await expect(service.local.listAudit({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

test('what becomes of a version names the version', async () => {
  await expect(service.local.promoteVersion({ version: 'none-such' })).rejects.toMatchObject({ code: 'DEPLOYMENT_UNKNOWN' });
  expect(await latest()).toMatchObject({ operation: 'promoteVersion', target: 'none-such', outcome: 'refused' });
});

test('what fails on the way is kept as failed, and nothing is told of an error that nobody expected', async () => {
  const catalog = await openCatalog({ path: `${temporaryFolder()}/catalog.db` });
  const asked = { id: 'cancelRun', input: { run: 'r' } } as const;
  const away = new TransientError('TEMPORAL_UNREACHABLE', 'The Temporal server stopped answering.');
  await expect(audited(catalog, localCaller(), asked, () => Promise.reject(away))).rejects.toBe(away);
  const odd = new Error('password=hunter2');
  await expect(audited(catalog, localCaller(), asked, () => Promise.reject(odd))).rejects.toBe(odd);
  const [second, first] = await catalog.listAudit({ limit: 2 });
  expect(first).toMatchObject({ outcome: 'failed', code: 'TEMPORAL_UNREACHABLE', target: 'r' });
  expect(second).toMatchObject({ outcome: 'failed', code: 'INTERNAL', message: null });
  await catalog.close();
});

test('nothing is changed when the audit cannot be written, and an end that cannot be written stays unknown', async () => {
  const away = (): Promise<never> => Promise.reject(new TransientError('CATALOG_UNAVAILABLE', 'away'));
  let changed = 0;
  const change = async (): Promise<number> => (changed += 1);
  const asked = { id: 'cancelRun', input: {} } as const;
  await expect(audited({ beginAudit: away, endAudit: away }, localCaller(), asked, change)).rejects.toMatchObject({
    code: 'CATALOG_UNAVAILABLE',
  });
  expect(changed).toBe(0);
  const catalog = await openCatalog({ path: `${temporaryFolder()}/catalog.db` });
  expect(await audited({ ...catalog, endAudit: away }, localCaller(), asked, change)).toBe(1);
  expect(await catalog.listAudit({ limit: 1 })).toMatchObject([{ outcome: 'unknown', endedAt: null }]);
  await catalog.close();
});

test('what was asked is kept up to a bound', async () => {
  const catalog = await openCatalog({ path: `${temporaryFolder()}/catalog.db` });
  const input = { run: 'r', note: 'x'.repeat(100_000) };
  await audited(catalog, localCaller(), { id: 'cancelRun', input }, () => Promise.resolve({ more: 'y'.repeat(100_000) }));
  const [entry] = await catalog.listAudit({ limit: 1 });
  expect(entry?.input.length).toBeLessThan(20_000);
  expect(JSON.parse(entry?.input ?? '')).toMatchObject({ cut: expect.stringContaining('xxx') });
  expect(entry?.result?.length).toBeLessThan(5_000);
  await catalog.close();
});
