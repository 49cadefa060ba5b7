import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract, defineProject, query, sql, sqlFile } from '../../src/config/index.js';
import { judgeCsv, runTransform } from '../../src/testing/index.js';
import { temporaryFolder } from '../support/folder.js';

const Sale = contract(
  z.object({
    id: z.int(),
    at: z.date(),
    day: z.iso.date(),
    amount: z.number(),
    cents: z.int64(),
    paid: z.boolean(),
    channel: z.enum(['shop', 'web']),
    note: z.string().optional(),
    coupon: z.string().nullable(),
  }),
  { key: ['id'], rules: { 'is not free': sql`amount > 0` } },
);
const Day = contract(z.object({ day: z.iso.date(), sales: z.int(), amount: z.number() }), { key: ['day'] });

const project = defineProject({
  connections: {},
  contracts: { Sale, Day },
  transforms: {
    same: query({ inputs: { sales: Sale }, output: Sale }, (db) => db.selectFrom('sales').selectAll()),
    byDay: sqlFile('by-day.sql', { inputs: { sales: Sale }, output: Day }),
  },
  pipelines: {},
});

const SALE = {
  id: 1,
  at: new Date('2001-02-03T04:05:06.789Z'),
  day: '2001-02-03',
  amount: 0.1,
  cents: 1234567890123456789n,
  paid: true,
  channel: 'web' as const,
  coupon: null,
};

test('rows go through a transform and come back as the values that they were', async () => {
  const other = { ...SALE, id: 2, note: '“quoted”, \ufeffwith a mark', coupon: '' };
  const rows = await runTransform(project, 'same', { inputs: { sales: [other, SALE] } });
  expect(rows).toEqual([SALE, other]);
});

test('a transform in a file gets its parameters, and its rows come in the order of its key', async () => {
  const directory = temporaryFolder();
  const text = 'SELECT day, count(*) AS sales, sum(amount) AS amount FROM sales WHERE day >= $from GROUP BY day;';
  writeFileSync(path.join(directory, 'by-day.sql'), text);
  const days = ['2001-02-04', '2001-02-03', '2001-02-04', '2001-02-02'];
  const sales = days.map((day, index) => ({ ...SALE, id: index, day, amount: 2 }));
  const run = (inputs: { sales: typeof sales }) =>
    runTransform(project, 'byDay', { inputs, directory, params: { from: '2001-02-03' } });
  expect(await run({ sales })).toEqual([
    { day: '2001-02-03', sales: 1, amount: 2 },
    { day: '2001-02-04', sales: 2, amount: 4 },
  ]);
  expect(await run({ sales: [] })).toEqual([]);
});

test('what is wrong with a transform is told as in a run', async () => {
  const directory = temporaryFolder();
  const inputs = { sales: [SALE] };
  writeFileSync(path.join(directory, 'by-day.sql'), 'SELECT daay FROM sales');
  await expect(runTransform(project, 'byDay', { inputs, directory })).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  writeFileSync(path.join(directory, 'by-day.sql'), 'SELECT day FROM sales');
  await expect(runTransform(project, 'byDay', { inputs, directory })).rejects.toMatchObject({ code: 'TRANSFORM_OUTPUT' });
  writeFileSync(path.join(directory, 'by-day.sql'), 'SELECT * FROM secrets');
  await expect(runTransform(project, 'byDay', { inputs, directory })).rejects.toMatchObject({ code: 'TRANSFORM_FORBIDDEN' });
  await expect(runTransform(project, 'same', { inputs: {} as typeof inputs })).rejects.toMatchObject({
    code: 'TRANSFORM_INPUTS',
  });
});

test('CSV text is judged as a file would be, rules and malformed lines included', async () => {
  const csv = [
    'id,at,day,amount,cents,paid,channel,note,coupon',
    '1,2001-02-03T04:05:06.789Z,2001-02-03,0.1,1234567890123456789,true,web,,',
    'two,2001-02-03,2001-02-03,1,1,yes,web,,',
    '3,2001-02-03,2001-02-03,0,1,true,web,,',
    '4,2001-02-03',
  ];
  const { accepted, rejected } = await judgeCsv(Sale, `${csv.join('\n')}\n`);
  expect(accepted).toEqual([SALE]);
  expect(rejected.map(({ line, reasons }) => [line, ...reasons.map(({ code, path: at }) => `${code} ${at}`.trim())])).toEqual([
    [3, 'invalid_type id', 'invalid_type paid'],
    [4, 'row_rule'],
    [5, 'malformed_line'],
  ]);
  await expect(judgeCsv(Sale, 'id\n1\n')).rejects.toMatchObject({ code: 'FILE_HEADER' });
});
