import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CursorRange, Watermark } from '../../../src/core/cursor.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext, type ContextOptions } from '../../conformance/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

async function ask(
  target: string,
  options: Readonly<Record<string, unknown>> = {},
  step = randomBytes(6).toString('hex'),
  context?: ContextOptions,
): Promise<Watermark> {
  const connector = await openConnector('postgres', 'warehouse', { url: db.url, ...options });
  return withContext(async (call) => {
    if (!connector.destination?.watermark) throw new Error('The destination keeps no watermarks');
    return connector.destination.watermark({ target, connection: 'warehouse', name: '', step }, call);
  }, context);
}

function rangeAfter({ value, target, name, step }: Watermark, upTo: string): CursorRange {
  return { column: 'id', type: 'INTEGER', after: value, from: value, upTo, withoutCursor: 0, watermark: { target, name, step } };
}

function load(
  target: string,
  watermark: CursorRange,
  more: { readonly loadId?: string; readonly content?: string } = {},
  options = {},
) {
  const identity = {
    loadId: more.loadId ?? randomBytes(6).toString('hex'),
    content: more.content ?? `${watermark.after} to ${watermark.upTo}`,
    pipeline: 'p',
    step: `load:${target}`,
    workflowId: 'w',
    runId: 'r',
  };
  const select = `SELECT range::INTEGER AS id FROM range(${Number(watermark.after ?? 0) + 1}, ${Number(watermark.upTo) + 1})`;
  return loadQuery({ url: db.url, ...options }, { target, select, identity, mode: 'append', watermark });
}

const idsOf = async (table: string) =>
  (await db.query<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);

test('without a ledger, every target has got nowhere', async () => {
  expect(await ask('fresh', { ledgerSchema: 'nowhere' })).toMatchObject({ target: 'warehouse.public.fresh', value: null });
});

test('a table is the same under its short and its full name', async () => {
  await db.query('CREATE SCHEMA shop');
  await load('shop.orders', rangeAfter(await ask('shop.orders'), '2'));
  expect(await ask('orders', { schema: 'shop' })).toMatchObject({ target: 'warehouse.shop.orders', value: '2' });
  expect(await ask('orders')).toMatchObject({ value: null });
});

test('a ledger that an earlier release has made serves as it is', async () => {
  await load('old_ledger', rangeAfter(await ask('old_ledger'), '1'));
  await db.query('DROP INDEX _millrace.ledger_watermark');
  await load('old_ledger', rangeAfter(await ask('old_ledger'), '3'));
  expect(await ask('old_ledger')).toMatchObject({ value: '3' });
});

test('a table that was dropped begins anew, whatever load comes first, and however old that is in the ledger', async () => {
  const first = await ask('dropped', {}, 'first');
  await load('dropped', rangeAfter(first, '2'), { loadId: 'first load' });
  await load('dropped', rangeAfter(await ask('dropped'), '4'));
  await db.query('DROP TABLE public.dropped');
  await expect(load('dropped', rangeAfter({ ...first, value: '4' }, '5'))).rejects.toMatchObject({ code: 'WATERMARK_MOVED' });
  const anew = await ask('dropped', {}, 'first');
  expect(anew).toEqual({ target: 'warehouse.public.dropped', name: '', step: 'first', value: null });
  expect(await load('dropped', rangeAfter(anew, '6'), { loadId: 'first load' })).toMatchObject({ rows: 6, created: true });
  expect(await ask('dropped')).toMatchObject({ value: '6' });
  await load('dropped', rangeAfter(await ask('dropped'), '7'));
  expect(await idsOf('public.dropped')).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('what the ledger is told to forget is loaded from the beginning', async () => {
  await load('forgotten', rangeAfter(await ask('forgotten'), '2'));
  await db.query(`UPDATE _millrace.ledger SET watermark = NULL WHERE target = 'public.forgotten'`);
  expect(await ask('forgotten')).toMatchObject({ value: null });
  await db.query('TRUNCATE public.forgotten');
  await load('forgotten', rangeAfter(await ask('forgotten'), '3'));
  expect(await idsOf('public.forgotten')).toEqual([1, 2, 3]);
});

test('a load that waits too long for another one of the same watermark is tried again', async () => {
  await load('waiting', rangeAfter(await ask('waiting'), '1'));
  await db.query(`SELECT pg_advisory_lock(hashtextextended('millrace watermark public.waiting ', 0))`);
  const next = rangeAfter(await ask('waiting'), '2');
  await expect(load('waiting', next, {}, { lockTimeoutMs: 200 })).rejects.toMatchObject({
    code: 'LOCK_TIMEOUT',
    retryable: true,
  });
  await db.query(`SELECT pg_advisory_unlock(hashtextextended('millrace watermark public.waiting ', 0))`);
  expect(await load('waiting', next)).toMatchObject({ watermark: '2' });
});

test('a question that waits for a lock on the ledger is cancelled at once, and gives up in time', async () => {
  await load('locked', rangeAfter(await ask('locked'), '1'));
  await db.query('BEGIN');
  await db.query('LOCK TABLE _millrace.ledger IN ACCESS EXCLUSIVE MODE');
  const controller = new AbortController();
  const asking = ask('locked', {}, 'cancelled', { controller });
  // Within a transaction pg_stat_activity would stand still; pg_locks does not.
  const waiting = `SELECT 1 AS one FROM pg_locks WHERE relation = '_millrace.ledger'::regclass AND NOT granted`;
  await until(
    async () => (await db.query(waiting)).length > 0,
    () => 'the question does not wait',
  );
  controller.abort();
  await expect(asking).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(ask('locked', { lockTimeoutMs: 200 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
  await db.query('ROLLBACK');
  expect(await ask('locked')).toMatchObject({ value: '1' });
});

test('what keeps it from the ledger is said in words', async () => {
  await expect(ask('a.b.c')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  const url = Object.assign(new URL(db.url), { password: 'wrong', port: '1' }).toString();
  await expect(ask('orders', { url })).rejects.toMatchObject({ code: 'CONNECTION_REFUSED', retryable: true });
  await db.query(`CREATE ROLE reader_${db.name} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA _millrace TO reader_${db.name}`);
  const reader = Object.assign(new URL(db.url), { username: `reader_${db.name}`, password: 'secret' }).toString();
  await expect(ask('locked', { url: reader })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('the ledger of table "public"."locked"') as string,
  });
  await db.query(`REVOKE ALL ON SCHEMA _millrace FROM reader_${db.name}; DROP ROLE reader_${db.name}`);
});
