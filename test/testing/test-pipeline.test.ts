import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract, defineProject, env, files, monthly, postgres, query, sql, sqlFile } from '../../src/config/index.js';
import { stepFailure, testPipeline, type GivenRows } from '../../src/testing/index.js';
import { pipelines } from '../../workflows/index.js';
import { temporaryFolder } from '../support/folder.js';

const Sale = contract(
  z.object({
    id: z.int(),
    at: z.date(),
    channel: z.enum(['shop', 'web']),
    amount: z.number(),
    cents: z.int64(),
    note: z.string().optional(),
  }),
  { key: ['id'], rules: { 'is not free': sql`amount > 0` } },
);
const Total = contract(z.object({ channel: z.string(), amount: z.number(), sales: z.int() }), { key: ['channel'] });

const project = defineProject({
  connections: {
    shop: postgres({ url: env('TEST_SHOP_URL') }),
    lake: files({ root: env('TEST_LAKE') }),
    warehouse: postgres({ url: env('TEST_WAREHOUSE_URL') }),
  },
  contracts: { Sale, Total },
  transforms: {
    totals: query({ inputs: { sales: Sale }, output: Total }, (db) =>
      db
        .selectFrom('sales')
        .select(({ fn }) => ['channel', fn.sum<number>('amount').as('amount'), fn.countAll<number>().as('sales')])
        .groupBy('channel'),
    ),
    since: sqlFile('since.sql', { inputs: { sales: Sale }, output: Sale }),
  },
  pipelines: {
    sales: {
      params: z.object({ month: z.string(), limit: z.number().default(0.5) }),
      partition: monthly('month', { from: '2001-01' }),
    },
    careful: { params: z.object({}) },
    growing: { params: z.object({}) },
    odd: { params: z.object({ what: z.string() }) },
  },
});
const pipeline = pipelines<typeof project>();

const sales = pipeline('sales', async (run, { month, limit }) => {
  const raw = await run.extract('sales', { from: 'shop', table: 'sales', where: { at: run.within(month) } });
  const judged = await run.validate(raw, 'Sale', { maxRejected: limit });
  run.log.info('Judged the sales.', { rows: judged.rows });
  const [totals] = await Promise.all([
    run.load(run.transform('totals', { sales: judged }), { to: 'warehouse', table: 'totals', mode: 'merge' }),
    run.load(judged, { to: 'lake', path: 'sales', mode: 'replace' }),
  ]);
  return { rows: totals.rows };
});

const careful = pipeline('careful', async (run) => {
  try {
    await run.load(run.validate(run.extract('sales', { from: 'shop', table: 'sales' }), 'Sale'), {
      to: 'warehouse',
      table: 'sales',
      mode: 'append',
    });
    return 'loaded';
  } catch (error) {
    run.log.warn('Fell back.');
    const rows = await run.extract('fallback', { from: 'lake', path: 'fallback.csv' });
    await run.load(rows, { to: 'warehouse', table: 'fallback', mode: 'replace' });
    return `fell back: ${(error as { type?: string }).type}`;
  }
});

const growing = pipeline('growing', async (run) => {
  const after = await run.watermark({ to: 'warehouse', table: 'sales' });
  const raw = await run.extract('sales', { from: 'shop', table: 'sales', cursor: 'at', after, lag: '1 hour' });
  const loaded = await run.load(run.validate(raw, 'Sale'), {
    to: 'warehouse',
    table: 'sales',
    mode: 'append',
    watermark: raw.range,
  });
  return loaded.watermark;
});

const odd = pipeline('odd', async (run, { what }) => {
  if (what === 'throws') throw new RangeError('the pipeline’s own mistake');
  if (what === 'twice') await Promise.all([1, 2].map(() => run.extract('sales', { from: 'shop', table: 'sales' })));
  if (what === 'merges files')
    await run.load(run.validate(run.extract('sales', { from: 'shop', table: 'sales' }), 'Sale'), {
      to: 'lake',
      path: 'x',
      mode: 'merge',
    });
  if (what === 'leaves') void run.extract('sales', { from: 'shop', table: 'sales' });
  if (what === 'sleeps') await (await import('@temporalio/workflow')).sleep('1 day');
  if (what === 'unknown') await run.extract('sales', { from: 'shopp' as 'shop', table: 'sales' });
  if (what === 'on') {
    await run.transform('totals', { sales: run.table('warehouse', 'sales') }, { on: 'warehouse', table: 't', mode: 'append' });
  }
});

const SALE = { id: 1, at: new Date('2001-02-03T04:05:06.789Z'), channel: 'web', amount: 0.1, cents: 1234567890123456789n };
const of = (id: number, change: object = {}) => ({ ...SALE, id, ...change });

describe('a pipeline in a test', () => {
  test('runs as it is: rows are judged, computed with and loaded, and come back as the values they were', async () => {
    const rows = [
      of(1),
      of(2, { channel: 'shop', note: '“x”' }),
      of(3, { channel: 'fax', amount: -1 }),
      of(4, { at: new Date('2001-03-01') }),
    ];
    const result = await testPipeline(project, sales, { params: { month: '2001-02' }, datasets: { sales: rows } });
    expect(result.error).toBeUndefined();
    expect(result.value).toEqual({ rows: 2 });
    expect(result.loaded('warehouse.totals', 'Total')).toEqual([
      { channel: 'shop', amount: 0.1, sales: 1 },
      { channel: 'web', amount: 0.1, sales: 1 },
    ]);
    expect(result.loaded('lake.sales', 'Sale')).toEqual([rows[0], rows[1]]);
    const [first, ...others] = result.rejected('sales');
    expect(others).toEqual([]);
    expect(first?.reasons.map(({ code, path: at }) => [code, at])).toEqual([['invalid_value', 'channel']]);
    expect(first?.row).toMatchObject({ id: '3', channel: 'fax' });
    const told = result.steps.map(({ step, status, rows: count, rejected }) => `${step} ${status} ${count} ${rejected}`);
    expect(told.slice(0, 2)).toEqual(['extract:sales done 3 undefined', 'validate:sales done 2 1']);
    expect(told.slice(2).toSorted()).toEqual([
      'load:lake.sales done 2 undefined',
      'load:warehouse.totals done 2 undefined',
      'transform:totals done 2 undefined',
    ]);
    expect(result.log).toEqual([{ level: 'info', message: 'Judged the sales.', facts: { rows: 2 } }]);
    expect(result.loads.map(({ target, mode }) => `${mode} ${target}`).toSorted()).toEqual([
      'merge warehouse.totals',
      'replace lake.sales',
    ]);
  });

  test('takes CSV text as a file, with malformed lines in quarantine', async () => {
    const csv = 'id,at,channel,amount,cents\n1,2001-02-03,web,2,5\n2,2001\n';
    const result = await testPipeline(project, sales, { params: { month: '2001-02', limit: 0.5 }, datasets: { sales: csv } });
    expect(result.error).toBeUndefined();
    expect(result.loaded('lake.sales')).toEqual([{ id: 1, at: new Date('2001-02-03'), channel: 'web', amount: 2, cents: 5n }]);
    expect(result.rejected('sales').map(({ line, row }) => [line, row])).toEqual([[3, '2,2001']]);
  });

  test('fails where a run would, with its code, and what it refused can be looked at', async () => {
    const result = await testPipeline(project, sales, {
      params: { month: '2001-02', limit: 0 },
      datasets: { sales: [of(1, { amount: 0 }), of(2)] },
    });
    expect(result.error).toMatchObject({
      code: 'CONTRACT_BREACH',
      message: expect.stringContaining('Step validate:sales failed: ') as string,
    });
    expect(result.rejected('sales')).toHaveLength(1);
    expect(() => result.loaded('lake.sales')).toThrow(/Nothing was loaded into "lake.sales".*CONTRACT_BREACH/s);
    expect(() => result.value).toThrow(/CONTRACT_BREACH/);
    expect(result.steps.at(-1)).toMatchObject({ step: 'validate:sales', status: 'failed' });
  });

  test('can catch the failure that the test gives to a step', async () => {
    const fallback = 'a\n1\n';
    const failing = await testPipeline(project, careful, {
      datasets: { sales: stepFailure('CONNECTION_LOST', 'gone'), fallback },
    });
    expect(failing.value).toBe('fell back: CONNECTION_LOST');
    expect(failing.loaded('warehouse.fallback')).toEqual([{ a: '1' }]);
    const failures = { 'load:warehouse.sales': stepFailure('CREDENTIALS_REJECTED') };
    const refused = await testPipeline(project, careful, { datasets: { sales: [of(1)], fallback }, failures });
    expect(refused.value).toBe('fell back: CREDENTIALS_REJECTED');
    expect(refused.steps.map(({ step, status }) => `${step} ${status}`)).toContain('load:warehouse.sales failed');
    const fine = await testPipeline(project, careful, { datasets: { sales: [of(1)] } });
    expect(fine.value).toBe('loaded');
    expect(fine.loaded('warehouse.sales', 'Sale')).toEqual([SALE]);
  });

  test('reads by a cursor from the watermark that the test sets, and appends what is new', async () => {
    const rows = ['00:59', '01:00', '02:00', '03:00'].map((time, id) => of(id, { at: new Date(`2001-02-03T${time}:00Z`) }));
    const all = await testPipeline(project, growing, { datasets: { sales: rows } });
    expect(all.error).toBeUndefined();
    expect(all.loaded('warehouse.sales')).toHaveLength(4);
    expect(all.value).toBe('2001-02-03T03:00:00.000000Z');
    const some = await testPipeline(project, growing, {
      datasets: { sales: rows },
      watermarks: { 'warehouse.sales': '2001-02-03T02:00:00.000000Z' },
    });
    expect(some.error).toBeUndefined();
    expect(some.steps.find(({ kind }) => kind === 'extract')?.rows).toBe(3);
    expect(some.loaded('warehouse.sales', 'Sale').map(({ id }) => id)).toEqual([3]);
  });

  test('finds SQL files from its folder, with the error of a run when they are wrong', async () => {
    const directory = temporaryFolder();
    writeFileSync(path.join(directory, 'since.sql'), 'SELECT idd FROM sales');
    const since = pipeline('careful', async (run) => {
      await run.transform('since', { sales: run.validate(run.extract('sales', { from: 'shop', table: 'sales' }), 'Sale') });
    });
    const result = await testPipeline(project, since, { datasets: { sales: [of(1)] }, directory });
    expect(result.error).toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('"id"') as string });
  });
});

describe('what is wrong with a test is told', () => {
  test.each([
    { what: 'twice', code: 'STEP_DUPLICATE', message: /already has a step extract:sales/ },
    { what: 'throws', code: 'STEP_FAILED', message: /own mistake/ },
    { what: 'merges files', code: 'CAPABILITY_MISSING', message: /cannot merge/ },
    { what: 'sleeps', code: 'TEST_UNSUPPORTED', message: /Temporal's own library/ },
    { what: 'unknown', code: 'CONNECTION_UNKNOWN', message: /no connection "shopp"/ },
    { what: 'on', code: 'TEST_UNSUPPORTED', message: /runs in the connection "warehouse"/ },
  ])('a pipeline that $what ends with $code', async ({ what, code, message }) => {
    const result = await testPipeline(project, odd, { params: { what }, datasets: { sales: [of(1)] } });
    expect(result.error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test('a step that the pipeline leaves at work is stopped before the result is there', async () => {
    const result = await testPipeline(project, odd, { params: { what: 'leaves' }, datasets: { sales: [of(1)] } });
    expect(result.error).toBeUndefined();
    expect(result.steps.map(({ status }) => status)).not.toContain('running');
  });

  test.each([
    { datasets: { sale: [of(1)] }, code: 'TEST_DATA_MISSING', message: /extracts "sales".*Did you mean "sale"/ },
    { datasets: {}, code: 'TEST_DATA_MISSING', message: /extracts "sales"/ },
    { datasets: { sales: [] }, code: 'TEST_DATA_INVALID', message: /header as CSV text/ },
    { datasets: { sales: [of(1), of(2, { amount: Number.NaN })] }, code: 'TEST_DATA_INVALID', message: /row 1: amount is NaN/ },
    { datasets: { sales: '' }, code: 'FILE_EMPTY', message: /0 bytes/ },
    { datasets: { sales: new Error('boom') }, code: 'INTERNAL', message: /boom/ },
  ] as { datasets: Record<string, GivenRows>; code: string; message: RegExp }[])(
    'rows that are missing or none: $code, $message',
    async ({ datasets, code, message }) => {
      const result = await testPipeline(project, sales, { params: { month: '2001-02' }, datasets });
      expect(result.error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    },
  );

  test('parameters are those of the schema, and the pipeline has to be of the project', async () => {
    await expect(testPipeline(project, sales, { params: { month: 'March' } })).rejects.toMatchObject({
      code: 'PARAMETERS_INVALID',
      message: expect.stringContaining('"March" is not a partition') as string,
    });
    await expect(testPipeline(project, sales, { params: {} as { month: string } })).rejects.toMatchObject({
      code: 'PARAMETERS_INVALID',
      message: expect.stringContaining('month') as string,
    });
    const other = defineProject({ ...project, pipelines: { salez: { params: z.object({}) } } });
    await expect(testPipeline(other, sales as never)).rejects.toMatchObject({
      code: 'PIPELINE_UNKNOWN',
      message: expect.stringContaining('Did you mean "salez"') as string,
    });
    await expect(testPipeline(project, (() => Promise.resolve()) as never)).rejects.toMatchObject({ code: 'PIPELINE_UNKNOWN' });
  });

  test('a target, contract or dataset that is not there is named beside those that are', async () => {
    const result = await testPipeline(project, careful, { datasets: { sales: [of(1)] } });
    expect(() => result.loaded('warehouse.sale')).toThrow('Did you mean "warehouse.sales"?');
    expect(() => result.loaded('warehouse.sales', 'Total')).toThrow('are of Sale, not of "Total"');
    expect(() => result.rejected('sale')).toThrow('Did you mean "sales"?');
  });
});

test('tests beside each other keep apart, and leave nothing behind', async () => {
  const [before, folder] = [process.env['TMPDIR'], temporaryFolder()];
  process.env['TMPDIR'] = folder;
  try {
    const runs = Array.from({ length: 4 }, (_, id) =>
      testPipeline(project, careful, { datasets: { sales: [of(id)] } }).then((result) =>
        result.loaded('warehouse.sales', 'Sale'),
      ),
    );
    expect((await Promise.all(runs)).map(([row]) => row?.id)).toEqual([0, 1, 2, 3]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
