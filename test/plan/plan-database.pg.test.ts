import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { planPipeline } from '../../src/plan/plan-pipeline.js';
import type { Plan } from '../../src/plan/plan.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = (url: string): string => `import { contract, defineProject, files, postgres, sqlFile } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({ id: z.int(), amount: z.number(), note: z.string().nullable() }), { key: ['id'] });
const Total = contract(z.object({ orders: z.int() }));

export default defineProject({
  connections: { lake: files({ root: '.' }), shop: postgres({ url: '${url}' }) },
  contracts: { Order, Total },
  transforms: { totals: sqlFile('./totals.sql', { inputs: { orders: Order }, output: Total, dialect: 'postgres' }) },
  pipelines: { sum: { params: z.object({}) } },
});
`;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.drop());
beforeEach(async () => {
  await db.query('DROP SCHEMA public CASCADE');
  await db.query('CREATE SCHEMA public');
  await db.query('CREATE TABLE orders (id bigint PRIMARY KEY, amount double precision NOT NULL, note text, at timestamptz)');
  await db.query(
    `INSERT INTO orders SELECT n, n, 'x', '2001-01-01'::timestamptz + n * interval '1 minute' FROM generate_series(1, 500) AS n`,
  );
  await db.query('ANALYZE orders');
});

async function planOf(body: string, url = db.url): Promise<Plan> {
  const folder = writtenProject({
    'millrace.config.ts': CONFIG(url),
    'totals.sql': 'SELECT count(*)::int AS orders FROM orders',
    'workflows/sum.ts': `import { pipeline } from './project.js';\n\nexport const sum = pipeline('sum', async (run) => {\n${body}\n});\n`,
  });
  return planPipeline(await loadProject(folder), 'sum', {});
}

const READ = `const orders = await run.validate(run.extract('orders', { from: 'shop', table: 'orders', columns: ['id', 'amount', 'note'] }), 'Order');`;
const load = (how: string): string => `${READ}\nreturn run.load(orders, { to: 'shop', ${how} });`;

describe('a plan with a database', () => {
  test('tells the columns and estimated rows of a table, and a target that would be made; nothing is made', async () => {
    const plan = await planOf(load(`table: 'copies', mode: 'merge'`));
    expect(plan.end).toEqual({ kind: 'complete' });
    const [extract, , target] = plan.steps;
    expect(extract?.columns).toEqual([
      { name: 'id', type: 'BIGINT', nullable: false },
      { name: 'amount', type: 'DOUBLE', nullable: false },
      { name: 'note', type: 'VARCHAR', nullable: true },
    ]);
    expect(extract?.reads).toMatchObject({ from: 'table "public"."orders"', rows: 500, isEstimate: true });
    expect(extract?.reads?.bytes).toBeGreaterThan(0);
    expect(target?.writes).toMatchObject({
      target: 'shop.public.copies',
      exists: false,
      key: ['id'],
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'amount', type: 'double precision' },
        { name: 'note', type: 'text' },
      ],
    });
    expect(
      await db.query(
        `SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND n.nspname !~ '^(pg_|information)'`,
      ),
    ).toEqual([{ relname: 'orders' }]);
    expect(await db.query(`SELECT 1 FROM pg_namespace WHERE nspname ~ 'millrace'`)).toEqual([]);
  });

  test('tells how the columns differ in the words of the load, or how they would change', async () => {
    await db.query('CREATE TABLE copies (id bigint PRIMARY KEY, amount double precision)');
    const frozen = await planOf(load(`table: 'copies', mode: 'merge'`));
    expect(frozen.end).toMatchObject({ kind: 'fails', code: 'COLUMN_MISSING' });
    expect(frozen.steps.at(-1)?.notes[0]?.message).toContain('ALTER TABLE "public"."copies" ADD COLUMN "note" text');
    const evolved = await planOf(load(`table: 'copies', mode: 'merge', schema: 'evolve'`));
    expect(evolved.end).toEqual({ kind: 'complete' });
    expect(evolved.steps.at(-1)?.writes).toMatchObject({
      exists: true,
      changes: [{ change: 'added', column: 'note', to: 'text' }],
    });
    const discarded = await planOf(load(`table: 'copies', mode: 'merge', schema: 'discard'`));
    expect(discarded.steps.at(-1)?.writes?.changes).toMatchObject([{ change: 'discarded', column: 'note' }]);
    expect(await db.query(`SELECT attname FROM pg_attribute WHERE attrelid = 'copies'::regclass AND attnum > 0`)).toHaveLength(2);
  });

  test('tells of a target that cannot be merged into', async () => {
    await db.query('CREATE TABLE copies (id bigint, amount double precision, note text)');
    const plan = await planOf(load(`table: 'copies', mode: 'merge'`));
    expect(plan.end).toMatchObject({
      kind: 'fails',
      code: 'TARGET_UNSUITABLE',
      message: expect.stringContaining('CREATE UNIQUE INDEX') as string,
    });
    await db.query('DROP TABLE copies; CREATE VIEW copies AS SELECT 1 AS id');
    expect((await planOf(load(`table: 'copies', mode: 'append'`))).end).toMatchObject({ code: 'TARGET_UNSUITABLE' });
    expect((await planOf(load(`table: 'away.copies', mode: 'append'`))).end).toMatchObject({ code: 'TABLE_MISSING' });
  });

  test('tells the range of a cursor, and plans queries', async () => {
    const plan = await planOf(
      `const after = await run.watermark({ to: 'lake', path: 'copy' });
       const raw = await run.extract('orders', { from: 'shop', query: 'SELECT id, at FROM orders WHERE id < 10', cursor: 'at', after: '2001-01-01T01:00:00Z', lag: '1 hour' });
       return run.load(raw as never, { to: 'lake', path: 'copy', mode: 'append', watermark: raw.range });`,
    );
    expect(plan.end).toEqual({ kind: 'complete' });
    expect(plan.steps[1]?.reads).toMatchObject({
      from: 'the query',
      range: { column: 'at', after: '2001-01-01T01:00:00.000000Z', from: '2001-01-01T00:00:00.000000Z' },
    });
    expect(plan.steps[2]?.writes).toMatchObject({ target: 'lake.copy', mode: 'append', exists: false });
  });

  test('plans a transform in the database, over tables that are there and that this run would make', async () => {
    const there = await planOf(
      `return run.transform('totals', { orders: run.table('shop', 'orders') }, { on: 'shop', table: 'totals', mode: 'replace' });`,
    );
    expect(there.end).toEqual({ kind: 'complete' });
    expect(there.steps[0]).toMatchObject({ inputs: ['shop.orders'], writes: { target: 'shop.public.totals', exists: false } });
    const made = await planOf(
      `${READ}\nconst copies = await run.load(orders, { to: 'shop', table: 'copies', mode: 'replace' });
       return run.transform('totals', { orders: copies }, { on: 'shop', table: 'totals', mode: 'replace' });`,
    );
    expect(made.end).toEqual({ kind: 'complete' });
    expect(made.steps.at(-1)?.columns?.map(({ name }) => name)).toEqual(['orders']);
  });

  test('goes on with what is known where the server does not answer', async () => {
    const plan = await planOf(load(`table: 'copies', mode: 'merge'`), 'postgres://nobody:secret@127.0.0.1:1/none');
    expect(plan.end).toEqual({ kind: 'complete' });
    expect(plan.steps.map(({ step }) => step)).toEqual(['extract:orders', 'validate:orders', 'load:shop.copies']);
    const [extract, validate, target] = plan.steps;
    expect(extract).toMatchObject({ columns: null, notes: [{ severity: 'warning', code: 'CONNECTION_REFUSED' }] });
    expect(validate?.columns?.map(({ name }) => name)).toEqual(['id', 'amount', 'note']);
    expect(target?.writes).toMatchObject({ exists: null, columns: null });
    expect(JSON.stringify(plan)).not.toContain('secret');
  });
});

test('a replication is planned table by table', async () => {
  await db.query('CREATE TABLE customers (id int PRIMARY KEY)');
  const folder = writtenProject({ 'millrace.config.ts': CONFIG(db.url) });
  const plan = await planPipeline(await loadProject(folder), 'replicate', { from: 'shop', to: 'lake', tables: ['public.*'] });
  expect(plan.steps.map(({ step }) => step)).toEqual([
    'discover:shop',
    'extract:public.orders',
    'extract:public.customers',
    'load:lake.public/orders.parquet',
    'load:lake.public/customers.parquet',
  ]);
});
