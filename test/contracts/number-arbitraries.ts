import fc from 'fast-check';
import { z } from 'zod';

type Step<S> = readonly [name: string, apply: (schema: S) => S];

const onNumber = (name: string, apply: (schema: z.ZodNumber) => z.ZodNumber): Step<z.ZodNumber> => [name, apply];

const BOUNDS = [0, 1, -1, 0.1, 5, 1e10, -1e-7, 2 ** 53, 2 ** 53 - 1, -(2 ** 31), 1.7976931348623157e308];

const numberStep: fc.Arbitrary<Step<z.ZodNumber>> = fc.oneof(
  fc.constantFrom(...BOUNDS).map((n) => onNumber(`gt(${n})`, (s) => s.gt(n))),
  fc.constantFrom(...BOUNDS).map((n) => onNumber(`gte(${n})`, (s) => s.gte(n))),
  fc.constantFrom(...BOUNDS).map((n) => onNumber(`lt(${n})`, (s) => s.lt(n))),
  fc.constantFrom(...BOUNDS).map((n) => onNumber(`lte(${n})`, (s) => s.lte(n))),
  fc.constantFrom(0.01, 0.07, 1e-10, 1, 2, 3, -2, 0.1, 0).map((n) => onNumber(`multipleOf(${n})`, (s) => s.multipleOf(n))),
  fc.constant(onNumber('positive', (s) => s.positive())),
  fc.constant(onNumber('nonnegative', (s) => s.nonnegative())),
  fc.constant(onNumber('int', (s) => s.int())),
);

const numberBase = fc.constantFrom<readonly [string, () => z.ZodNumber]>(
  ['number', () => z.number()],
  ['number', () => z.number()],
  ['int', () => z.int()],
  ['int32', () => z.int32()],
  ['uint32', () => z.uint32()],
  ['float32', () => z.float32()],
  ['float64', () => z.float64()],
);

/** Schemas over numbers. */
export const numberSchema: fc.Arbitrary<readonly [string, z.ZodType]> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(numberBase, fc.array(numberStep, { maxLength: 3 }))
      .map(
        ([[name, make], steps]) =>
          [`${name}.${steps.map(([step]) => step).join('.')}`, steps.reduce((schema, [, step]) => step(schema), make())] as const,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<readonly [string, z.ZodType]>(
      ['literal 0 1', z.literal([0, 1, 2.5])],
      ['native enum', z.enum({ A: 0, B: 5 })],
      ['literal -1', z.literal(-1)],
    ),
  },
);

/** Numbers at the borders of what the schemas ask. */
export const edgeNumber: fc.Arbitrary<number> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...BOUNDS,
      0.07,
      2.03,
      0.3,
      -0,
      4294967295,
      4294967296,
      2147483647,
      2147483648,
      3.4028234663852886e38,
      3.5e38,
      5e-324,
      2 ** 53 + 2,
      -(2 ** 53),
      1e21,
      0.1 + 0.2,
      29,
      1.5,
      2.5,
    ),
  },
  { weight: 2, arbitrary: fc.double() },
  { weight: 2, arbitrary: fc.integer() },
  { weight: 2, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100) },
);

/** Text that is, or nearly is, a number. */
export const numericText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: edgeNumber.map(String) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '007',
      '+5',
      '.5',
      '5.',
      '-.5e3',
      '1E5',
      '1e+5',
      '1e400',
      '1e-400',
      '1_000',
      ' 1',
      '1 ',
      '\t1',
      '0x10',
      '0b1',
      'NaN',
      'Infinity',
      '-inf',
      'inf',
      '+-1',
      '--1',
      '',
      '.',
      '-',
      'e5',
      '1e',
      '1.2.3',
      '1,5',
      '١',
      '1\u00a0',
      '9007199254740993',
      '99999999999999999999',
      '-0',
      '1e3',
      '5.0',
      '1n',
      '1d',
      '0.1f',
    ),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 6, unit: fc.constantFrom(...Array.from('0123456789+-.eE_ ')) }) },
);
