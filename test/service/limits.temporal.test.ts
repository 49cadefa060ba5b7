import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, STREAMS } from '../../src/api/index.js';
import { problem } from '../../src/api/schemas/problem.js';
import { CLIENT_ERRORS } from '../../src/core/error-codes/clients.js';
import { SERVICE_ERRORS } from '../../src/core/error-codes/service.js';
import { ERROR_CODES, type ErrorCode } from '../../src/core/error-codes.js';
import { statusOf } from '../../src/service/problem-response.js';
import { rateLimit } from '../../src/service/rate-limit.js';
import { startGuardedService, type GuardedService } from '../support/guarded-service.js';
import { startIssuer, type Issuer } from '../support/issuer.js';

let service: GuardedService;
let issuer: Issuer;
let token: string;

beforeAll(async () => {
  issuer = await startIssuer();
  service = await startGuardedService({
    oidc: { issuer: issuer.url, audience: 'millrace', roles: { operator: ['staff'] } },
    rateLimit: { perSecond: 0.001, burst: 40 },
    proxies: ['127.0.0.0/8'],
  });
  token = await service.token({ name: 'prober', role: 'operator' });
});

afterAll(async () => {
  await service?.stop();
  issuer?.close();
});

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** Asks, and sees that a refusal is a problem document. */
async function refusal({ method = 'GET', path = '/v1/runs', body, headers = {} }: Request) {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const told = problem.strict().parse(await response.json());
  expect(told.status).toBe(response.status);
  expect(told.instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
  return { status: response.status, code: told.code, detail: told.detail, headers: response.headers };
}

describe('a request that is wrong is refused with a problem document', () => {
  const post = (body: string) => ({ method: 'POST', body });
  const start = (id: string) => post(`{"pipeline":"judgeOrders","params":{"path":"x.csv"},"id":"${id}"}`);
  test.each<[string, Request, number, ErrorCode]>([
    ['JSON that is none', post('{"pipeline":'), 400, 'REQUEST_INVALID'],
    ['JSON that is no object', post('[]'), 400, 'REQUEST_INVALID'],
    ['JSON that is null', post('null'), 400, 'REQUEST_INVALID'],
    ['JSON that would change what objects are', post('{"__proto__":{"x":1},"pipeline":"publish"}'), 400, 'REQUEST_INVALID'],
    ['no body', { method: 'POST' }, 400, 'REQUEST_INVALID'],
    [
      'another type',
      { ...post('x=1'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'MEDIA_TYPE_UNKNOWN',
    ],
    ['plain text', { ...post('{}'), headers: { 'content-type': 'text/plain' } }, 415, 'MEDIA_TYPE_UNKNOWN'],
    ['a body that is too large', post(JSON.stringify({ pipeline: 'x'.repeat(300_000) })), 413, 'REQUEST_TOO_LARGE'],
    ['an unknown field', post('{"pipeline":"publish","more":1}'), 400, 'REQUEST_INVALID'],
    ['an unknown field of a query', { path: '/v1/runs?more=1' }, 400, 'REQUEST_INVALID'],
    ['a field that is given twice', { path: '/v1/runs?limit=1&limit=2' }, 400, 'REQUEST_INVALID'],
    ['a limit that is too large', { path: '/v1/runs?limit=100000' }, 400, 'REQUEST_INVALID'],
    ['a cursor of no list', { path: '/v1/runs?cursor=abc' }, 400, 'REQUEST_INVALID'],
    ['a list until a time that is none', { path: '/v1/runs?until=' }, 400, 'REQUEST_INVALID'],
    ['a list since a day that is none', { path: '/v1/runs?since=2023-02-30T00:00:00Z' }, 400, 'REQUEST_INVALID'],
    ['a path that is no text', { path: '/v1/runs/%ff' }, 400, 'REQUEST_INVALID'],
    ['a path that is too long', { path: `/v1/runs/${'x'.repeat(5_000)}` }, 400, 'REQUEST_INVALID'],
    ['an address of nothing', { path: '/v2/runs' }, 404, 'ROUTE_UNKNOWN'],
    ['an id of a run with half a surrogate pair', start('a\\ud83d'), 400, 'REQUEST_INVALID'],
    ['an id of a run that is too long in bytes', start('é'.repeat(600)), 400, 'REQUEST_INVALID'],
    ['an id of a run that no address can hold', start('..'), 400, 'REQUEST_INVALID'],
    ['an id of a run that reads as one execution', start(`a@${randomUUID()}`), 400, 'REQUEST_INVALID'],
    ['an id that a pool may have', start('millrace.pool/queue/any'), 400, 'REQUEST_INVALID'],
    ['an id that a backfill may have', start('backfill/publish/any'), 400, 'REQUEST_INVALID'],
    ['parameters of no run', post('{"pipeline":"publish","params":{"x":1}}'), 422, 'PARAMETERS_INVALID'],
  ])('%s', async (_, request, status, code) => {
    expect(await refusal(request)).toMatchObject({ status, code });
  });

  test('another method, with those that there are', async () => {
    const { status, code, headers } = await refusal({ method: 'DELETE' });
    expect([status, code, headers.get('allow')]).toEqual([405, 'METHOD_UNKNOWN', 'GET, HEAD, POST']);
    const events = await refusal({ method: 'POST', path: '/v1/runs/any/events' });
    expect([events.status, events.headers.get('allow')]).toEqual([405, 'GET']);
    for (const method of ['QUERY', 'PATCH', 'PROPFIND']) expect(await refusal({ method })).toMatchObject({ status: 405 });
    expect((await refusal({ method: 'OPTIONS' })).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a key in the header that is not the one in the body', async () => {
    const body = JSON.stringify({ pipeline: 'publish', idempotencyKey: 'one' });
    const refused = await refusal({ method: 'POST', body, headers: { 'idempotency-key': 'two' } });
    expect(refused).toMatchObject({ status: 400, detail: expect.stringContaining('Idempotency-Key') });
  });

  test.each([
    ['no HTTP', 'nonsense\r\n\r\n', 400],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s', async (_, text, status) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => socket.write(text));
      let received = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      socket.once('end', () => resolve(received));
      socket.once('error', reject);
    });
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(problem.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''))).toMatchObject({ status, code: 'REQUEST_INVALID' });
  });
});

test('every answer says that it is not to be kept, framed or taken for another type', async () => {
  const { headers } = await refusal({ path: '/v1/runs/nobody' });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('somebody with a JWT of the issuer is who it says, and the audit names where they came from', async () => {
  const ask = (jwt: string) =>
    fetch(`${service.url}/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' },
      body: '{"pipeline":"nothing"}',
    });
  expect((await ask(await issuer.sign({ roles: ['staff'] }))).status).toBe(404);
  const [entry] = (await service.local.listAudit({ actor: 'ada', limit: 1 })).items;
  expect(entry).toMatchObject({
    actorKind: 'oidc',
    actorId: issuer.url,
    role: 'operator',
    from: '203.0.113.7',
    outcome: 'refused',
  });
  expect((await ask(await issuer.sign({ roles: ['nobody'] }))).status).toBe(401);
  expect((await ask(await issuer.sign({ exp: 1 }))).status).toBe(401);
});

describe('too many requests', () => {
  test('of one caller are refused, with when to come again, and nobody else’s', async () => {
    const busy = await service.token({ name: 'busy' });
    const ask = (text: string) => fetch(`${service.url}/v1/health`, { headers: { authorization: `Bearer ${text}` } });
    const statuses = new Set<number>();
    for (let i = 0; i < 41; i += 1) statuses.add((await ask(busy)).status);
    expect([...statuses]).toEqual([200, 429]);
    const refused = await ask(busy);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await ask(await service.token({ name: 'calm' }))).status).toBe(200);
  });

  test('with wrong tokens from one address are refused before they are looked at, right ones too', async () => {
    const ask = (text: string) =>
      fetch(`${service.url}/v1/health`, { headers: { authorization: `Bearer ${text}`, 'x-forwarded-for': '203.0.113.9' } });
    const right = await service.token({ name: 'right' });
    expect((await ask(right)).status).toBe(200);
    let status = 0;
    for (let i = 0; i < 2_000 && status !== 429; i += 1) ({ status } = await ask('mr_wrong'));
    expect(status).toBe(429);
  });

  test('are let through again as time goes by', () => {
    let time = 0;
    const limit = rateLimit({ perSecond: 2, burst: 3 }, () => time);
    const takes = () => {
      try {
        limit.take('somebody');
        return true;
      } catch {
        return false;
      }
    };
    expect([takes(), takes(), takes(), takes()]).toEqual([true, true, true, false]);
    time += 500;
    expect([takes(), takes()]).toEqual([true, false]);
    time += 60_000;
    expect([takes(), takes(), takes(), takes()]).toEqual([true, true, true, false]);
  });
});

describe('the status of an error', () => {
  const declared = [...Object.values(OPERATIONS), ...Object.values(STREAMS)].flatMap((each) =>
    'errors' in each ? (each.errors as readonly ErrorCode[]) : [],
  );

  test.each([...new Set(declared)])('%s, which an operation refuses with, is the caller’s, or may pass', (code) => {
    const status = statusOf(code);
    if (ERROR_CODES[code].retryable) expect([429, 503, 504]).toContain(status);
    else expect([400, 401, 403, 404, 405, 409, 413, 415, 422]).toContain(status);
  });

  test('says of what may pass that it may, and of what is not known nothing', () => {
    expect(statusOf('TEMPORAL_UNREACHABLE')).toBe(503);
    expect(statusOf('CATALOG_UNAVAILABLE')).toBe(503);
    expect(statusOf('INTERNAL')).toBe(500);
    for (const code of Object.keys({ ...SERVICE_ERRORS, ...CLIENT_ERRORS }) as ErrorCode[]) {
      expect(statusOf(code), code).toBeGreaterThanOrEqual(400);
    }
  });
});
