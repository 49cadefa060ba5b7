import { expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import { contractHash } from '../../src/contracts/hash.js';

const hash = (schema: z.ZodObject, options?: Parameters<typeof contract>[1]): string =>
  contractHash(contract(schema, options as never)).hash;

it('is the same for the same contract, made twice', () => {
  const make = () =>
    z.object({
      a: z.string().min(3, 'too short').regex(/^x/i),
      b: z.int().nullable().default(5),
      c: z.date().min(new Date(0)),
      d: z.enum(['x', 'y']).optional(),
      e: z.hex(),
      f: z.bigint().gt(5n),
    });
  expect(hash(make())).toBe(hash(make()));
  expect(contractHash(contract(make()))).toMatchObject({ exact: true, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
});

it('differs with every part of a contract', () => {
  const variants = [
    hash(z.object({ a: z.string() })),
    hash(z.object({ b: z.string() })),
    hash(z.object({ a: z.string().min(1) })),
    hash(z.object({ a: z.string().min(2) })),
    hash(z.object({ a: z.string().min(2, 'x') })),
    hash(z.object({ a: z.string().min(2, 'y') })),
    hash(z.object({ a: z.string().regex(/a/) })),
    hash(z.object({ a: z.string().regex(/a/i) })),
    hash(z.object({ a: z.string().optional() })),
    hash(z.object({ a: z.string().nullable() })),
    hash(z.object({ a: z.string().default('x') })),
    hash(z.object({ a: z.string().default('y') })),
    hash(z.strictObject({ a: z.string() })),
    hash(z.object({ a: z.string().meta({ classification: 'pii' }) })),
    hash(z.object({ a: z.string() }), { key: ['a'] as never }),
    hash(z.object({ a: z.string() }), { rules: { r: sql`a > 'b'` } }),
    hash(z.object({ a: z.string() }), { rules: { r: sql`a > 'c'` } }),
    hash(z.object({ a: z.string(), b: z.int() })),
    hash(z.object({ b: z.int(), a: z.string() })),
    hash(z.object({ a: z.string().refine((x) => x > 'a') })),
    hash(z.object({ a: z.string().refine((x) => x > 'b') })),
    hash(z.object({ a: z.string().superRefine(() => undefined) })),
    hash(z.object({ a: z.number().gt(0) })),
    hash(z.object({ a: z.number().gte(0) })),
    hash(z.object({ a: z.number().gte(-0) })),
  ];
  expect(new Set(variants).size).toBe(variants.length);
});

it('says that it cannot see what functions close over', () => {
  const limit = 5;
  for (const schema of [
    z.string().refine((x) => x.length > limit),
    z.string().transform((x) => x.length),
    z.string().superRefine(() => undefined),
    z.preprocess((x) => x, z.string()),
  ]) {
    expect(contractHash(contract(z.object({ a: schema }))).exact).toBe(false);
  }
});

it('ends for a schema that contains itself', () => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  expect(contractHash(contract(z.object({ tree: Tree }))).definition).toContain('seen');
});
