import { contract, sql, type Contract } from 'millrace/config';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contractHash } from '../../src/contracts/hash.js';
import { diffContracts } from '../../src/contracts/versions/diff.js';

/** The changes as `breaking kind path text`. */
function told(before: Contract, after: Contract): string[] {
  return diffContracts(contractHash(before).definition, contractHash(after).definition).map(
    ({ breaking, kind, path, text }) => `${breaking ? '! ' : ''}${kind} ${path} ${text}`,
  );
}

function column(before: z.ZodType, after: z.ZodType): string[] {
  return told(contract(z.object({ a: before })), contract(z.object({ a: after })));
}

describe('a column', () => {
  const CASES: [z.ZodType, z.ZodType, string][] = [
    [z.int().min(0), z.int().min(1), '! narrower a minimum was 0, is 1'],
    [z.int().min(0), z.int(), 'wider a minimum was 0, is none'],
    [z.int().max(9), z.int().max(8), '! narrower a maximum was 9, is 8'],
    [z.int().max(9), z.int().max(10), 'wider a maximum was 9, is 10'],
    [z.number().lte(3), z.number().lt(3), '! narrower a maximum was 3, is 3 (exclusive)'],
    [z.number().gt(3), z.number().gte(3), 'wider a minimum was 3 (exclusive), is 3'],
    [z.date(), z.date().min(new Date(0)), '! narrower a minimum was none, is 1970-01-01T00:00:00.000Z'],
    [z.string().max(5), z.string().max(4), '! narrower a maximum length was 5, is 4'],
    [z.string(), z.string().regex(/^a/), '! narrower a format regex is new'],
    [z.string().regex(/^a/), z.string().regex(/^b/), '! changed a format regex is another'],
    [z.string().regex(/^a/), z.string(), 'wider a format regex is gone'],
    [z.enum(['a', 'b']), z.enum(['a']), '! narrower a no longer takes "b"'],
    [z.enum(['a']), z.enum(['a', 'c']), 'wider a takes "c" too'],
    [z.string().nullable(), z.string(), '! narrower a may no longer be null'],
    [z.string(), z.string().nullable(), 'wider a may be null now'],
    [z.string().optional(), z.string(), '! narrower a may no longer be missing'],
    [z.int(), z.number(), 'wider a was int, is number'],
    [z.number(), z.int(), '! narrower a was number, is int'],
    [z.string(), z.int(), '! changed a was string, is int'],
    [z.string(), z.email(), '! changed a was string, is string (email)'],
    [z.string(), z.string().meta({ classification: 'pii' }), 'note a meta was none, is {"classification":"pii"}'],
    [z.string('no'), z.string('please'), 'note a messages or the like are others'],
    [z.string().default('x'), z.string().default('y'), 'note a default was "x", is "y"'],
    [z.string(), z.string().refine((value) => value !== 'q'), '! narrower a custom is new'],
    [z.object({ b: z.int() }), z.object({ b: z.int().min(3) }), '! narrower a.b minimum was none, is 3'],
    [z.object({ b: z.int() }), z.object({ b: z.int(), c: z.string().optional() }), 'added a.c is new: string, may be missing'],
    [z.array(z.string()), z.array(z.int()), '! changed a[] was string, is int'],
  ];

  test.each(CASES.map(([before, after, change]) => [change, before, after] as const))('%s', (change, before, after) => {
    expect(column(before, after)).toEqual([change]);
  });

  test('that is as it was has not changed', () => {
    expect(column(z.int().min(0).nullable(), z.int().min(0).nullable())).toEqual([]);
  });
});

describe('a contract', () => {
  const base = z.object({ id: z.int(), name: z.string() });

  test('that loses a column, or gains one that every source has to have, breaks', () => {
    expect(told(contract(base), contract(z.object({ id: z.int() })))).toEqual(['! removed name is gone']);
    expect(told(contract(base), contract(base.extend({ age: z.int() })))).toEqual([
      '! required age is new: int, and every source has to have it',
    ]);
    expect(told(contract(base), contract(base.extend({ age: z.int().nullish() })))).toEqual([
      'added age is new: int, may be null, may be missing',
    ]);
  });

  test('tells a renamed column from one that is gone, where only one can be meant', () => {
    expect(told(contract(base), contract(z.object({ id: z.int(), title: z.string() })))).toEqual(['! renamed name is title now']);
    expect(told(contract(base), contract(z.object({ id: z.int(), title: z.string(), label: z.string() })))).toHaveLength(3);
  });

  test('tells of key, rules, unknown columns and order', () => {
    expect(told(contract(base, { key: ['id'] }), contract(base))).toEqual(['! key  key was id, is none']);
    const ruled = contract(base, { rules: { positive: sql`id > 0` } });
    expect(told(contract(base), ruled)).toEqual(['! narrower  rule "positive" is new: id > 0']);
    expect(told(ruled, contract(base))).toEqual(['wider  rule "positive" is gone']);
    expect(told(ruled, contract(base, { rules: { positive: sql`id > 1` } }))).toEqual([
      '! changed  rule "positive" was id > 0, is id > 1',
    ]);
    expect(told(contract(base), contract(base.strict()))).toEqual([
      '! narrower  other columns are left out before, reject the row now',
    ]);
    expect(told(contract(base), contract(z.object({ name: z.string(), id: z.int() })))).toEqual([
      'note  columns are in another order',
    ]);
  });
});
