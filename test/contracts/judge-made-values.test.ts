import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { z as earlier } from 'zod-4.6.5';
import { contract, type Contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { datasetSelect } from '../../src/engine/dataset-sql.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, judgeDataset, parquetInput, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

/** The column `c` of the accepted rows as text, its type, and the rejected rows. */
async function judged(given: Contract, select: string): Promise<unknown[]> {
  const folder = temporaryFolder();
  const { output, rejected } = await judgeDataset(session, folder, given, await parquetInput(session, folder, select));
  const rows = await session.rows<{ c: string | null }>(`SELECT c::VARCHAR AS c FROM (${datasetSelect(output, folder)})`);
  return [output.columns.find(({ name }) => name === 'c')?.type, rows.map(({ c }) => c), summary(rejected)];
}

const column = (schema: z.ZodType): Contract => contract(z.object({ c: schema }));
const half = z
  .number()
  .transform((value) => value / 2)
  .pipe(z.number());
const later = z
  .date()
  .transform((date) => new Date(date.getTime() + 1))
  .pipe(z.date());

it.each<[string, z.ZodType, string, unknown[]]>([
  ['a fraction of whole numbers', half, 'SELECT unnest([3, NULL]) AS c', ['DOUBLE', ['1.5'], ['2: invalid_type c']]],
  ['by preprocess', z.preprocess((cents) => Number(cents) / 100, z.number()), 'SELECT 149 AS c', ['DOUBLE', ['1.49'], []]],
  ['by overwrite', z.number().overwrite((value) => value / 8), 'SELECT 1::DECIMAL(9,2) AS c', ['DOUBLE', ['0.125'], []]],
  [
    'by catch',
    z
      .number()
      .max(5)
      .catch(() => 0.5),
    'SELECT 9 AS c',
    ['DOUBLE', ['0.5'], []],
  ],
  [
    'as a default',
    z
      .number()
      .refine(() => true)
      .default(0.5),
    'SELECT NULL::INTEGER AS c',
    ['DOUBLE', ['0.5'], []],
  ],
  ['a time of a date', later, "SELECT DATE '2001-02-03' AS c", ['TIMESTAMP WITH TIME ZONE', ['2001-02-03 00:00:00.001+00'], []]],
  ['a time of a time', later, "SELECT TIMESTAMP '2001-02-03' AS c", ['TIMESTAMP', ['2001-02-03 00:00:00.001'], []]],
  [
    'letters of a UUID',
    z.guid().overwrite((id) => id.toUpperCase()),
    `SELECT '${'a'.repeat(8)}-0000-4000-8000-${'b'.repeat(12)}'::UUID AS c`,
    ['VARCHAR', [`${'A'.repeat(8)}-0000-4000-8000-${'B'.repeat(12)}`], []],
  ],
])(
  'keeps what a function makes as it is, in the type of the contract where the column would change it: %s',
  async (_, schema, select, expected) => {
    expect(await judged(column(schema), select)).toEqual(expected);
  },
);

it.each<[string, z.ZodType, unknown[]]>([
  [
    'a refine on what may be missing',
    z
      .number()
      .nullable()
      .refine(() => true),
    ['1.50', '2.50'],
  ],
  ['a superRefine', z.number().superRefine(() => undefined), ['1.50', '2.50']],
  ['a check that writes', z.number().check((at) => void (at.value = at.value === 1.5 ? 7 : at.value)), ['7.00', '2.50']],
])('keeps the type of the column for what looks at its values and may only write: %s', async (_, schema, values) => {
  const select = 'SELECT unnest([1.5, 2.5])::DECIMAL(9,2) AS c';
  expect(await judged(column(schema), select)).toEqual(['DECIMAL(9,2)', values, []]);
});

it('rejects a value that a check has written and the column cannot hold', async () => {
  const third = z.number().check((at) => void (at.value /= 3));
  expect(await judged(column(third), 'SELECT unnest([3, 4])::INTEGER AS c')).toEqual(['INTEGER', ['1'], ['2: custom c']]);
});

it('keeps NaN and infinities that a contract accepts', async () => {
  const odd = "SELECT unnest(['nan', 'inf', '-inf', '1']::DOUBLE[]) AS c";
  const orNaN = column(z.union([z.number(), z.nan()]));
  expect(await judged(orNaN, odd)).toEqual(['DOUBLE', ['nan', '1.0'], ['2: invalid_union c', '3: invalid_union c']]);
  expect(await judged(column(z.preprocess((value) => value, z.any())), odd)).toEqual([
    'DOUBLE',
    ['nan', 'inf', '-inf', '1.0'],
    [],
  ]);
  expect(await judged(column(z.number().catch(Number.POSITIVE_INFINITY)), odd)).toEqual([
    'DOUBLE',
    ['inf', 'inf', 'inf', '1.0'],
    [],
  ]);
  const list = column(z.array(z.union([z.number(), z.nan()])));
  expect(await judged(list, "SELECT ['nan', '1.5']::DOUBLE[] AS c")).toEqual(['DOUBLE[]', ['[nan, 1.5]'], []]);
});

it('never makes null of a NaN that JSON has no word for', async () => {
  const Json = column(z.preprocess((value) => (value === 'x' ? Number.NaN : value), z.union([z.nan(), z.string(), z.json()])));
  expect(await judged(Json, `SELECT unnest(['"x"', '"y"']::JSON[]) AS c`)).toEqual(['JSON', ['"y"'], ['1: custom c']]);
});

it('keeps what a function of the whole row changes, and judges rules by it', async () => {
  const Row = z.object({ id: z.int(), c: z.number(), text: z.string().optional() });
  const select = 'SELECT unnest([1, 2]) AS id, unnest([4, 3]) AS c';
  const Overwritten = contract(
    Row.overwrite((row) => ({ ...row, c: row.c / 2, text: 'made' })),
    { rules: { made: sql`text = 'made'` } },
  );
  expect(await judged(Overwritten, select)).toEqual(['INTEGER', ['2'], ['2: custom c']]);
  const Refined = contract(
    Row.superRefine((row) => {
      row.c = row.id === 1 ? 7 : row.c;
    }),
  );
  expect(await judged(Refined, select)).toEqual(['INTEGER', ['7', '3'], []]);
});

it.each([
  ['BIGINT', '9007199254740993', earlier.number()],
  ['DECIMAL(38,2)', '123456789012345678.91', earlier.number()],
  ['TIMESTAMP', '2001-02-03 04:05:06.123456', earlier.date()],
])('keeps a %s whole where another version of zod has only looked at it', async (type, value, schema) => {
  const given = contract(earlier.object({ c: schema }) as unknown as z.ZodObject);
  expect(await judged(given, `SELECT '${value}'::${type} AS c`)).toEqual([type, [value], []]);
});

/** The column `c` of a CSV file as text, after the contract has judged it. */
async function fromText(schema: z.ZodType, cells: readonly string[]): Promise<unknown[]> {
  const folder = temporaryFolder();
  const lines = cells.map((cell, index) => `${index},${cell === '' ? '' : `"${cell.replaceAll('"', '""')}"`}\n`);
  const input = csvInput(folder, ['n', 'c'], `n,c\n${lines.join('')}`);
  const { output, rejected } = await judgeDataset(session, folder, contract(z.object({ n: z.int(), c: schema })), input);
  const rows = await session.rows<{ c: string | null }>(`SELECT c::VARCHAR AS c FROM (${datasetSelect(output, folder)})`);
  return [output.columns[1]?.type, rows.map(({ c }) => c), summary(rejected)];
}

const zoned = z.iso.datetime({ local: true, offset: true });
const MOMENTS = ['2001-02-03T04:05:06', '2001-02-03T04:05:06Z', '2001-02-03T04:05:06+05:30'];
const KEPT = ['2001-02-03 04:05:06+00', '2001-02-03 04:05:06+00', '2001-02-02 22:35:06+00'];

it('keeps the moment of a time with an offset, also where one without is allowed', async () => {
  expect(await fromText(zoned, MOMENTS)).toEqual(['TIMESTAMP WITH TIME ZONE', KEPT, []]);
  expect(
    await fromText(
      z
        .string()
        .transform((text) => text)
        .pipe(zoned),
      MOMENTS,
    ),
  ).toEqual(['TIMESTAMP WITH TIME ZONE', KEPT, []]);
  const named = MOMENTS.map((text) => JSON.stringify([text]));
  expect(await fromText(z.array(zoned), named)).toEqual(['TIMESTAMP WITH TIME ZONE[]', KEPT.map((text) => `['${text}']`), []]);
  const moved = z.iso.datetime({ offset: true }).overwrite((text) => text.replace('Z', '+05:30'));
  expect(await judged(column(moved), "SELECT TIMESTAMP '2001-02-03 04:05:06' AS c")).toEqual([
    'TIMESTAMP',
    ['2001-02-02 22:35:06'],
    [],
  ]);
});

it('reads times without seconds where the contract asks for such', async () => {
  const toMinute = z.iso.datetime({ precision: -1, offset: true });
  const texts = ['2001-02-03T04:05Z', '2001-02-03T04:05+05:30', '2001-02-03T04:05:06Z'];
  const kept = ['2001-02-03 04:05:00+00', '2001-02-02 22:35:00+00'];
  expect(await fromText(toMinute, texts)).toEqual(['TIMESTAMP WITH TIME ZONE', kept, ['4: invalid_format c']]);
  const made = z
    .string()
    .transform((text) => text)
    .pipe(toMinute);
  expect(await fromText(made, texts)).toEqual(['TIMESTAMP WITH TIME ZONE', kept, ['4: invalid_format c']]);
  expect(await fromText(z.array(toMinute), ['["2001-02-03T04:05Z"]'])).toEqual([
    'TIMESTAMP WITH TIME ZONE[]',
    ["['2001-02-03 04:05:00+00']"],
    [],
  ]);
});

it('reads JSON in text under a union of objects and lists, also beside numbers', async () => {
  const sale = z.object({ kind: z.literal('sale'), at: z.date() });
  const Event = z.discriminatedUnion('kind', [sale, z.object({ kind: z.literal('visit'), pages: z.int() })]);
  const texts = [
    '{"kind":"sale","at":"2001-02-03"}',
    '{"kind":"visit","pages":2,"more":1}',
    '{"kind":"other"}',
    'sale',
    '5',
    '[1]',
  ];
  expect(await fromText(Event, texts)).toEqual([
    'JSON',
    ['{"kind":"sale","at":"2001-02-03T00:00:00.000Z"}', '{"kind":"visit","pages":2}'],
    ['4: invalid_union c.kind', '5: invalid_type c', '6: invalid_type c', '7: invalid_type c'],
  ]);
  expect(await fromText(z.union([z.number(), z.array(z.int()), z.null()]), texts)).toEqual([
    'JSON',
    ['5', '[1]'],
    ['2: invalid_union c', '3: invalid_union c', '4: invalid_union c', '5: invalid_union c'],
  ]);
  expect(await fromText(z.union([z.string().max(2), z.array(z.int())]), ['5', '[1]'])).toEqual([
    'JSON',
    ['"5"'],
    ['3: too_big c'],
  ]);
});

it('gives what coercion makes of a missing value, also beside a refinement', async () => {
  const anything = (): boolean => true;
  expect(await fromText(z.coerce.boolean().refine(anything), ['', 'x'])).toEqual(['BOOLEAN', ['false', 'true'], []]);
  expect(await fromText(z.coerce.string().refine(anything), ['', 'x'])).toEqual(['VARCHAR', ['null', 'x'], []]);
  expect(await judged(column(z.coerce.string().refine(anything)), "SELECT unnest([NULL, 'x']) AS c")).toEqual([
    'VARCHAR',
    ['null', 'x'],
    [],
  ]);
});
