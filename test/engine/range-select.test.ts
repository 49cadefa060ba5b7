import { describe, expect, test } from 'vitest';
import type { CursorRange } from '../../src/core/cursor.js';
import { quoteLiteral } from '../../src/core/filter.js';
import { countNew, requireCursor, selectNew, type RangedRows } from '../../src/engine/range-select.js';
import { withContext } from '../conformance/context.js';

function rangedRows(type: string, range: Partial<CursorRange>, column = type): RangedRows {
  const all = { column: 'c', type, after: null, from: null, upTo: null, withoutCursor: 0, ...range };
  return { range: all, columns: [{ name: 'c', type: column, nullable: true }], target: 'warehouse.orders' };
}

/** The values that an append of these rows takes, as text. */
function take(values: readonly (string | null)[], rows: RangedRows): Promise<{ taken: string[]; count: number }> {
  const list = values.map((value) => `(CAST(${quoteLiteral(value)} AS ${rows.range.type}))`).join(', ');
  const select = `SELECT c FROM (VALUES ${list}) AS v(c)`;
  return withContext(async ({ session }) => {
    const count = await countNew(session, select, rows);
    const taken = await session.rows<{ c: string }>(`SELECT c::VARCHAR AS c FROM (${selectNew(select, rows)}) ORDER BY 1`);
    return { taken: taken.map(({ c }) => c), count };
  });
}

const CASES = [
  ['BIGINT', '9', '12', ['8', '9', '10', '12'], ['10', '12']],
  ['DECIMAL(38,2)', '9.99', '10.00', ['9.99', '10.00'], ['10.00']],
  ['DATE', '2024-01-31', '2024-02-01', ['2024-01-31', '2024-02-01'], ['2024-02-01']],
  [
    'TIMESTAMP',
    '2024-01-01T00:00:00.000001',
    '2024-01-01T00:00:00.000002',
    ['2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.000002'],
    ['2024-01-01 00:00:00.000002'],
  ],
  [
    'TIMESTAMP WITH TIME ZONE',
    '2024-03-31T01:00:00.000000Z',
    '2024-03-31T02:00:00.000000Z',
    ['2024-03-31 02:00:00+01', '2024-03-31 03:00:00.000001+02'],
    ['2024-03-31 01:00:00.000001+00'],
  ],
  ['VARCHAR', "B'", 'ä', ["B'", 'Z', 'a', 'ä'], ['Z', 'a', 'ä']],
] as const;

describe('an append by a range', () => {
  test.each(CASES)('of %s takes what lies after its beginning', async (type, after, upTo, values, expected) => {
    const { taken, count } = await take(values, rangedRows(type, { after, upTo }));
    expect(taken).toEqual(expected);
    expect(count).toBe(expected.length);
  });

  test('takes everything where it has no beginning, and nothing of an empty range', async () => {
    expect((await take(['1', '2'], rangedRows('INTEGER', { upTo: '2' }))).taken).toEqual(['1', '2']);
    expect((await take(['2'], rangedRows('INTEGER', { after: '2', from: '2', upTo: '2' }))).taken).toEqual([]);
  });

  test('refuses rows without a cursor, and says how many', async () => {
    await expect(take(['1', null, null], rangedRows('INTEGER', { upTo: '2' }))).rejects.toMatchObject({
      code: 'CURSOR_NULL',
      message: expect.stringMatching(/^2 of 3 rows to append to warehouse\.orders have no value in the cursor "c"/) as string,
    });
  });

  test.each([['1'], ['9']])('refuses %s, which lies outside the range that was read', async (value) => {
    await expect(take([value, '4'], rangedRows('INTEGER', { after: '3', from: '2', upTo: '5' }))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/^1 of 2 rows to append to warehouse\.orders lie outside the range of "c"/) as string,
    });
  });

  test('refuses such rows while they are taken, too', async () => {
    const rows = rangedRows('INTEGER', { after: '3', from: '3', upTo: '5' });
    const taking = withContext(({ session }) => session.rows(selectNew('SELECT 1 AS c', rows)));
    await expect(taking).rejects.toThrow('a row outside the range that was read');
  });

  test('refuses a dataset that has the cursor no more, or in another type', () => {
    expect(() => requireCursor({ ...rangedRows('DATE', {}), columns: [{ name: 'id', type: 'BIGINT', nullable: true }] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('(it has: id)') as string }),
    );
    expect(() => requireCursor(rangedRows('DATE', {}, 'VARCHAR'))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('as DATE and is VARCHAR') as string }),
    );
    expect(() => requireCursor(rangedRows('DATE', {}))).not.toThrow();
  });
});
