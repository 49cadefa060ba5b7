import { expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { checkColumns } from '../../src/contracts/columns.js';
import { unsupportedParts } from '../../src/contracts/unsupported.js';

class Money {
  constructor(readonly cents: number) {}
}

it('names every part that no column can hold, with its path and the way out', () => {
  const Odd = contract(
    z.object({
      id: z.int(),
      seen: z.set(z.string()).optional(),
      place: z.object({ by: z.array(z.map(z.string(), z.int())) }),
      price: z.instanceof(Money),
      later: z.promise(z.string()),
      tag: z.union([z.symbol(), z.string()]),
      call: z.custom<string>((value) => typeof value === 'string'),
    }),
  );
  expect(unsupportedParts(Odd)).toEqual([
    '"seen": z.set() is no data. Use z.array(), with a refinement where elements must differ',
    '"place.by.*": z.map() is no data. Use z.record(), for which a column of type MAP, STRUCT or JSON serves',
    '"price": z.instanceof() is no data. Use z.date() for dates, and z.object() with the fields of the class for all others',
    '"later": z.promise() is no data. Use the schema of the value itself; refinements may be asynchronous',
    '"tag": z.symbol() is no data. Use z.string() or z.enum()',
  ]);
});

it('refuses such a contract before anything is read', () => {
  const Odd = contract(z.object({ run: z.function() as unknown as z.ZodType }));
  const place = { contract: 'Odd', dataset: 'odd' };
  expect(() => checkColumns(Odd, [{ name: 'run', type: 'VARCHAR', nullable: true }], place)).toThrow(
    expect.objectContaining({
      code: 'CONTRACT_UNSUPPORTED',
      message: 'Contract "Odd" cannot be a table. "run": z.function() is no data. Leave it out: a row holds data only.',
    }),
  );
});

interface Node {
  readonly name: string;
  readonly children: readonly Node[];
}

it('accepts schemas that contain themselves', () => {
  const tree: z.ZodType<Node> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }));
  expect(unsupportedParts(contract(z.object({ tree, data: z.json() })))).toEqual([]);
});

it('names columns that only the case of their letters tells apart', () => {
  expect(unsupportedParts(contract(z.object({ id: z.int(), Id: z.int().optional(), ab: z.string() })))).toEqual([
    '"id" and "Id" differ only in the case of their letters. Rename one',
  ]);
});
