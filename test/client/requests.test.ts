import { describe, expect, test } from 'vitest';
import { connect } from '../../src/client/index.js';
import { retryDelayMs } from '../../src/client/retry-delay.js';
import { retryAfterMs } from '../../src/core/retry-after.js';
import { broken, json, problem, silent, unsteadyService } from './unsteady-service.js';

const STARTED = { workflowId: 'w', runId: 'r', pipeline: 'p', taskQueue: 'q', started: true, worker: true };
const PAGE = { items: [], next: null };

describe('a request', () => {
  test('carries the token, and its input in path, query and body', async () => {
    const { url, asked } = await unsteadyService(json(STARTED));
    const millrace = connect({ url: `${url}/`, token: 'mr_a_b' });
    await millrace.runs.list({ pipeline: 'p', limit: 5 });
    await millrace.runs.get('daily/2024-01@x');
    await millrace.runs.handle('daily/2024-01').retry({ from: 'load:a b' });
    expect(asked).toMatchObject([
      { method: 'GET', path: '/v1/runs?pipeline=p&limit=5', headers: { authorization: 'Bearer mr_a_b' }, body: undefined },
      { method: 'GET', path: '/v1/runs/daily%2F2024-01%40x' },
      { method: 'POST', path: '/v1/runs/daily%2F2024-01/retry', body: { from: 'load:a b' } },
    ]);
  });

  test('that only looks is repeated while the service is away, and not before it asked to', async () => {
    const { url, asked } = await unsteadyService(
      broken,
      problem(503, 'TEMPORAL_UNREACHABLE', { 'retry-after': '1' }),
      json(PAGE),
    );
    const before = performance.now();
    expect(await connect({ url }).runs.list()).toEqual(PAGE);
    expect(asked).toHaveLength(3);
    expect(performance.now() - before).toBeGreaterThan(1_000);
  });

  test('that starts a run is repeated under the same key', async () => {
    const { url, asked } = await unsteadyService(broken, json(STARTED));
    expect(await connect({ url }).runs.start('p', { month: '2024-01' })).toMatchObject({
      workflowId: 'w',
      runId: 'r',
      started: true,
    });
    const [first, second] = asked.map(({ body }) => body as { readonly idempotencyKey: string });
    expect(first).toEqual({
      pipeline: 'p',
      params: { month: '2024-01' },
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(second).toEqual(first);
    await connect({ url }).runs.start('p', {}, { idempotencyKey: 'order 7', id: 'mine' });
    expect(asked[2]?.body).toEqual({ pipeline: 'p', params: {}, idempotencyKey: 'order 7', id: 'mine' });
  });

  test('that changes something else is not, when it may have been done', async () => {
    const away = await unsteadyService(broken);
    await expect(connect(away).runs.handle('w').cancel()).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(away.asked).toHaveLength(1);
    const down = await unsteadyService(problem(503, 'TEMPORAL_UNREACHABLE'));
    await expect(connect(down).runs.handle('w').cancel()).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      retryable: true,
    });
    expect(down.asked).toHaveLength(1);
  });

  test('that was refused because there were too many is repeated, whatever it does', async () => {
    const { url, asked } = await unsteadyService(problem(429, 'RATE_LIMITED', { 'retry-after': '0' }), json({ requested: true }));
    expect(await connect({ url }).runs.handle('w').cancel()).toEqual({ requested: true });
    expect(asked).toHaveLength(2);
  });

  test('is given up after its retries', async () => {
    const { url, asked } = await unsteadyService(broken);
    await expect(connect({ url, retries: 1 }).health()).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(asked).toHaveLength(2);
  });

  test('is given up when its time is over, and says when it may have been done', async () => {
    const { url } = await unsteadyService(silent);
    const millrace = connect({ url, timeoutMs: 50, retries: 0 });
    const look = millrace.health();
    await expect(look).rejects.toThrow(`The Millrace service at ${url} did not answer within 50 ms.`);
    await expect(look).rejects.not.toThrow(/may have been done/);
    await expect(millrace.runs.handle('w').cancel()).rejects.toThrow(/What was asked may have been done all the same/);
  });

  test('ends with the reason of its signal, also while it waits for the next attempt', async () => {
    const { url } = await unsteadyService(silent);
    const reason = new Error('enough');
    const asking = new AbortController();
    const health = connect({ url }).health({ signal: asking.signal });
    asking.abort(reason);
    await expect(health).rejects.toBe(reason);
    const { url: away, asked } = await unsteadyService(problem(503, 'CATALOG_UNAVAILABLE', { 'retry-after': '50' }));
    const waiting = new AbortController();
    const again = connect({ url: away }).health({ signal: waiting.signal });
    await expect.poll(() => asked.length).toBe(1);
    waiting.abort(reason);
    await expect(again).rejects.toBe(reason);
  });
});

describe('an answer', () => {
  test.each([
    { reply: problem(404, 'RUN_UNKNOWN'), error: { code: 'RUN_UNKNOWN', message: 'It is RUN_UNKNOWN.', retryable: false } },
    { reply: problem(418, 'FROM_THE_FUTURE'), error: { code: 'INTERNAL', details: { code: 'FROM_THE_FUTURE' } } },
    {
      reply: json({ error: 'no route' }, 404),
      error: { code: 'SERVICE_UNREACHABLE', message: expect.stringMatching(/HTTP 404/) as string },
    },
    {
      reply: json('hello'),
      error: { code: 'SERVICE_UNREACHABLE', message: expect.stringMatching(/no Millrace service/) as string },
    },
  ])('that is none is the error $error.code', async ({ reply, error }) => {
    const { url } = await unsteadyService(reply);
    await expect(connect({ url, retries: 0 }).health()).rejects.toMatchObject(error);
  });

  test('that sends callers elsewhere is not followed: a token goes nowhere but where it was meant to go', async () => {
    const { url } = await unsteadyService((response) => response.writeHead(301, { location: 'https://other.example/v1' }).end());
    await expect(connect({ url }).health()).rejects.toMatchObject({
      code: 'SERVICE_ADDRESS_INVALID',
      message: `What answers at ${url} sends callers on to https://other.example: use that address.`,
    });
  });

  test('of a list goes on to the next page as its items are used', async () => {
    const run = (workflowId: string) => ({ workflowId });
    const { url, asked } = await unsteadyService(
      json({ items: [run('a'), run('b')], next: 'more' }),
      json({ items: [run('c')], next: null }),
    );
    const found: string[] = [];
    for await (const { workflowId } of connect({ url }).runs.list({ pipeline: 'p' })) found.push(workflowId);
    expect(found).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/runs?pipeline=p', '/v1/runs?pipeline=p&cursor=more']);
  });
});

describe('the pause before another attempt', () => {
  test('grows, differs between callers, and is never shorter than the service asked for', () => {
    for (const attempt of [0, 1, 2, 3, 20]) {
      const whole = Math.min(10_000, 250 * 2 ** attempt);
      const delays = Array.from({ length: 50 }, () => retryDelayMs(attempt, undefined) ?? 0);
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(whole / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(whole);
      expect(new Set(delays).size).toBeGreaterThan(1);
    }
    expect(retryDelayMs(0, 30_000)).toBe(30_000);
    expect(retryDelayMs(0, 61_000)).toBeUndefined();
  });

  test('is read from Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('2', now)).toBe(2_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:03 GMT', now)).toBe(3_000);
    expect([retryAfterMs(null, now), retryAfterMs('soon', now)]).toEqual([undefined, undefined]);
  });
});
