import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { openScene, type FunctionScene } from './function-scene.js';

let scene: FunctionScene;

beforeAll(async () => {
  scene = await openScene(lastingFolder());
});
afterAll(() => scene.close());

const ODD_TEXTS = `[NULL, '', ' x ', 'a' || chr(0) || 'b', chr(65279) || 'mark', chr(65279), 'é😀', '"\\', repeat('ü', 5000)]`;

test('values of every kind pass a function unchanged', async () => {
  const samples = `
    SELECT range AS id, ${ODD_TEXTS}[range % 9 + 1] AS text, CASE WHEN range % 2 = 0 THEN 'here' END AS maybe,
      [NULL, 0.1, -0.0, 1e308, 5e-324, 9007199254740993][range % 6 + 1]::DOUBLE AS double,
      [NULL, 9007199254740991, -9007199254740991, 0][range % 4 + 1]::BIGINT AS whole,
      [NULL, 2147483647, -2147483648][range % 3 + 1]::INTEGER AS small,
      [NULL, '99999999999999999999999999999999999999', '-9007199254740993'][range % 3 + 1]::DECIMAL(38, 0) AS big,
      [NULL, 9223372036854775807, -9223372036854775808][range % 3 + 1]::BIGINT AS wide,
      [NULL, TRUE, FALSE][range % 3 + 1] AS flag,
      [NULL, DATE '0001-01-01', DATE '2024-02-29', DATE '9999-12-31'][range % 4 + 1] AS day,
      [NULL, TIMESTAMPTZ '2024-01-31 23:59:59.123456+00', TIMESTAMPTZ '1899-12-31 00:00:00+00'][range % 3 + 1] AS moment,
      [NULL, TIMESTAMP '2024-01-31 23:59:59.000001', TIMESTAMP '1970-01-01 00:00:00'][range % 3 + 1] AS local,
      [NULL, '23:59:59', '00:00:00.5'][range % 3 + 1] AS time,
      [NULL, TIMESTAMPTZ '2024-01-31 23:59:59.123+00', TIMESTAMPTZ '1500-01-01 00:00:00+00'][range % 3 + 1] AS date,
      [NULL, 'low', 'high'][range % 3 + 1] AS level
    FROM range(5000)`;
  const made = await scene.run('copySamples', { samples });
  expect(made.rows).toBe(5000);
  expect(Object.fromEntries(made.columns.map(({ name, type }) => [name, type]))).toMatchObject({
    whole: 'BIGINT',
    small: 'INTEGER',
    big: 'DECIMAL(38,0)',
    wide: 'BIGINT',
    day: 'DATE',
    moment: 'TIMESTAMP WITH TIME ZONE',
    local: 'TIMESTAMP',
    date: 'TIMESTAMP WITH TIME ZONE',
  });
  const differing = await made.session.rows(
    `SELECT made.id FROM (${samples}) AS given JOIN ${made.table} AS made USING (id) WHERE ${[
      ...['text', 'maybe', 'whole', 'small', 'big', 'wide', 'flag', 'day', 'moment', 'local', 'time', 'date', 'level'].map(
        (name) => `given.${name} IS DISTINCT FROM made.${name}`,
      ),
      // Told apart by their texts: -0 equals 0.
      'given.double::VARCHAR IS DISTINCT FROM made.double::VARCHAR',
    ].join(' OR ')}`,
  );
  expect(differing).toEqual([]);
});

test('lists, structures and maps arrive as arrays and objects, and leave as what the contract says', async () => {
  const nests = `SELECT range AS id, ['a', 'b "' || range] AS tags, [{sku: 'x', count: range, note: NULL}, {sku: 'y', count: 2, note: 'n'}] AS lines, MAP {'k': 0.5, 'odd "key"': range} AS by FROM range(3)`;
  const made = await scene.run('copyNests', { nests });
  const rows = await made.session.rows<{ json: string }>(
    `SELECT to_json(r)::VARCHAR AS json FROM ${made.table} AS r ORDER BY id`,
  );
  const parsed = rows.map(({ json }) => JSON.parse(json) as Record<string, unknown>);
  const value = (nested: unknown): unknown => (typeof nested === 'string' ? JSON.parse(nested) : nested);
  expect(value(parsed[2]?.['tags'])).toEqual(['a', 'b "2']);
  expect(value(parsed[2]?.['by'])).toEqual({ k: 0.5, 'odd "key"': 2 });
  expect(value(parsed[2]?.['lines'])).toMatchObject([
    { sku: 'x', count: 3 },
    { sku: 'y', count: 3, note: 'n' },
  ]);
});
