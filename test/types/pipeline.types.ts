/*
 * What the compiler refuses. Every `@ts-expect-error` fails the type check when the line below it becomes legal.
 */
import { z } from 'zod';
import {
  checks,
  contract,
  defineProject,
  files,
  monthly,
  query,
  references,
  rows,
  sqlFile,
  unique,
  type RowsFunction,
} from '../../src/config/index.js';
import { pipelines, type Dataset } from '../../workflows/index.js';

const Order = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });
const Customer = contract(z.object({ id: z.int(), name: z.string() }));
const Total = contract(z.object({ name: z.string(), total: z.number() }), { key: ['name'] });

// @ts-expect-error a key column has to be a column of the schema
export const wrongKey = contract(z.object({ id: z.int() }), { key: ['ident'] });

// @ts-expect-error a check names columns of the schema
export const wrongCheck = contract(z.object({ id: z.int() }), { checks: { once: unique(['ident']) } });

// @ts-expect-error a check names columns of the inputs
export const wrongCheckSet = checks({ inputs: { orders: Order } }, { once: unique(['ident']) });

const project = defineProject({
  connections: { lake: files({ root: './data' }), out: files({ root: './out' }) },
  contracts: { Order, Customer, Total },
  pools: { warehouse: 4, licence: { slots: 2, description: 'two seats' } },
  checks: {
    fit: checks(
      { inputs: { orders: Order, customers: Customer } },
      { known: references(['id'], 'customers', ['id']), once: unique(['name'], { of: 'customers' }) },
    ),
  },
  transforms: {
    totals: sqlFile('./totals.sql', { inputs: { orders: Order, customers: Customer }, output: Total }),
    tidy: rows(
      { inputs: { orders: Order }, output: Order },
      () =>
        async function* ({ orders }) {
          for await (const batch of orders) yield batch;
        },
    ),
    names: query({ inputs: { customers: Customer }, output: Total }, (db) =>
      db.selectFrom('customers').select(['name', ({ fn }) => fn.countAll<number>().as('total')]),
    ),
  },
  pipelines: {
    daily: {
      params: z.object({ month: z.string(), limit: z.int().default(10) }),
      partition: monthly('month', { from: '2024-01' }),
    },
  },
});

export const wrongQuery = query(
  { inputs: { customers: Customer }, output: Total },
  // @ts-expect-error the result has to have the output contract's columns
  (db) => db.selectFrom('customers').select('name'),
);

export const wrongTable = query({ inputs: { customers: Customer }, output: Total }, (db) =>
  // @ts-expect-error a table has to be one of the inputs
  db.selectFrom('orders').select('name'),
);

export const wrongColumn = query({ inputs: { customers: Customer }, output: Customer }, (db) =>
  db
    .selectFrom('customers')
    .select(['id', 'name'])
    // @ts-expect-error a column has to be one of the input contract's
    .where('customers.nam', '=', 'x'),
);

export const wrongValue = query({ inputs: { customers: Customer }, output: Customer }, (db) =>
  db
    .selectFrom('customers')
    .select(['id', 'name'])
    // @ts-expect-error a column is compared with values of its own type
    .where('id', '=', 'x'),
);

export const wrongType = query(
  { inputs: { orders: Order }, output: Order },
  // @ts-expect-error a column has to be of the output contract's type
  (db) => db.selectFrom('orders').select((eb) => ['id', eb.cast<string>('amount', 'text').as('amount')]),
);

export const extraColumn = query(
  { inputs: { customers: Customer }, output: contract(z.object({ id: z.int() })) },
  // @ts-expect-error a selected column has to be one of the output contract's
  (db) => db.selectFrom('customers').select(['id', 'name']),
);

export const writes = query({ inputs: { customers: Customer }, output: Customer }, (db) =>
  // @ts-expect-error a transform only selects
  db.deleteFrom('customers').returningAll(),
);

export const typedParams = query(
  { inputs: { orders: Order }, output: Order, params: z.object({ limit: z.int(), since: z.iso.date() }) },
  (db, params) => {
    const limit: number = params.limit;
    const since: string = params.since;
    // @ts-expect-error a parameter has the type that the transform declares
    const wrongLimit: string = params.limit;
    // @ts-expect-error a parameter has to be declared
    void params.month;
    return db
      .selectFrom('orders')
      .selectAll()
      .where('id', '<', limit + since.length + wrongLimit.length);
  },
);

export const goodFunction = rows(
  { inputs: { orders: Order, customers: Customer }, output: Total },
  () =>
    async function* ({ orders, customers }) {
      const [first] = await customers.rows();
      const name: string | undefined = first?.name;
      for await (const batch of orders) yield batch.map(({ amount }) => ({ name: name ?? '', total: amount }));
    },
);

const counts: RowsFunction<{ orders: typeof Order }, typeof Total> = async function* ({ orders }) {
  for await (const batch of orders) yield { name: 'all', total: batch.length };
};

export const declared = rows({ inputs: { orders: Order }, output: Total }, () => Promise.resolve({ default: counts }));

const counted = () => Promise.resolve({ default: counts });
// @ts-expect-error a function reads the inputs that the transform declares
export const wrongInputs = rows({ inputs: { customers: Customer }, output: Total }, counted);
// @ts-expect-error a function yields rows of the output's contract
export const wrongOutput = rows({ inputs: { orders: Order }, output: Customer }, counted);

export const wrongParams = rows(
  { inputs: { orders: Order }, output: Total, params: z.object({ limit: z.int() }) },
  () =>
    async function* ({ orders }, { params }) {
      // @ts-expect-error a parameter has to be declared
      void params.month;
      const limit: number = params.limit;
      for await (const batch of orders) yield { name: 'all', total: batch.length + limit };
    },
);

const pipeline = pipelines<typeof project>();

// @ts-expect-error a pipeline's name has to be in the config
export const unknown = pipeline('weekly', async () => undefined);

export const daily = pipeline('daily', async (run, params) => {
  const limit: number = params.limit;
  // @ts-expect-error a parameter has the type its schema gives it
  const wrongLimit: string = params.limit;
  // @ts-expect-error a parameter has to be in the schema
  void params.week;

  const raw = await run.extract('orders', { from: 'lake', path: 'orders.csv' });
  // @ts-expect-error a connection's name has to be in the config
  await run.extract('orders', { from: 'ocean', path: 'orders.csv' });

  const orders = await run.validate(raw, 'Order', { maxRejected: 0.1 });
  const customers = await run.validate(await run.extract('customers', { from: 'lake', path: 'customers.csv' }), 'Customer');
  // @ts-expect-error a contract's name has to be in the config
  await run.validate(raw, 'Ordr');

  // A step waits for inputs by itself, and knows their rows.
  const early = run.validate(run.extract('early', { from: 'lake', path: 'early.csv' }), 'Order', { as: 'early' });
  await run.load(early, { to: 'out', path: 'early', mode: 'append', key: ['id'] });
  // @ts-expect-error a promised dataset has its columns too
  await run.load(early, { to: 'out', path: 'early', mode: 'append', key: ['ident'] });
  await run.transform('totals', { orders: early, customers });

  const totals: Dataset<{ name: string; total: number }> = await run.transform('totals', { orders, customers });
  // @ts-expect-error inputs have to have passed the contracts that the transform declares
  await run.transform('totals', { orders: customers, customers: orders });
  // @ts-expect-error an input that was not validated is no input
  await run.transform('totals', { orders: raw, customers });
  // @ts-expect-error every declared input has to be given
  await run.transform('totals', { orders });
  // @ts-expect-error a transform's name has to be in the config
  await run.transform('total', { orders, customers });

  // What a transform makes can be judged by a contract, too.
  await run.validate(totals, 'Customer');
  await run.transform('totals', { orders: run.validate(orders, 'Order', { as: 'again' }), customers });

  await run.load(totals, { to: 'out', path: 'totals.parquet', mode: 'replace', partition: { name: 'x' } });
  await run.load(await run.extract('raw', { from: 'out', path: 'raw.csv' }), {
    to: 'out',
    path: 'raw.parquet',
    mode: 'merge',
    // Nothing is known of the columns of a dataset that was not judged.
    key: ['anything'],
  });
  // @ts-expect-error a key column has to be a column of the rows
  await run.load(totals, { to: 'out', path: 'totals.parquet', mode: 'merge', key: ['nam'] });
  // @ts-expect-error a partition column has to be a column of the rows
  await run.load(totals, { to: 'out', path: 'totals.parquet', mode: 'replace', partition: { nam: 'x' } });
  // @ts-expect-error only replace takes a partition
  await run.load(totals, { to: 'out', path: 'totals.parquet', mode: 'append', partition: { name: 'x' } });
  await run.load(totals, { to: 'out', path: 'totals', mode: 'merge', deleteFlag: 'name', schema: 'evolve' });
  await run.load(totals, { to: 'out', path: 'totals', mode: 'scd2', deleteFlag: 'name', validFrom: 'total', schema: 'discard' });
  // @ts-expect-error a delete flag has to be a column of the rows
  await run.load(totals, { to: 'out', path: 'totals', mode: 'merge', deleteFlag: 'gone' });
  // @ts-expect-error validFrom has to be a column of the rows
  await run.load(totals, { to: 'out', path: 'totals', mode: 'scd2', validFrom: 'since' });
  // @ts-expect-error only scd2 takes validFrom
  await run.load(totals, { to: 'out', path: 'totals', mode: 'merge', validFrom: 'total' });
  // @ts-expect-error append deletes nothing
  await run.load(totals, { to: 'out', path: 'totals', mode: 'append', deleteFlag: 'name' });
  // @ts-expect-error replace deletes by itself
  await run.load(totals, { to: 'out', path: 'totals', mode: 'replace', deleteFlag: 'name' });
  // @ts-expect-error versions belong to no partition
  await run.load(totals, { to: 'out', path: 'totals', mode: 'scd2', partition: { name: 'x' } });
  // @ts-expect-error a schema policy is one of three
  await run.load(totals, { to: 'out', path: 'totals', mode: 'append', schema: 'widen' });
  // @ts-expect-error a load has to say how
  await run.load(totals, { to: 'out', path: 'totals.parquet' });

  const { passed, warnings } = await run.check('fit', { orders: early, customers });
  const found: string[] = warnings.map(({ observed }) => observed).slice(passed);
  // @ts-expect-error a check set's name has to be in the config
  await run.check('fitt', { orders, customers });
  // @ts-expect-error every declared input has to be given
  await run.check('fit', { orders });
  // @ts-expect-error inputs have to have passed the contracts that the set declares
  await run.check('fit', { orders: customers, customers: orders });
  const known = { customers: run.table('out', 'customers') };
  await run.load(orders, { to: 'out', table: 'orders', mode: 'replace', audit: ['fit', { checks: 'fit', inputs: known }] });
  // @ts-expect-error an audit's check set has to be in the config
  await run.load(orders, { to: 'out', table: 'orders', mode: 'replace', audit: ['fitt'] });

  await run.extract('pooled', { from: 'lake', path: 'x', pool: 'warehouse', priority: 1, fairness: { key: 'shop' } });
  await run.validate(raw, 'Order', { as: 'pooled', pool: { name: 'licence', weight: 2 } });
  // @ts-expect-error a pool's name has to be in the config
  await run.extract('pooled', { from: 'lake', path: 'x', pool: 'warehose' });
  // @ts-expect-error so has one with a weight
  await run.load(orders, { to: 'out', table: 'orders', mode: 'replace', pool: { name: 'warehose', weight: 2 } });
  // @ts-expect-error a weight is a number
  await run.check('fit', { orders, customers }, { pool: { name: 'warehouse', weight: 'two' } });
  // @ts-expect-error a priority is one of five
  await run.extract('pooled', { from: 'lake', path: 'x', priority: 6 });

  const since = await run.watermark({ to: 'out', path: 'orders' });
  const changes = await run.extract('changes', { from: 'lake', path: 'x', cursor: 'changed_at', after: since, lag: '1 hour' });
  await run.load(changes, { to: 'out', path: 'orders', mode: 'append', watermark: changes.range });
  // @ts-expect-error a connection's name has to be in the config
  await run.watermark({ to: 'ocean', path: 'orders' });
  // @ts-expect-error the range of what was read is loaded, not the watermark that it begins at
  await run.load(changes, { to: 'out', path: 'orders', mode: 'append', watermark: since });

  // A table that a load has filled is an input where it is, and so is one that is only named.
  const there = run.load(orders, { to: 'out', table: 'orders', mode: 'replace' });
  const named = run.table('out', 'public.customers');
  // @ts-expect-error a connection's name has to be in the config
  run.table('ocean', 'customers');
  const sums = run.transform('totals', { orders: there, customers: named }, { on: 'out', table: 'totals', mode: 'replace' });
  const summed: number = (await sums).rows;
  await run.transform('names', { customers: named }, { on: 'out', table: 'names', mode: 'merge', key: ['name'] });
  // @ts-expect-error a table of other rows is no input
  await run.transform('totals', { orders: sums, customers: named }, { on: 'out', table: 'totals', mode: 'replace' });
  // @ts-expect-error a dataset is not in the connection
  await run.transform('totals', { orders, customers: named }, { on: 'out', table: 'totals', mode: 'replace' });
  // @ts-expect-error a table is no dataset
  await run.transform('totals', { orders: there, customers });
  // @ts-expect-error a transform in a connection has to say how its rows meet the table
  await run.transform('totals', { orders: there, customers: named }, { on: 'out', table: 'totals' });
  // @ts-expect-error a transform in a connection has to name the table that takes its rows
  await run.transform('totals', { orders: there, customers: named }, { on: 'out', mode: 'replace' });
  // @ts-expect-error a key column has to be a column of the output
  await run.transform('totals', { orders: there, customers: named }, { on: 'out', table: 't', mode: 'merge', key: ['nam'] });
  const tables = { orders: there, customers: named };
  // @ts-expect-error only replace takes a partition
  await run.transform('totals', tables, { on: 'out', table: 't', mode: 'append', partition: { name: 'x' } });
  // @ts-expect-error a TypeScript function runs in no database
  await run.transform('tidy', { orders: there }, { on: 'out', table: 'tidy', mode: 'replace' });
  return { limit, wrongLimit, summed, found };
});

export const started = (): Promise<unknown> => daily({ month: '2024-01' });
// @ts-expect-error a run's parameters have to have the types of the schema
export const startedWrong = (): Promise<unknown> => daily({ month: 1 });
