import fc from 'fast-check';
import { z } from 'zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { double, text } from '../../src/contracts/sql-text.js';
import { openSession, type EngineSession } from '../../src/engine/session.js';
import { countCases, seed, timeout, triesOfColumns } from './equality.js';
import { disagreements, textValue, type ColumnCase, type Disagreement } from './column-verdicts.js';
import { edgeNumber, numberSchema, numericText } from './number-arbitraries.js';
import { textCase } from './text-arbitraries.js';
import { wrapper } from './wrapper-arbitrary.js';

const counted = countCases('values of single columns');
let session: EngineSession;

beforeAll(async () => {
  session = await openSession({ memoryLimit: '512MB', threads: 2, spillDirectory: '/tmp' }, new AbortController().signal);
});
afterAll(() => session.close());

async function expectAgreement(cases: fc.Arbitrary<readonly ColumnCase[]>): Promise<{ decided: number; open: number }> {
  const total = { decided: 0, open: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async (chosen) => {
      const { found, decided, open } = await disagreements(session, chosen);
      total.decided += decided;
      total.open += open;
      expect(found).toEqual<Disagreement[]>([]);
    }),
    { numRuns: triesOfColumns(6 * 45), seed },
  );
  counted.add(total.decided + total.open);
  return total;
}

const nullImage = (schema: z.ZodType): unknown => (schema.safeParse(null).success ? null : undefined);
const withNull = (schema: z.ZodType, values: readonly { sql: string; image: unknown }[]) => [
  ...values,
  { sql: 'NULL', image: nullImage(schema) },
];

const textColumns = fc.array(
  fc.tuple(textCase, wrapper, fc.constantFrom('text', 'VARCHAR')).map(([each, [name, wrap], type]): ColumnCase => {
    const schema = wrap(each.schema);
    return { label: `${name} ${each.label} over ${type}`, schema, type, values: withNull(schema, each.texts.map(textValue)) };
  }),
  { minLength: 4, maxLength: 8 },
);

it(
  `gives zod's verdict on text: formats, patterns, lengths, enums (seed ${seed})`,
  async () => {
    const { decided, open } = await expectAgreement(textColumns);
    expect(decided).toBeGreaterThan(open);
  },
  timeout,
);

const DECIMAL_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const csvNumbers = fc
  .tuple(numberSchema, wrapper, fc.array(numericText, { minLength: 30, maxLength: 60 }))
  .map(([[label, plain], [name, wrap], texts]): ColumnCase => {
    const schema = wrap(plain);
    const values = texts.map((each) => {
      const isNumber = DECIMAL_TEXT.test(each) && Number.isFinite(Number(each));
      return { sql: text(each), image: isNumber ? Number(each) : each };
    });
    return { label: `${name} ${label} over text`, schema, type: 'text', values: withNull(schema, values) };
  });

const INTEGER_TYPES = { INTEGER: 2n ** 31n, BIGINT: 2n ** 63n, UBIGINT: 2n ** 64n, HUGEINT: 2n ** 100n } as const;

const typedNumbers = fc
  .tuple(
    numberSchema,
    wrapper,
    fc.constantFrom('DOUBLE', 'FLOAT', 'INTEGER', 'BIGINT', 'UBIGINT', 'HUGEINT', 'DECIMAL(15,2)', 'DECIMAL(38,10)'),
  )
  .chain(([[label, plain], [name, wrap], type]) =>
    fc.array(numberOf(type), { minLength: 30, maxLength: 60 }).map((values): ColumnCase => {
      const schema = wrap(plain);
      return { label: `${name} ${label} over ${type}`, schema, type, values: withNull(schema, values) };
    }),
  );

function numberOf(type: string): fc.Arbitrary<{ sql: string; image: unknown }> {
  if (type === 'DOUBLE' || type === 'FLOAT') {
    const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    return fc.oneof({ weight: 6, arbitrary: edgeNumber }, { weight: 1, arbitrary: odd }).map((value) => {
      const image = type === 'FLOAT' ? Math.fround(value) : value;
      return { sql: Number.isFinite(image) ? double(image) : `'${String(image)}'::DOUBLE`, image };
    });
  }
  if (type.startsWith('DECIMAL')) {
    const scale = type === 'DECIMAL(15,2)' ? 2 : 10;
    const digits = type === 'DECIMAL(15,2)' ? 10n ** 15n : 10n ** 38n;
    return fc
      .bigInt({ min: 1n - digits, max: digits - 1n })
      .chain((wide) => fc.constantFrom(wide, wide % 100000n, wide % 1000n))
      .map((scaled) => {
        const sign = scaled < 0n ? '-' : '';
        const all = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, '0');
        const written = `${sign}${all.slice(0, -scale)}.${all.slice(-scale)}`;
        return { sql: `'${written}'::${type}`, image: Number(written) };
      });
  }
  const limit = INTEGER_TYPES[type as keyof typeof INTEGER_TYPES];
  const min = type === 'UBIGINT' ? 0n : -limit;
  const near = fc.constantFrom(
    0n,
    1n,
    -1n,
    5n,
    2n ** 53n,
    2n ** 53n - 1n,
    2n ** 53n + 1n,
    2n ** 31n - 1n,
    2n ** 31n,
    -(2n ** 31n),
    4294967295n,
    4294967296n,
  );
  return fc
    .oneof(near, fc.bigInt({ min, max: limit - 1n }), fc.bigInt({ min: type === 'UBIGINT' ? 0n : -50n, max: 50n }))
    .filter((value) => value >= min && value < limit)
    .map((value) => ({ sql: `'${value}'::${type}`, image: Number(value) }));
}

it(
  `gives zod's verdict on numbers, typed and in text (seed ${seed})`,
  async () => {
    await expectAgreement(fc.array(fc.oneof(csvNumbers, typedNumbers), { minLength: 4, maxLength: 8 }));
  },
  timeout,
);

it(
  `reads plain numbers in text by the same rules as all others (seed ${seed})`,
  async () => {
    await expectAgreement(fc.tuple(csvNumbers));
  },
  timeout,
);

const bigintSchema = fc.constantFrom<readonly [string, z.ZodType]>(
  ['bigint', z.bigint()],
  ['bigint gt', z.bigint().gt(5n)],
  ['bigint lte', z.bigint().lte(2n ** 53n + 1n)],
  ['bigint multipleOf', z.bigint().multipleOf(3n)],
  ['int64', z.int64()],
  ['uint64', z.uint64().lt(10n ** 19n)],
  ['literal', z.literal([5n, -1n])],
);

const bigints = fc
  .tuple(bigintSchema, wrapper, fc.constantFrom('text', 'BIGINT', 'HUGEINT'))
  .chain(([[label, plain], [name, wrap], type]) =>
    fc
      .array(type === 'text' ? numericText : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), {
        minLength: 20,
        maxLength: 40,
      })
      .map((texts): ColumnCase => {
        const schema = wrap(plain);
        const values = [...texts, '5', '-1', '3', String(2n ** 63n - 1n)].map((each) => ({
          sql: text(each),
          image: /^[+-]?\d+$/.test(each) ? BigInt(each.replace('+', '')) : each,
        }));
        return { label: `${name} ${label} over ${type}`, schema, type, values: withNull(schema, values) };
      }),
  );

const BOOLEAN_TEXT: Readonly<Record<string, boolean>> = { true: true, TRUE: true, True: true, false: false, False: false };

const booleans = fc
  .tuple(fc.constantFrom(z.boolean(), z.literal(true)), wrapper, fc.constantFrom('text', 'BOOLEAN'))
  .map(([plain, [name, wrap], type]): ColumnCase => {
    const schema = wrap(plain);
    const values =
      type === 'text'
        ? ['true', 'TRUE', 'True', 'false', 'False', 't', '1', '0', 'yes', '', ' true', 'ﬁalse', 'trüe'].map((each) => ({
            sql: text(each),
            image: BOOLEAN_TEXT[each] ?? each,
          }))
        : [true, false].map((each) => ({ sql: String(each), image: each }));
    return { label: `${name} boolean over ${type}`, schema, type, values: withNull(schema, values) };
  });

const dateSchema = fc.constantFrom<readonly [string, z.ZodType]>(
  ['date', z.date()],
  ['date min', z.date().min(new Date('2001-01-01T00:00:00.123Z'))],
  ['date max', z.date().max(new Date('1999-12-31T23:59:59.999Z'))],
  ['date both', z.date().min(new Date(0)).max(new Date('2030-01-01'))],
);

const DATES = [
  '2001-01-01',
  '2001-01-01T00:00:00.123Z',
  '2001-01-01T00:00:00.122999Z',
  '2001-01-01 00:00:00.1239',
  '1999-12-31T23:59:59.999999',
  '1969-12-31T23:59:59.9995Z',
  '2000-02-29T12:00',
  '2001-01-01T05:30:00.123+05:30',
  '0001-01-01',
  '9999-12-31T23:59:59Z',
];
const NO_DATES = [
  '2001-02-29',
  '2001-1-1',
  'infinity',
  'epoch',
  '',
  '2001-01-01T25:00:00',
  '2001-01-01T00:00Z',
  '01/02/2001',
  ' 2001-01-01',
  '2001-01-01T00:00:00 Europe/Berlin',
  '20010101',
];

// Microseconds since 1970 cut to milliseconds, towards 1970; without offset, UTC.
function millis(iso: string): number {
  const [day, time] = [iso.slice(0, 10), iso.slice(11)];
  const zone = /(?:Z|[+-]\d\d:\d\d)$/.exec(time)?.[0] ?? 'Z';
  const clock = time === '' ? '00:00:00' : time.replace(zone, '').padEnd(8, ':00');
  const [seconds, fraction = ''] = clock.split('.');
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
  const base = Date.parse(`${day}T${seconds}${zone}`);
  return base + (base < 0 ? Math.ceil(micros / 1000) : Math.floor(micros / 1000));
}

const dates = fc
  .tuple(dateSchema, wrapper, fc.constantFrom('text', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'DATE'))
  .map(([[label, plain], [name, wrap], type]): ColumnCase => {
    const schema = wrap(plain);
    const moments = DATES.map((each) => {
      if (type === 'DATE') return { sql: `'${each.slice(0, 10)}'::DATE`, image: new Date(each.slice(0, 10)) };
      return { sql: type === 'text' ? text(each) : `'${each}'::TIMESTAMPTZ::${type}`, image: new Date(millis(each)) };
    });
    const odd =
      type === 'text'
        ? NO_DATES.map((each) => ({ sql: text(each), image: each as unknown }))
        : [{ sql: `'infinity'::${type}`, image: new Date(Number.NaN) as unknown }];
    return { label: `${name} ${label} over ${type}`, schema, type, values: withNull(schema, [...moments, ...odd]) };
  });

it(
  `gives zod's verdict on bigints, booleans and dates (seed ${seed})`,
  async () => {
    await expectAgreement(fc.array(fc.oneof(bigints, booleans, dates), { minLength: 4, maxLength: 8 }));
  },
  timeout,
);
