import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { judgeDataset, parquetInput, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

const Flight = contract(z.object({ origin: z.string().length(3), delay: z.int().min(-120).max(1440), at: z.date() }), {
  rules: { 'stays on earth': sql`delay < 1000 OR origin <> 'MOO'` },
});
const FLIGHTS = `SELECT i AS number, CASE WHEN i = 7 THEN 'LONG' WHEN i = 8 THEN 'MOO' ELSE 'JFK' END AS origin,
  (CASE WHEN i = 3 THEN -200 WHEN i = 8 THEN 1200 ELSE i END)::SMALLINT AS delay, TIMESTAMP '2001-01-01' + INTERVAL (i) DAY AS at FROM range(10) AS t(i)`;

it('writes no data where no value changes: the same part, beside the numbers of the rejected rows', async () => {
  const folder = temporaryFolder();
  const input = await parquetInput(session, folder, FLIGHTS);
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Flight, input);
  expect(judged.parts).toEqual([{ ...input.parts[0], deletes: './deletes-0.parquet' }]);
  expect(accepted.map((row) => Number(row.delay)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 9]);
  expect(summary(rejected)).toEqual(['4: too_small delay', '8: too_big origin', '9: row_rule']);
  expect(judged.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['origin VARCHAR', 'delay SMALLINT', 'at TIMESTAMP']);
  expect(judged.verdict).toMatchObject({ rowsRead: 10, accepted: 7, rejected: 3, judgedBySql: 10, judgedByZod: 0, undecided: 0 });
});

it('writes nothing at all where every row is accepted', async () => {
  const folder = temporaryFolder();
  const input = await parquetInput(session, folder, FLIGHTS);
  const { judged } = await judgeDataset(session, folder, contract(z.object({ number: z.int() })), input);
  expect(judged.parts).toEqual(input.parts);
  expect(judged.verdict).toEqual({
    rowsRead: 10,
    accepted: 10,
    rejected: 0,
    judgedBySql: 10,
    undecided: 0,
    judgedByZod: 0,
    reasons: [],
  });
});

it('judges only rows within the filter, and adds its deleted rows to earlier ones', async () => {
  const folder = temporaryFolder();
  const input = await parquetInput(session, folder, FLIGHTS, { number: { gte: 2, lt: 9 } });
  const first = await judgeDataset(session, folder, Flight, input);
  expect(first.judged.verdict).toMatchObject({ rowsRead: 7, accepted: 4, rejected: 3 });
  const Early = contract(z.object({ delay: z.int().max(5) }));
  const second = await judgeDataset(session, folder, Early, { ...first.output, columns: input.columns });
  expect(second.judged.verdict).toMatchObject({ rowsRead: 4, accepted: 3, rejected: 1 });
  expect(second.accepted.map((row) => Number(row.delay)).toSorted((a, b) => a - b)).toEqual([2, 4, 5]);
  const third = await judgeDataset(session, folder, Early, { ...second.output, columns: input.columns });
  expect(third.judged.verdict).toMatchObject({ rowsRead: 3, accepted: 3, rejected: 0 });
  expect(third.accepted.map((row) => Number(row.delay)).toSorted((a, b) => a - b)).toEqual([2, 4, 5]);
});

it('writes a new part where a default fills a gap, and only then', async () => {
  const folder = temporaryFolder();
  const Filled = contract(
    z.object({
      i: z.int().max(5),
      n: z.number().default(1.5),
      d: z.date().default(new Date('2001-02-03')),
      t: z.string().optional(),
      u: z.string().default("it's"),
    }),
  );
  const gaps = await parquetInput(
    session,
    folder,
    `SELECT i, CASE WHEN i % 2 = 0 THEN i END::DOUBLE AS n, NULL::TIMESTAMP AS d, 'x' AS other FROM range(8) AS t(i)`,
    { i: { gte: 1 } },
  );
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Filled, gaps);
  expect(judged.parts[0]).toMatchObject({ path: './part-0.parquet', rows: 7, deletes: './deletes-0.parquet' });
  expect(accepted).toEqual(
    [1, 2, 3, 4, 5].map((i) => ({ i: BigInt(i), n: i % 2 === 0 ? i : 1.5, d: new Date('2001-02-03'), t: null, u: "it's" })),
  );
  expect(summary(rejected)).toEqual(['7: too_big i', '8: too_big i']);
  const whole = await parquetInput(
    session,
    folder,
    `SELECT 1 AS i, 2.0::DOUBLE AS n, TIMESTAMP '2001-01-01' AS d, 'a' AS t, 'b' AS u`,
  );
  expect((await judgeDataset(session, folder, Filled, whole)).judged.parts).toEqual(whole.parts);
});

it('sees typed values as the documented JavaScript values', async () => {
  const folder = temporaryFolder();
  const Typed = contract(
    z.object({
      id: z.uuid(),
      day: z.iso.date(),
      moment: z.iso.datetime(),
      local: z.iso.datetime({ local: true, precision: 3 }),
      clock: z.iso.time(),
      price: z.number().multipleOf(0.01),
      big: z.bigint().gt(2n ** 62n),
      at: z.date().max(new Date('2001-01-01T00:00:00.123Z')),
      flag: z.boolean(),
      kind: z.enum(['a', 'b']),
    }),
  );
  const good = `SELECT '123e4567-e89b-12d3-a456-426614174000'::UUID AS id, DATE '2001-02-03' AS day, TIMESTAMPTZ '2001-02-03 04:05:06.5+00' AS moment, TIMESTAMP '2001-02-03 04:05:06.789' AS local,
    TIME '12:34:56' AS clock, 1.23::DECIMAL(38,3) AS price, 9223372036854775807 AS big, TIMESTAMP '2001-01-01 00:00:00.123456' AS at, TRUE AS flag, 'a'::ENUM('a','b','c') AS kind`;
  const bad = `SELECT '123e4567-e89b-92d3-a456-426614174000'::UUID, 'infinity'::DATE, 'infinity'::TIMESTAMPTZ, TIMESTAMP '2001-02-03 04:05:06.789001', NULL, 1.235::DECIMAL(38,3), 5,
    'infinity'::TIMESTAMP, NULL, 'c'`;
  const { accepted, rejected } = await judgeDataset(
    session,
    folder,
    Typed,
    await parquetInput(session, folder, `${good} UNION ALL ${bad}`),
  );
  expect(accepted).toHaveLength(1);
  expect(summary(rejected)).toEqual([
    '2: invalid_format id, invalid_format day, invalid_format moment, invalid_format local, invalid_type clock, not_multiple_of price, too_small big, invalid_type at, invalid_type flag, invalid_value kind',
  ]);
  expect(rejected[0]?.reasons[1]).toMatchObject({ path: 'day', value: 'infinity' });
});

it('reads keywords, quotes and 70 rules as names like any other', async () => {
  const folder = temporaryFolder();
  const names = [
    'select',
    'from "quoted"',
    "it's",
    'Spalte ä',
    'a.b',
    ...Array.from({ length: 65 }, (_, index) => `column ${index}`),
  ];
  const Odd = contract(z.object(Object.fromEntries(names.map((name) => [name, z.int().max(10)]))));
  const values = (broken: string): string =>
    `SELECT ${names.map((name) => `${name === broken ? 11 : 1} AS "${name.replaceAll('"', '""')}"`).join(', ')}`;
  const input = await parquetInput(session, folder, ['none', ...names].map(values).join(' UNION ALL '));
  const { judged, rejected } = await judgeDataset(session, folder, Odd, input);
  expect(judged.verdict).toMatchObject({ rowsRead: 71, accepted: 1, rejected: 70 });
  expect(rejected.map((row) => row.reasons.map((reason) => reason.path).join())).toEqual(names);
});

it('gives the same reasons for very many rejected rows as for few', async () => {
  const folder = temporaryFolder();
  const Many = contract(
    z.object({
      i: z.int().min(5),
      t: z
        .string()
        .min(2)
        .max(4)
        .regex(/^[a-z]*$/),
      n: z.number().gt(1).nullable(),
      k: z.enum(['a', 'b']).optional(),
      u: z.url(),
    }),
    { rules: { 'i is even': sql`i % 2 = 0` } },
  );
  const select = (
    rows: number,
  ): string => `SELECT i % 11 AS i, ['', 'A', 'abcdefg', 'ok', NULL][i % 5 + 1] AS t, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 7 = 0 THEN 'nan'::DOUBLE ELSE i % 4 END AS n,
    ['a', 'x', NULL][i % 3 + 1] AS k, ['https://example.com/' || i, 'https://exa mple.com', ' https://example.com', NULL][i % 4 + 1] AS u FROM range(${rows}) AS t(i)`;
  const few = await judgeDataset(session, folder, Many, await parquetInput(session, folder, select(2000)));
  const many = await judgeDataset(session, folder, Many, await parquetInput(session, folder, select(6000)));
  expect(many.judged.verdict.rejected).toBeGreaterThan(2000);
  expect(few.judged.verdict.rejected).toBeLessThan(2000);
  expect(many.rejected.filter((row) => row.line <= 2000)).toEqual(few.rejected);
  expect(many.judged.verdict.accepted + many.judged.verdict.rejected).toBe(6000);
});

it('tells the columns it lacks or cannot judge, before anything is read', async () => {
  const folder = temporaryFolder();
  const input = await parquetInput(session, folder, `SELECT 'x' AS delay, 1 AS orgin, TIMESTAMP '2001-01-01' AS at`);
  await expect(judgeDataset(session, folder, Flight, input)).rejects.toMatchObject({
    code: 'CONTRACT_COLUMNS',
    message: expect.stringContaining('"origin" (did you mean "orgin"?)') as string,
  });
  const Text = contract(z.object({ delay: z.int() }));
  await expect(judgeDataset(session, folder, Text, input)).rejects.toMatchObject({
    code: 'CONTRACT_COLUMNS',
    message:
      'Contract "Order" cannot judge dataset "orders": "delay" is VARCHAR, the contract wants a number. Change the contract, or convert the columns in a transform or in the extract\'s query.',
  });
  const numbered = await parquetInput(session, temporaryFolder(), 'SELECT 1 AS delay, 2 AS file_row_number');
  await expect(judgeDataset(session, folder, Text, numbered)).rejects.toMatchObject({
    code: 'CONTRACT_COLUMNS',
    message: expect.stringContaining('"file_row_number" is the name under which rows are numbered') as string,
  });
  const Wrong = contract(z.object({ delay: z.string() }), { rules: { broken: sql`delay + nothing > 0` } });
  await expect(judgeDataset(session, folder, Wrong, input)).rejects.toMatchObject({
    code: 'CONTRACT_COLUMNS',
    message: expect.stringContaining('Rule "broken" of contract "Order"') as string,
  });
  expect(existsSync(`${folder}/part-0.parquet`)).toBe(false);
});

it('rejects a row for which a rule in SQL cannot be computed', async () => {
  const folder = temporaryFolder();
  const Ratio = contract(z.object({ a: z.int(), b: z.string() }), { rules: { 'b is above a': sql`b::INTEGER > a` } });
  const { accepted, rejected } = await judgeDataset(
    session,
    folder,
    Ratio,
    await parquetInput(session, folder, `SELECT unnest([1, 2, 3]) AS a, unnest(['5', 'x', '1']) AS b`),
  );
  expect(accepted.map((row) => row.a)).toEqual([1]);
  expect(summary(rejected)).toEqual(['2: row_rule', '3: row_rule']);
});
