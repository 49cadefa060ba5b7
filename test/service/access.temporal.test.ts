import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROLES } from '../../src/access/caller.js';
import { OPERATIONS, pathFields, type Operation, type OperationId } from '../../src/api/index.js';
import { startGuardedService, type GuardedService } from '../support/guarded-service.js';

let service: GuardedService;

beforeAll(async () => {
  service = await startGuardedService();
});

afterAll(async () => {
  await service?.stop();
});

/** Asks by HTTP, with a header `Authorization` as it is given. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${service.url}${path}`, { method, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

function askWith(token: string, path = '/v1/pipelines', method = 'GET') {
  return ask(path, { authorization: `Bearer ${token}` }, method);
}

// The first token closes the service for good, so what is said of an open one comes first.
describe('a service without tokens', () => {
  test('answers whoever is on this machine', async () => {
    expect((await ask('/v1/pipelines')).status).toBe(200);
    expect((await ask('/v1/tokens')).status).toBe(200);
  });

  test.each([
    ['from a page of another site', { origin: 'https://evil.example' }],
    ['from a page of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['that a browser says to be of another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a page without an origin', { origin: 'null' }],
  ])('refuses a call %s', async (_, headers) => {
    const { status, body } = await ask('/v1/health', headers);
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'ORIGIN_REFUSED', detail: expect.stringContaining('millrace tokens create') });
  });

  test('refuses a call under a name that is not of this machine, whatever its address', async () => {
    const { requireOwnOrigin } = await import('../../src/service/origin.js');
    const call = (host?: string) => () => requireOwnOrigin({ host });
    for (const host of ['evil.example:8300', 'evil.example', '127.0.0.1.evil.example', '10.0.0.1:8300', '', undefined]) {
      expect(call(host), host).toThrowError(/no name of this machine/);
    }
    for (const host of ['localhost:8300', '127.0.0.1:8300', '[::1]:8300', 'localhost']) expect(call(host), host).not.toThrow();
  });
});

describe('a service with a token', () => {
  test('asks everybody for one, also after all of them were revoked', async () => {
    const token = await service.token({ role: 'admin' });
    expect((await askWith(token)).status).toBe(200);
    const none = await ask('/v1/pipelines');
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
    expect(none.body).toMatchObject({ code: 'UNAUTHENTICATED', detail: expect.stringContaining('no token') });
    for (const { id } of (await service.local.listTokens({})).items) await service.local.revokeToken({ token: id });
    expect((await ask('/v1/pipelines')).status).toBe(401);
    expect((await askWith(token)).body).toMatchObject({ code: 'UNAUTHENTICATED', detail: expect.stringContaining('revoked') });
  });

  test('refuses whatever is no token of its own', async () => {
    const token = await service.token({});
    const [, id, secret] = /^mr_([0-9a-f]+)_(.+)$/.exec(token) ?? [];
    const other = await service.token({});
    const wrong = [
      'garbage',
      'a.b.c',
      `mr_${id}_`,
      `mr_${id}_${'A'.repeat(43)}`,
      `mr_0000000000000000_${secret}`,
      `${token}x`,
      `mr_${id}_${other.split('_').at(-1)}`,
    ];
    for (const text of wrong) {
      const { status, body } = await askWith(text);
      expect([status, body['code']], text).toEqual([401, 'UNAUTHENTICATED']);
      expect(JSON.stringify(body)).not.toContain(text);
    }
    expect((await ask('/v1/pipelines', { authorization: 'Basic eDp5' })).status).toBe(401);
    expect((await askWith(token)).status).toBe(200);
  });

  test('refuses a token that has expired, and none whose time is still to come', async () => {
    const token = await service.token({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await askWith(token)).status).toBe(200);
    const { callerOfToken } = await import('../../src/access/token-callers.js');
    await expect(callerOfToken(service.catalog, token, Date.now() + 3_600_001)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('expired'),
    });
  });

  test('tells without a token whether it is well, and not where its parts are', async () => {
    const { status, body } = await ask('/v1/health');
    expect(status).toBe(200);
    expect(body).toEqual({
      ok: false,
      version: null,
      temporal: { ok: true, address: null, namespace: null },
      catalog: { ok: true },
      worker: { ok: false, taskQueue: null },
      queues: [],
      versions: null,
    });
    expect((await askWith(await service.token({}), '/v1/health')).body).toMatchObject({
      worker: { taskQueue: service.project.taskQueue },
    });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: { ok: true } });
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: { ok: true } });
  });

  test('keeps when a token was used, and shows neither secret nor hash', async () => {
    const operations = await service.as({ name: 'seen', role: 'admin' });
    const list = async () => (await operations.listTokens({})).items;
    await vi.waitUntil(async () => (await list()).find(({ name }) => name === 'seen')?.lastUsedAt, { timeout: 30_000 });
    const items = await list();
    expect(JSON.stringify(items)).not.toMatch(/[0-9a-f]{64}|mr_/);
  });
});

const RESTRICTED = (Object.entries(OPERATIONS) as [OperationId, Operation][]).flatMap(([id, operation]) =>
  ROLES.filter((role) => ROLES.indexOf(role) < ROLES.indexOf(operation.role)).map((role) => ({ id, operation, role })),
);

test.each(RESTRICTED)('$id is refused to a $role', async ({ id, operation, role }) => {
  const path = pathFields(operation).reduce((text, field) => text.replace(`{${field}}`, 'any'), operation.path as string);
  const { status, body } = await askWith(await service.token({ role }), path, operation.method.toUpperCase());
  expect(status).toBe(403);
  expect(body).toMatchObject({ code: 'FORBIDDEN', detail: expect.stringContaining(`\`${id}\``) });
});

describe('a token with a scope', () => {
  test('sees and starts the pipelines of its owners, tags and names only', async () => {
    const names = async (scope: object) =>
      (await (await service.as({ role: 'operator', ...scope })).listPipelines({})).items.map(({ name }) => name).toSorted();
    expect(await names({ owners: ['sales'] })).toEqual(['checkOrders', 'publish']);
    expect(await names({ tags: ['night', 'day'] })).toEqual(['checkOrders']);
    expect(await names({ pipelines: ['judgeOrders'], tags: ['night'] })).toEqual(['checkOrders', 'judgeOrders']);
    expect(await names({ owners: ['nobody'] })).toEqual([]);
    expect((await names({})).length).toBeGreaterThan(3);
  });

  test('is refused what is of another pipeline', async () => {
    const mine = await service.as({ role: 'operator', owners: ['sales'] });
    const all = await service.as({ role: 'operator' });
    const other = await all.startRun({ pipeline: 'judgeOrders', params: { path: 'x.csv' } });
    const own = await all.startRun({ pipeline: 'checkOrders', params: { path: 'x.csv' } });
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('has nothing to do with the pipeline "judgeOrders"') };
    await expect(mine.getPipeline({ pipeline: 'judgeOrders' })).rejects.toMatchObject(refused);
    await expect(mine.startRun({ pipeline: 'judgeOrders', params: { path: 'x.csv' } })).rejects.toMatchObject(refused);
    await expect(mine.getRun({ run: other.workflowId })).rejects.toMatchObject(refused);
    await expect(mine.cancelRun({ run: other.workflowId })).rejects.toMatchObject(refused);
    expect(await mine.getRun({ run: own.workflowId })).toMatchObject({ status: 'running' });
    for (const run of [own, other]) await all.cancelRun({ run: run.workflowId });
  });

  test('does not take the place of a run of another pipeline, nor the ids of such runs', async () => {
    const mine = await service.as({ role: 'operator', owners: ['sales'] });
    const other = await service.local.startRun({ pipeline: 'judgeOrders', params: { path: 'x.csv' }, id: 'trial' });
    const start = (id: string, onConflict: 'reuse' | 'replace') =>
      mine.startRun({ pipeline: 'checkOrders', params: { path: 'x.csv' }, id, onConflict });
    for (const policy of ['reuse', 'replace'] as const) {
      await expect(start('trial', policy)).rejects.toMatchObject({ code: 'RUN_ALREADY_RUNNING' });
      await expect(start('judgeOrders/2024-01', policy)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
    expect(await service.local.getRun({ run: 'trial' })).toMatchObject({ runId: other.runId, status: 'running' });
    const own = await start('checkOrders/trial', 'reuse');
    for (const run of [own, other]) await service.local.cancelRun({ run: run.workflowId });
  });

  test('lets no admin of some pipelines make a token of all, nor read the audit', async () => {
    const some = await service.as({ role: 'admin', owners: ['sales'] });
    const asked = [
      some.createToken({ name: 'more', role: 'admin' }),
      some.listTokens({}),
      some.revokeToken({ token: 'any' }),
      some.listAudit({}),
    ];
    const refusal = { code: 'FORBIDDEN', message: expect.stringContaining('some pipelines only') as string };
    await Promise.all(asked.map((each) => expect(each).rejects.toMatchObject(refusal)));
  });
});

test('a token is not made for a pipeline that there is none of, nor for a time that is over', async () => {
  await expect(service.token({ pipelines: ['judgeOrder'] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(service.token({ expiresAt: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(service.token({ owners: [] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(service.local.revokeToken({ token: 'nobody' })).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
});

describe('MILLRACE_ADMIN_TOKEN', () => {
  afterEach(() => {
    delete process.env['MILLRACE_ADMIN_TOKEN'];
  });

  test('is the token of an admin, and closes the service though there is no other', async () => {
    process.env['MILLRACE_ADMIN_TOKEN'] = 'made-up-by-the-operator-of-the-service';
    const own = await startGuardedService();
    const status = async (headers: Record<string, string>) => (await fetch(`${own.url}/v1/audit`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer made-up-by-the-operator-of-the-servicE' })).toBe(401);
    expect(await status({ authorization: 'Bearer made-up-by-the-operator-of-the-service' })).toBe(200);
    await own.stop();
  });

  test('that could be guessed is refused at the start', async () => {
    process.env['MILLRACE_ADMIN_TOKEN'] = 'secret';
    await expect(startGuardedService()).rejects.toMatchObject({
      code: 'ENV_INVALID',
      message: expect.stringContaining('at least 32'),
    });
  });
});
