import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { createEncoder } from '../../src/rows/encode-rows.js';
import { isStrict, outputColumns } from '../../src/rows/output-columns.js';

const Sample = contract(
  z.object({
    id: z.int(),
    small: z.int32().optional(),
    wide: z.int64().optional(),
    big: z.bigint().optional(),
    double: z.number().optional(),
    text: z.string().optional(),
    level: z.enum(['low', 'high']).optional(),
    flag: z.boolean().optional(),
    day: z.iso.date().optional(),
    moment: z.iso.datetime().optional(),
    date: z.date().optional(),
    tags: z.array(z.string()).optional(),
    line: z.object({ sku: z.string(), count: z.bigint().optional() }).optional(),
    by: z.record(z.string(), z.number()).optional(),
    either: z.union([z.string(), z.array(z.bigint())]).optional(),
  }),
);

/** The value as it travels, for one column of one row. */
function encoded(row: object, column: string): unknown {
  const outputs = outputColumns(Sample, 'made');
  const encoder = createEncoder(outputs, isStrict(Sample));
  encoder.add({ id: 1, ...row });
  return encoder.take()?.columns[outputs.findIndex((each) => each.column.name === column)]?.[0];
}

const refusal = (row: object, column: string): string => {
  try {
    return `accepted: ${String(encoded(row, column))}`;
  } catch (error) {
    return (error as Error).message;
  }
};

test.each<[string, unknown, unknown]>([
  ['small', -2147483648, -2147483648],
  ['wide', 2n ** 63n - 1n, 2n ** 63n - 1n],
  ['big', 10n ** 38n - 1n, 10n ** 38n - 1n],
  ['double', -0, -0],
  ['text', '\ufeffé😀\0', '\ufeffé😀\0'],
  ['level', 'low', 'low'],
  ['flag', false, false],
  ['day', '2024-02-29', '2024-02-29'],
  ['moment', '2024-02-29T23:59:59.123456Z', '2024-02-29T23:59:59.123456Z'],
  ['date', new Date(1.5), 1],
  ['tags', ['a"', 'ü'], '["a\\"","ü"]'],
  ['line', { sku: 'x', count: 2n ** 80n, other: 1 }, '{"sku":"x","count":"1208925819614629174706176"}'],
  ['line', { sku: 'x' }, '{"sku":"x","count":null}'],
  ['by', { k: 0.5, gone: undefined }, '{"k":0.5}'],
  ['either', [2n ** 80n], '[1208925819614629174706176]'],
  ['either', 'x', '"x"'],
  ['text', undefined, null],
])('%s of %o travels', (column, value, wire) => {
  expect(encoded({ [column]: value }, column)).toEqual(wire);
});

test.each<[string, unknown, string]>([
  ['id', '1', 'has a text in column "id", where its contract wants a whole number'],
  ['id', 1.5, 'has a number with a fraction in column "id"'],
  ['id', 2 ** 53, 'has a whole number in column "id"'],
  ['id', undefined, 'has no value in column "id"'],
  ['small', 2 ** 31, 'has a whole number in column "small"'],
  ['wide', 2n ** 63n, 'has a bigint in column "wide", where its contract wants a bigint'],
  ['wide', 1, 'has a whole number in column "wide", where its contract wants a bigint'],
  ['big', 10n ** 38n, 'has a bigint in column "big"'],
  ['double', Number.NaN, 'has NaN in column "double", where its contract wants a finite number'],
  ['double', Number.POSITIVE_INFINITY, 'has Infinity in column "double"'],
  ['text', '\ud83d', 'has a text with half a surrogate pair in column "text"'],
  ['text', new Date(0), 'has a Date in column "text"'],
  ['flag', 'true', 'has a text in column "flag", where its contract wants true or false'],
  ['day', '2023-02-29', 'has a text in column "day", where its contract wants a date as text, 2001-02-03'],
  ['day', '2023-02-28T00:00:00Z', 'has a text in column "day"'],
  ['moment', '2024-02-29T23:59:59.1234567Z', 'has a text in column "moment"'],
  ['date', new Date(''), 'has an invalid Date in column "date"'],
  ['tags', new Set(['a']), 'has an object (Set) in column "tags", where its contract wants a value that fits VARCHAR[]'],
  ['tags', ['a', 1], 'has an array in column "tags"'],
  ['line', { sku: 1 }, 'has an object (Object) in column "line"'],
  ['by', new Map([['k', 1]]), 'has an object (Map) in column "by"'],
  ['by', { k: Number.NaN }, 'has an object (Object) in column "by"'],
])('%s of %o is refused', (column, value, message) => {
  expect(refusal({ [column]: value }, column)).toContain(`row 1 that it yields ${message}`);
});

test('what is no row, and a key that a strict contract does not name, are refused', () => {
  const strict = contract(z.strictObject({ id: z.int() }));
  const encoder = createEncoder(outputColumns(strict, 'made'), isStrict(strict));
  encoder.add({ id: 1 });
  expect(() => encoder.add('SFO')).toThrow('row 2 that it yields is a text; a row is an object with the columns');
  expect(() => encoder.add({ id: 1, ident: 2 })).toThrow('has the key "ident", which its strict contract does not name');
});

test('an output contract that keeps columns without naming them is refused', () => {
  const loose = contract(z.looseObject({ id: z.int() }));
  expect(() => outputColumns(loose, 'made')).toThrow('The output contract of transform "made" is a loose object');
});
