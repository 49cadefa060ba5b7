import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { transformIn, type Transformation } from './transform.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(`CREATE SCHEMA w; CREATE TABLE w.orders (id int PRIMARY KEY, amount numeric(10,2));
    INSERT INTO w.orders VALUES (1, 10.10), (2, 0); CREATE TABLE w.filled (id int PRIMARY KEY, amount numeric)`);
});
afterAll(() => db.drop());

const Order = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });
const GOOD = {
  sql: 'SELECT id, amount FROM orders',
  inputs: { orders: ['w.orders', Order] },
  output: Order,
  into: 'w.filled',
} as const;

const transform = (change: Partial<Transformation>, url = db.url, controller?: AbortController) =>
  transformIn({ url, lockTimeoutMs: 500 }, { ...GOOD, ...change }, controller && { controller });

async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const holder = new pg.Client({ connectionString: db.url });
  await holder.connect();
  await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  try {
    await work();
  } finally {
    await holder.query('ROLLBACK');
    await holder.end();
  }
}

test.each([
  ['w.orders', /the input "orders" of transform "daily", in connection "warehouse" is locked by another session/],
  ['w.filled', /"w"\."filled" in connection "warehouse" is locked by another session/],
])('a lock on %s that is not given in time is named, and the attempt may be repeated', async (table, message) => {
  await whileLocked(table, async () => {
    await expect(transform({})).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      retryable: true,
      message: expect.stringMatching(message) as string,
    });
  });
});

test.each(['w.orders', 'w.filled'])('a transform that waits for a lock on %s ends when it is cancelled', async (table) => {
  await whileLocked(table, async () => {
    const controller = new AbortController();
    const waiting = transformIn({ url: db.url, lockTimeoutMs: 600_000 }, GOOD, { controller }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await untilActive("wait_event_type = 'Lock'");
    const cancelled = Date.now();
    controller.abort();
    expect(await waiting).toMatchObject({ code: 'CANCELLED' });
    expect(Date.now() - cancelled).toBeLessThan(2_000);
  });
});

test('a SELECT that runs long ends when it is cancelled, and leaves no session', async () => {
  const controller = new AbortController();
  const running = transform({ sql: 'SELECT id, amount FROM orders, pg_sleep(600)' }, db.url, controller).then(
    () => undefined,
    (error: unknown) => error,
  );
  await untilActive("wait_event = 'PgSleep'");
  controller.abort();
  expect(await running).toMatchObject({ code: 'CANCELLED' });
  await until(
    async () => (await db.query("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'millrace transform%'")).length === 0,
    () => 'a session is left',
  );
});

async function untilActive(condition: string): Promise<void> {
  await until(
    async () =>
      (await db.query(`SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'millrace transform%' AND ${condition}`))
        .length > 0,
    () => `no transform with ${condition}`,
  );
}
