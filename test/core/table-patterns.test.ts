import { expect, test } from 'vitest';
import { parseTablePattern } from '../../src/core/table-patterns.js';

function matched(pattern: string, ...names: readonly (readonly [schema: string, table: string])[]): string[] {
  const parsed = parseTablePattern(pattern);
  return names.filter(([schema, table]) => parsed.matches({ schema, table })).map((name) => name.join('/'));
}

const ORDERS = ['shop', 'orders'] as const;
const LINES = ['shop', 'order_lines'] as const;
const OTHERS = ['crm', 'orders'] as const;

test.each([
  ['shop.orders', ['shop/orders']],
  ['shop.*', ['shop/orders', 'shop/order_lines']],
  ['*', ['shop/orders', 'shop/order_lines', 'crm/orders']],
  ['*.orders', ['shop/orders', 'crm/orders']],
  ['orders', ['shop/orders', 'crm/orders']],
  ['shop.order_*', ['shop/order_lines']],
  ['c?m.orders', ['crm/orders']],
  ['shop.order', []],
  ['shop.Orders', []],
])('the pattern %s means its tables and no others', (pattern, tables) => {
  expect(matched(pattern, ORDERS, LINES, OTHERS)).toEqual(tables);
});

test('a name in double quotes is taken as it is', () => {
  expect(matched('shop."a.b"', ['shop', 'a.b'], ['shop', 'a'])).toEqual(['shop/a.b']);
  expect(matched('"*".t', ['*', 't'], ['x', 't'])).toEqual(['*/t']);
  expect(matched('shop."say ""hi"""', ['shop', 'say "hi"'])).toEqual(['shop/say "hi"']);
});

test('nothing in a name is read as a regular expression', () => {
  expect(matched('shop.a+b(c)[d]|e^$-/\\', ['shop', 'a+b(c)[d]|e^$-/\\'], ['shop', 'aab'])).toEqual(['shop/a+b(c)[d]|e^$-/\\']);
});

test('a star takes any character, a question mark takes one', () => {
  expect(matched('s.a*z', ['s', 'a\nz'], ['s', 'a.z'], ['s', 'az'])).toHaveLength(3);
  expect(matched('s.a?z', ['s', 'a🌊z'], ['s', 'az'], ['s', 'abbz'])).toEqual(['s/a🌊z']);
});

test.each([
  ['a*a', ['aa', 'aba'], ['a']],
  ['*ab*ab', ['abab', 'xabyab', 'abxab'], ['ab', 'aba']],
  ['a*b*c', ['abc', 'axbxbc'], ['acb', 'ab']],
  ['**', ['', 'x'], []],
])('the stars of %s share what is there', (pattern, yes, no) => {
  expect(matched(`s.${pattern}`, ...yes.map((name) => ['s', name] as const))).toHaveLength(yes.length);
  expect(matched(`s.${pattern}`, ...no.map((name) => ['s', name] as const))).toEqual([]);
});

test('a pattern of many stars is as quick as any', () => {
  expect(matched(`s.${'*a'.repeat(40)}`, ['s', `${'a'.repeat(60)}b`])).toEqual([]);
});

test('a pattern knows whether it can only mean one name', () => {
  expect(parseTablePattern('shop.orders').isExact).toBe(true);
  expect(parseTablePattern('orders').isExact).toBe(true);
  expect(parseTablePattern('"*".orders').isExact).toBe(true);
  expect(parseTablePattern('*.orders').isExact).toBe(false);
  expect(parseTablePattern('shop.o?').isExact).toBe(false);
});

test.each(['', '.', 'a.', '.a', 'a..b', 'a.b.c', '"a', 'a"b', '"a"b', '""'])('%j is no pattern', (text) => {
  expect(() => parseTablePattern(text)).toThrow(/is no pattern for tables\. Write schema\.table/);
});

test('a pattern that begins with ! is refused with the way to leave tables out', () => {
  expect(() => parseTablePattern('!shop.secrets')).toThrow(/Tables to leave out go into `exclude`\.$/);
});
