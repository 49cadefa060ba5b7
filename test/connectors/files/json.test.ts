import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extractJson } from './extract-json.js';

const lines = (...records: string[]): string => records.map((record) => `${record}\n`).join('');

describe('the forms of a file', () => {
  const forms: [string, string][] = [
    ['one object a line', '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'],
    ['lines without an end, with blank ones and Windows’ line ends', '\r\n{"a":1,"b":"x"}\r\n\n  \n{"a":2,"b":"y"}'],
    ['one list', '[{"a":1,"b":"x"},{"a":2,"b":"y"}]'],
    ['a list over several lines', ' [\n  {\n    "a": 1,\n    "b": "x"\n  },\n  { "a": 2, "b": "y" }\n]\n'],
    ['objects one after the other, over lines or not', '{"a":1,\n"b":"x"}{"a":2,"b":"y"}'],
    ['lines after a byte order mark', '\uFEFF{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'],
    ['a list after a byte order mark', '\uFEFF[{"a":1,"b":"x"},{"a":2,"b":"y"}]'],
  ];
  for (const [name, content] of forms) {
    for (const file of ['records.json', 'records.ndjson.gz']) {
      test(`${name} (${file})`, async () => {
        const { rows, types } = await extractJson({ [file]: content });
        expect(rows).toEqual([
          { a: 1, b: 'x' },
          { a: 2, b: 'y' },
        ]);
        expect(types).toEqual({ a: 'BIGINT', b: 'VARCHAR' });
      });
    }
  }

  test('any name, where the step gives the format', async () => {
    expect((await extractJson({ records: '{"a":1}' }, { format: 'json' })).rows).toEqual([{ a: 1 }]);
  });

  test('several files are one dataset, with the columns of all and a part for each', async () => {
    const files = { '1.ndjson': '{"a":1}\n', '2.json': '[]', '3.jsonl': '{"b":"x","a":2.5}\n' };
    const { rows, types, parts } = await extractJson(files, { path: '*' });
    expect(rows).toEqual([
      { a: 1, b: null },
      { a: 2.5, b: 'x' },
    ]);
    expect([types, parts]).toEqual([{ a: 'DOUBLE', b: 'VARCHAR' }, 3]);
  });

  test('rows stay in the file’s order, and pieces of the file are cut at no record', async () => {
    const records = Array.from({ length: 60_000 }, (_, id) => ({ id, text: `${'ä'.repeat(id % 50)}"\\`, list: [id, { id }] }));
    const { rows } = await extractJson({ 'many.ndjson': lines(...records.map((each) => JSON.stringify(each))) });
    expect(rows).toEqual(records);
  });

  test('objects beyond DuckDB’s usual limit of 16 MiB are read', async () => {
    const long = 'x'.repeat(17 * 1024 * 1024);
    const { texts } = await extractJson({ 'long.ndjson': lines('{"a":"short"}', JSON.stringify({ a: long })) });
    expect(texts.map(({ a }) => a?.length)).toEqual([5, long.length]);
  });

  test('an object beyond 64 MiB is refused', async () => {
    const huge = Buffer.concat([Buffer.from('{"a":"short"}\n{"a":"'), Buffer.alloc(65 * 1024 * 1024, 'x'), Buffer.from('"}')]);
    await expect(extractJson({ 'huge.ndjson': huge })).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(
        /"huge.ndjson" in connection "lake", line 2, column 1: the object that begins here has more than 64 MiB/,
      ) as string,
    });
  });
});

describe('columns', () => {
  test('a filter may be about a column that is not among them', async () => {
    const content = lines('{"a":1,"b":"x"}', '{"a":2,"b":"y"}');
    const { rows, types } = await extractJson({ 'r.json': content }, { columns: ['a'], where: { b: { eq: 'y' } } });
    expect(rows).toEqual([{ a: 2 }]);
    expect(types).toEqual({ a: 'BIGINT' });
  });

  const cases: [string, string[], Record<string, string>][] = [
    [
      'objects are structures',
      ['{"o":{"x":1,"y":"s"}}', '{"o":{"y":null,"z":[true]}}'],
      { o: 'STRUCT("x" BIGINT, "y" VARCHAR, "z" BOOLEAN[])' },
    ],
    ['lists are lists, of structures too', ['{"l":[{"x":1.5},{"x":2}]}'], { l: 'STRUCT("x" DOUBLE)[]' }],
    ['lists without an element have JSON elements', ['{"l":[]}', '{"l":[null]}'], { l: 'JSON[]' }],
    ['mixed kinds are JSON', ['{"m":1}', '{"m":"1"}', '{"m":{"x":1}}', '{"m":null}'], { m: 'JSON' }],
    [
      'mixed kinds within a structure are JSON there',
      ['{"o":{"x":1,"y":1}}', '{"o":{"x":"s","y":2}}'],
      { o: 'STRUCT("x" JSON, "y" BIGINT)' },
    ],
    ['mixed elements are JSON', ['{"l":[1,"s",{"k":[]}]}'], { l: 'JSON[]' }],
    ['a key that never has a value is JSON', ['{"n":null}', '{}'], { n: 'JSON' }],
    ['objects without a key are JSON', ['{"o":{}}'], { o: 'JSON' }],
    ['objects whose keys differ by case only are JSON', ['{"o":{"a":1,"A":2}}'], { o: 'JSON' }],
    ['objects with a NUL in a key are JSON', ['{"o":{"a\\u0000b":1}}'], { o: 'JSON' }],
    ['objects with an empty key are JSON', ['{"o":{"":1}}'], { o: 'JSON' }],
    [
      'texts stay texts, whatever they look like',
      ['{"d":"2001-02-03","u":"12","b":"true"}'],
      { d: 'VARCHAR', u: 'VARCHAR', b: 'VARCHAR' },
    ],
    [
      'names may hold any character',
      [String.raw`{"it's \"q\"":1,"ä b":{"x y\"":2}}`],
      { [`it's "q"`]: 'BIGINT', 'ä b': 'STRUCT("x y""" BIGINT)' },
    ],
    ['keys are the same however they are escaped', ['{"a":1}', String.raw`{"\u0061":2}`], { a: 'BIGINT' }],
  ];
  test.each(cases)('%s', async (_, records, types) => {
    const extracted = await extractJson({ 'records.ndjson': lines(...records) });
    expect(extracted.types).toEqual(types);
    expect(extracted.rows.map(withoutNulls)).toEqual(records.map((record) => withoutNulls(JSON.parse(record))));
  });

  test('objects with more than 200 different keys are maps', async () => {
    const records = Array.from({ length: 300 }, (_, id) => ({ counts: { [`k${id}`]: id, other: 1 } }));
    const { rows, types } = await extractJson({ 'records.ndjson': lines(...records.map((each) => JSON.stringify(each))) });
    expect(types).toEqual({ counts: 'MAP(VARCHAR, BIGINT)' });
    expect(rows).toEqual(records);
  });

  test('what lies very deep is JSON', async () => {
    const deep = `${'{"o":['.repeat(40)}7${']}'.repeat(40)}`;
    const { rows, types } = await extractJson({ 'records.ndjson': lines(deep) });
    expect(types['o']).toContain('JSON');
    expect(rows).toEqual([JSON.parse(deep)]);
  });

  test('whatever objects a file holds, its values are the same afterwards', async () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'c', 'A', 'ä'), fc.string({ unit: 'binary', maxLength: 4 }));
    const scalar = fc.oneof(
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    }));
    const top = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { minKeys: 1 });
    const space = fc.constantFrom(undefined, 1, '\t');
    await fc.assert(
      fc.asyncProperty(fc.array(top, { minLength: 1, maxLength: 5 }), space, async (records, indent) => {
        const written = records.map((record) => JSON.stringify(record, null, indent));
        const { rows } = await extractJson({
          'records.json': indent === undefined ? lines(...written) : `[${written.join(',')}]`,
        });
        expect(rows.map(withoutNulls)).toEqual(records.map((record) => withoutNulls(JSON.parse(JSON.stringify(record)))));
      }),
      { numRuns: 40 },
    );
  });
});

describe('numbers are exact', () => {
  const cases: [string, string[], string, string[]][] = [
    [
      'integers of 64 bits',
      ['9007199254740993', '-9223372036854775808', '9223372036854775807'],
      'BIGINT',
      ['9007199254740993', '-9223372036854775808', '9223372036854775807'],
    ],
    [
      'wider integers',
      ['9223372036854775808', '18446744073709551616', '-5'],
      'DECIMAL(38,0)',
      ['9223372036854775808', '18446744073709551616', '-5'],
    ],
    ['integers that no decimal holds', ['1', '9'.repeat(40)], 'JSON', ['1', '9'.repeat(40)]],
    [
      'fractions that a double holds',
      ['0.1', '1', '-2.50', '1e-7', '6.02e23', '0.30000000000000004'],
      'DOUBLE',
      ['0.1', '1.0', '-2.5', '1e-07', '6.02e+23', '0.30000000000000004'],
    ],
    [
      'fractions that no double holds',
      ['12345678901234567890.123456789', '0.5', '3', 'null', '1e2'],
      'DECIMAL(38,9)',
      ['12345678901234567890.123456789', '0.500000000', '3.000000000', '', '100.000000000'],
    ],
    [
      'a fraction beside an integer that no double holds',
      ['9007199254740993', '0.5'],
      'DECIMAL(38,1)',
      ['9007199254740993.0', '0.5'],
    ],
    ['fractions that no decimal holds', ['1e400', '0.1'], 'JSON', ['1e400', '0.1']],
    ['fractions beside texts', ['12345678901234567890.123456789', '"s"'], 'JSON', ['12345678901234567890.123456789', '"s"']],
    [
      'fractions within objects',
      ['{"x":[12345678901234567890.123456789]}', '{"x":\t[]}'],
      'JSON',
      ['{"x":[12345678901234567890.123456789]}', '{"x":\t[]}'],
    ],
    ['wide integers within lists', ['[18446744073709551616]', '[1]'], 'DECIMAL(38,0)[]', ['[18446744073709551616]', '[1]']],
  ];
  test.each(cases)('%s', async (_, values, type, texts) => {
    const content = values.map((value) => `{"before":1,"n":${value},"after":{"k": "é\\n"}}`).join('\n');
    for (const file of [content, `[${content.replaceAll('\n', ',\n')}]`]) {
      const extracted = await extractJson({ 'records.json': file });
      expect(extracted.types).toEqual({ before: 'BIGINT', n: type, after: 'STRUCT("k" VARCHAR)' });
      expect(extracted.texts.map(({ n }) => n ?? '')).toEqual(texts);
      expect(extracted.rows).toEqual(values.map(() => expect.objectContaining({ before: 1, after: { k: 'é\n' } }) as unknown));
    }
  });
});

/** A key without a value is the same as none. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, withoutNulls(each)]),
  );
}
