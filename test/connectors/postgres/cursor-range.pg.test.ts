import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Watermark } from '../../../src/core/cursor.js';
import type { ExtractOptions } from '../../../src/connectors/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { readRange } from './read-range.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** Makes a table with the column `c` of a type and one row for each value, numbered from 1; gives its name. */
async function tableOf(type: string, values: readonly (string | null)[]): Promise<string> {
  const name = `t_${randomBytes(4).toString('hex')}`;
  await db.query(`CREATE TABLE public.${name} (id int, c ${type})`);
  for (const [at, value] of values.entries()) await db.query(`INSERT INTO public.${name} VALUES ($1, $2)`, [at + 1, value]);
  return name;
}

const read = (options: ExtractOptions) => readRange(db.url, { cursor: 'c', ...options });

function watermark(value: string | null, more: Partial<Watermark> = {}): Watermark {
  return { target: 'warehouse.public.orders', name: '', step: 'r/0/watermark:warehouse.orders', value, ...more };
}

describe('an extract by a cursor', () => {
  test('reads everything the first time, and says up to where', async () => {
    const table = await tableOf('bigint', ['3', '1', null, '2']);
    expect(await read({ table, after: watermark(null) })).toEqual({
      ids: [1, 2, 3, 4],
      rows: 4,
      range: {
        column: 'c',
        type: 'BIGINT',
        after: null,
        from: null,
        upTo: '3',
        withoutCursor: 1,
        watermark: { target: 'warehouse.public.orders', name: '', step: 'r/0/watermark:warehouse.orders' },
      },
    });
  });

  test('reads equal values at the border again, what follows, and rows without a value', async () => {
    const table = await tableOf('int', ['1', '2', '2', '3', null]);
    const { ids, range } = await read({ table, after: watermark('2') });
    expect(ids).toEqual([2, 3, 4, 5]);
    expect(range).toMatchObject({ after: '2', from: '2', upTo: '3', withoutCursor: 1 });
  });

  test('of a source without a newer row ends where it began, however far its values have gone back', async () => {
    const table = await tableOf('int', ['1', '5']);
    expect((await read({ table, after: watermark('9') })).range).toMatchObject({ after: '9', from: '9', upTo: '9' });
    const empty = await tableOf('int', []);
    expect(await read({ table: empty, after: watermark('9') })).toMatchObject({ ids: [], rows: 0, range: { upTo: '9' } });
    expect((await read({ table: empty, after: watermark(null) })).range).toMatchObject({ after: null, upTo: null });
    const without = await tableOf('int', [null, null]);
    expect(await read({ table: without })).toMatchObject({ ids: [1, 2], range: { upTo: null, withoutCursor: 2 } });
  });

  test('that is made again ends where it had ended', async () => {
    const table = await tableOf('int', ['1', '2', '3', '4']);
    const { ids, range } = await read({ table, after: watermark('1', { upTo: '3' }) });
    expect(ids).toEqual([1, 2, 3]);
    expect(range).toMatchObject({ after: '1', upTo: '3' });
  });

  test('keeps to its filter and columns, and reads queries too', async () => {
    const table = await tableOf('int', ['1', '2', '3', '9', null, null]);
    const some = await read({ table, columns: ['id'], where: { id: { in: [1, 2, 3, 5] } }, after: 2 });
    expect(some).toMatchObject({ ids: [2, 3, 5], range: { upTo: '3', withoutCursor: 1 } });
    const query = `SELECT id, c * 10 AS c FROM public.${table} WHERE id < 5 -- not the last ones`;
    expect(await read({ query, after: '20' })).toMatchObject({
      ids: [2, 3, 4],
      range: { from: '20', upTo: '90', withoutCursor: 0 },
    });
  });

  test('counts and reads nothing that was committed after it had found its bound', async () => {
    const table = await tableOf('int', ['1', '2', '3']);
    await db.query(`CREATE FUNCTION public.wait_for_gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(4242); RETURN true; END $$`);
    await db.query('SELECT pg_advisory_lock(4242)');
    const reading = read({ query: `SELECT id, c FROM public.${table} WHERE public.wait_for_gate()` });
    const waiting = `SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted`;
    await until(
      async () => (await db.query(waiting)).length > 0,
      () => 'the extract does not wait at the gate',
    );
    await db.query(`INSERT INTO public.${table} VALUES (4, 2), (5, 7)`);
    await db.query('SELECT pg_advisory_unlock(4242)');
    expect(await reading).toMatchObject({ ids: [1, 2, 3], range: { upTo: '3' } });
  });
});

/** Values in their order, the watermark at the second one, and how the last one is written. */
const TYPES: readonly (readonly [type: string, values: readonly string[], after: string, upTo: string, duck: string])[] = [
  ['smallint', ['-5', '7', '8'], '7', '8', 'SMALLINT'],
  ['bigint', ['1', '9007199254740993', '9223372036854775807'], '9007199254740993', '9223372036854775807', 'BIGINT'],
  ['numeric(20,4)', ['-1', '9.9999', '10'], '9.9999', '10.0000', 'DECIMAL(20,4)'],
  [
    'numeric(38,0)',
    ['1', '9', '99999999999999999999999999999999999999'],
    '9',
    '99999999999999999999999999999999999999',
    'DECIMAL(38,0)',
  ],
  ['date', ['1999-12-31', '2024-02-29', '2024-03-01'], '2024-02-29', '2024-03-01', 'DATE'],
  [
    'timestamp',
    ['2024-01-01', '2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.000002'],
    '2024-01-01T00:00:00.000001',
    '2024-01-01T00:00:00.000002',
    'TIMESTAMP',
  ],
  [
    'timestamptz',
    ['2024-03-31 00:59:59.999999Z', '2024-03-31 03:00:00.000001+02', '2024-03-31 01:00:00.000002Z'],
    '2024-03-31T01:00:00.000001Z',
    '2024-03-31T01:00:00.000002Z',
    'TIMESTAMP WITH TIME ZONE',
  ],
  [
    'timestamptz(3)',
    ['2024-01-01Z', '2024-01-02 00:00:00.123Z', '12024-01-02Z'],
    '2024-01-02T00:00:00.123000Z',
    '12024-01-02T00:00:00.000000Z',
    'TIMESTAMP WITH TIME ZONE',
  ],
  ['text', ['B', "a'b", 'ä'], "a'b", 'ä', 'VARCHAR'],
  ['text COLLATE "en-x-icu"', ['Z9', 'a1', 'b'], 'a1', 'b', 'VARCHAR'],
  ['varchar(40)', ['01HY', '01HZ', '01J0'], '01HZ', '01J0', 'VARCHAR'],
];

describe('a cursor of each type', () => {
  test.each(TYPES)('%s: the border is exact', async (type, values, after, upTo, duck) => {
    await db.query(`ALTER DATABASE ${db.name} SET TimeZone = 'America/New_York'`);
    await db.query(`ALTER DATABASE ${db.name} SET DateStyle = 'SQL, DMY'`);
    const table = await tableOf(type, values);
    const all = await read({ table, after: watermark(null) });
    expect(all).toMatchObject({ ids: [1, 2, 3], range: { type: duck, upTo } });
    const { ids, range } = await read({ table, after: watermark(after) });
    expect(ids).toEqual([2, 3]);
    expect(range).toMatchObject({ after, from: after, upTo });
    expect((await read({ table, after: watermark(upTo) })).ids).toEqual([3]);
    expect((await read({ table, after: watermark(null, { upTo: after }) })).ids).toEqual([1, 2]);
  });

  const LAGS: readonly (readonly [type: string, after: string, lag: string | number, from: string])[] = [
    ['int', '100', 10, '90'],
    ['bigint', '-9223372036854775807', '1000', '-9223372036854775808'],
    ['numeric(10,2)', '1.50', 0.25, '1.25'],
    ['date', '2024-03-01', '1 day', '2024-02-29'],
    ['date', '2024-03-01', '1 hour', '2024-02-29'],
    ['timestamp', '2024-03-01T00:00:00.000001', '1 month', '2024-02-01T00:00:00.000001'],
    // Noon in New York, a day after the clocks were put forward there: a day is 24 hours all the same.
    ['timestamptz', '2024-03-10T16:00:00.000000Z', '1 day', '2024-03-09T16:00:00.000000Z'],
    ['timestamptz', '2024-03-10T16:00:00.000000Z', 'PT90S', '2024-03-10T15:58:30.000000Z'],
  ];
  test.each(LAGS)('%s: after %s with a lag of %s, reading begins at %s', async (type, after, lag, from) => {
    const table = await tableOf(type, [from, after]);
    await db.query(`INSERT INTO public.${table} SELECT 3, NULL`);
    const { ids, range } = await read({ table, after: watermark(after), lag });
    expect(range).toMatchObject({ after, from, upTo: after, withoutCursor: 1 });
    expect(ids).toEqual([1, 2, 3]);
    expect((await read({ table, after: watermark(null), lag })).range).toMatchObject({ after: null, from: null });
  });

  test('a value of one’s own is understood as the column’s type', async () => {
    const table = await tableOf('timestamptz', ['2024-01-01Z', '2024-01-02Z']);
    const { range, ids } = await read({ table, after: '2024-01-02 02:00+02' });
    expect(range).toMatchObject({ after: '2024-01-02T00:00:00.000000Z', from: '2024-01-02T00:00:00.000000Z' });
    expect(range).not.toHaveProperty('watermark');
    expect(ids).toEqual([2]);
  });
});

describe('what an extract by a cursor refuses', () => {
  const REFUSED: readonly (readonly [what: string, type: string, options: ExtractOptions, code: string, message: RegExp])[] = [
    [
      'a column that there is not',
      'int',
      { cursor: 'changed' },
      'COLUMN_MISSING',
      /^The cursor "changed" is no column of table "public"\."t_\w+" in connection "shop"\. It has: id, c\.$/,
    ],
    [
      'a watermark without a cursor',
      'int',
      { cursor: undefined, after: watermark('1') },
      'OPTION_INVALID',
      /`after` without `cursor`/,
    ],
    ['a lag without a cursor', 'int', { cursor: undefined, lag: 1 }, 'OPTION_INVALID', /`lag` without `cursor`/],
    [
      'a watermark of another column',
      'int',
      { after: watermark('1', { column: 'seq' }) },
      'OPTION_INVALID',
      /warehouse\.public\.orders is a value of the column "seq".*cursor "c"/,
    ],
    [
      'a value that is none of the column',
      'date',
      { after: 'yesterdayish' },
      'OPTION_INVALID',
      /cannot begin after "yesterdayish", by the column "c": .*Correct `after`/,
    ],
    [
      'a watermark that is none of the column',
      'int',
      { after: watermark('2024-01-01') },
      'OPTION_INVALID',
      /cannot begin after "2024-01-01"/,
    ],
    [
      'a lag of another kind',
      'int',
      { after: 1, lag: '1 hour' },
      'OPTION_INVALID',
      /The lag "1 hour" .* "c" \(integer\): .*1000/,
    ],
    ['a number as the lag of a time', 'timestamptz', { after: '2024-01-01', lag: 5 }, 'OPTION_INVALID', /'1 hour'/],
    ['a lag of a text', 'text', { after: 'a', lag: '1' }, 'OPTION_INVALID', /a text has none/],
    ['a lag that is no interval', 'date', { after: '2024-01-01', lag: 'a while' }, 'OPTION_INVALID', /less the lag "a while"/],
    ['a negative lag', 'timestamp', { after: '2024-01-01', lag: '-1 hour' }, 'OPTION_INVALID', /must not be negative/],
    ['a number that is negative as a lag', 'int', { after: 5, lag: -1 }, 'OPTION_INVALID', /The lag "-1"/],
    ['a float', 'double precision', {}, 'CURSOR_UNSUITABLE', /is double precision, which cannot be a cursor/],
    ['a numeric without bounds', 'numeric', {}, 'CURSOR_UNSUITABLE', /numeric\(38,6\)/],
    ['a uuid', 'uuid', {}, 'CURSOR_UNSUITABLE', /"c"::text/],
    ['JSON', 'jsonb', {}, 'CURSOR_UNSUITABLE', /is jsonb/],
    ['an array', 'int[]', {}, 'CURSOR_UNSUITABLE', /is integer\[\]/],
  ];
  test.each(REFUSED)('%s', async (_what, type, options, code, message) => {
    const table = await tableOf(type, []);
    await expect(read({ table, ...options })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  const ENDLESS = [
    ['timestamptz', 'infinity'],
    ['timestamp', '294276-12-31'],
    ['date', 'infinity'],
    ['timestamp', '0044-03-15 BC'],
    ['numeric(10,2)', 'NaN'],
    ['text', 'x'.repeat(201)],
  ] as const;
  test.each(ENDLESS)('a %s that nothing can follow', async (type, value) => {
    const table = await tableOf(type, [value]);
    await expect(read({ table })).rejects.toMatchObject({
      code: 'CURSOR_UNSUITABLE',
      message: expect.stringMatching(/^The column "c" of table .* cannot be the cursor: it holds .*`where`\.$/) as string,
    });
    expect((await read({ table, where: { id: { gt: 1 } } })).range).toMatchObject({ upTo: null });
  });
});
