import { expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { checkColumns, checkOutput, contractColumns } from '../../src/contracts/columns.js';

const column = (name: string, type: string) => ({ name, type, nullable: true });

it('gives each column its canonical type and whether it may be empty', () => {
  const All = contract(
    z.object({
      text: z.string(),
      day: z.iso.date(),
      moment: z.iso.datetime(),
      local: z.iso.datetime({ local: true }),
      clock: z.iso.time(),
      id: z.uuid(),
      number: z.number(),
      safe: z.int(),
      small: z.int32(),
      unsigned: z.uint32(),
      both: z.number().int().max(5),
      flag: z.boolean(),
      at: z.date(),
      kind: z.enum(['a', 'b']),
      level: z.literal([1, 2]),
      half: z.literal([0.5]),
      big: z.bigint(),
      long: z.int64(),
      any: z.any(),
      maybe: z.string().nullable(),
      absent: z.int().optional(),
      filled: z.int().default(1),
      deep: z.string().optional().nullable().readonly().describe('x'),
      turned: z.string().transform(Number).pipe(z.int()),
      forced: z.coerce.date(),
    }),
  );
  expect(contractColumns(All).map(({ name, type, nullable }) => `${name} ${type}${nullable ? ' null' : ''}`)).toEqual([
    'text VARCHAR',
    'day DATE',
    'moment TIMESTAMP WITH TIME ZONE',
    'local TIMESTAMP',
    'clock VARCHAR',
    'id VARCHAR',
    'number DOUBLE',
    'safe BIGINT',
    'small INTEGER',
    'unsigned BIGINT',
    'both BIGINT',
    'flag BOOLEAN',
    'at TIMESTAMP WITH TIME ZONE',
    'kind VARCHAR',
    'level BIGINT',
    'half DOUBLE',
    'big DECIMAL(38,0)',
    'long BIGINT',
    'any VARCHAR null',
    'maybe VARCHAR null',
    'absent BIGINT null',
    'filled BIGINT',
    'deep VARCHAR null',
    'turned BIGINT',
    'forced TIMESTAMP WITH TIME ZONE',
  ]);
});

const Delay = contract(
  z.object({ state: z.string().length(2), flights: z.int(), average: z.number(), note: z.string().optional() }),
);

it('keeps the types of a transform where they fit, in the order of the contract, and narrows integers beyond 64 bits', () => {
  const found = [
    column('flights', 'HUGEINT'),
    column('state', 'VARCHAR'),
    column('average', 'DECIMAL(18,3)'),
    column('note', 'VARCHAR'),
  ];
  expect(checkOutput(Delay, found)).toEqual([
    { name: 'state', type: 'VARCHAR', nullable: false },
    { name: 'flights', type: 'BIGINT', nullable: false },
    { name: 'average', type: 'DECIMAL(18,3)', nullable: false },
    { name: 'note', type: 'VARCHAR', nullable: true },
  ]);
});

it('lists what is missing, extra and of a wrong type in a transform at once', () => {
  const found = [column('flight', 'BIGINT'), column('state', 'BIGINT'), column('average', 'DOUBLE'), column('note', 'VARCHAR')];
  expect(() => checkOutput(Delay, found, 'transform "delays"')).toThrow(
    'The columns of transform "delays" do not fit its output contract: wrong type: "state" is BIGINT, the contract wants text; missing: "flights" (did you mean "flight"?); extra: "flight".',
  );
});

it('asks of a dataset only the columns that must be there', () => {
  const place = { contract: 'Delay', dataset: 'delays' };
  expect(() =>
    checkColumns(Delay, [column('state', 'VARCHAR'), column('flights', 'BIGINT'), column('average', 'DOUBLE')], place),
  ).not.toThrow();
  expect(() => checkColumns(Delay, [column('state', 'VARCHAR')], place)).toThrow(
    'Dataset "delays" lacks "flights", "average", which contract "Delay" needs. It has: state.',
  );
});

it('accepts numbers that a database hands over as text for want of a type', () => {
  const Price = contract(z.object({ price: z.number() }));
  const place = { contract: 'Price', dataset: 'prices' };
  expect(() => checkColumns(Price, [{ ...column('price', 'VARCHAR'), sourceType: 'numeric' }], place)).not.toThrow();
  expect(() => checkColumns(Price, [{ ...column('price', 'VARCHAR'), sourceType: 'jsonb' }], place)).toThrow(
    '"price" is VARCHAR, the contract wants a number',
  );
});
