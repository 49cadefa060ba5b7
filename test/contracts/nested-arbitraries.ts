import fc from 'fast-check';
import { z } from 'zod';
import { acceptsNull } from '../../src/contracts/schema.js';
import { double, text } from '../../src/contracts/sql-text.js';

/** A value as SQL and as zod is to see it: `undefined` for NULL. */
export interface Sample {
  readonly sql: string;
  readonly image: unknown;
}

/** A schema over a DuckDB type, and values of it. */
export interface Kind {
  readonly schema: z.ZodType;
  readonly type: string;
  readonly samples: fc.Arbitrary<Sample>;
}

const NOTHING: Sample = { sql: 'NULL', image: undefined };

const of = (schema: z.ZodType, type: string, samples: fc.Arbitrary<Sample>): Kind => ({ schema, type, samples });

const integers = fc.oneof(fc.integer({ min: -3, max: 8 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31)));
const doubles = fc.oneof(
  fc.constantFrom(0, -0, 0.1, 5, 1e300, 5e-324, -7.25, Number.NaN, Number.POSITIVE_INFINITY),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const words = fc.oneof(
  fc.constantFrom('', 'a', ' b ', '\ufeffc', 'ΑΣ', 'İx', 'straße', '😀', "it's", 'a"b', 'x\0y', 'e\u0301', 'sale', 'visit'),
  fc.string({ maxLength: 4 }),
);
const integer = integers.map((value) => ({ sql: `(${value})::INTEGER`, image: value }));
const real = doubles.map((value) => ({
  sql: Number.isFinite(value) ? double(value) : `'${value}'::DOUBLE`,
  image: value,
}));
const wide = fc
  .constantFrom(0n, -1n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n)
  .map((value) => ({ sql: `'${value}'::BIGINT`, image: Number(value) }));
const decimal = fc
  .constantFrom('0.00', '9.99', '10.00', '-0.01', '90071992547409.93', '123456789012345678.91')
  .map((value) => ({ sql: `'${value}'::DECIMAL(20,2)`, image: Number(value) }));
export const word = words.map((value) => ({ sql: text(value), image: value }));
const day = fc.constantFrom('2001-02-03', '1969-12-31', '2024-02-29');
const moment = fc.constantFrom('2001-02-03T04:05:06.789Z', '1969-12-31T23:59:59.001Z');

const leaf: fc.Arbitrary<Kind> = fc.constantFrom(
  of(z.int(), 'INTEGER', integer),
  of(z.number().positive().multipleOf(2), 'INTEGER', integer),
  of(z.number(), 'DOUBLE', real),
  of(z.number().min(-1).catch(0.5), 'DOUBLE', real),
  of(z.coerce.number().max(100), 'DOUBLE', real),
  of(
    z.bigint().gt(0n),
    'INTEGER',
    integer.map(({ sql, image }) => ({ sql, image: BigInt(image) })),
  ),
  of(z.literal([1, 2, 3]), 'INTEGER', integer),
  of(z.int(), 'BIGINT', wide),
  of(z.number().max(2 ** 53), 'BIGINT', wide),
  of(z.number().max(9.99), 'DECIMAL(20,2)', decimal),
  of(
    z.int().refine((value) => value % 3 !== 0, 'a multiple of 3'),
    'INTEGER',
    integer,
  ),
  of(
    z
      .string()
      .min(1)
      .refine((value) => value !== 'a', 'a'),
    'VARCHAR',
    word,
  ),
  of(
    z
      .number()
      .transform((value) => value / 2)
      .pipe(z.number()),
    'INTEGER',
    integer,
  ),
  of(
    z.number().overwrite((value) => value / 8),
    'DECIMAL(20,2)',
    decimal,
  ),
  of(
    z
      .date()
      .transform((date) => new Date(date.getTime() + 1))
      .pipe(z.date()),
    'DATE',
    day.map((value) => ({ sql: `DATE '${value}'`, image: new Date(value) })),
  ),
  of(
    z
      .number()
      .max(3)
      .catch(({ issues }) => issues.length / 4),
    'INTEGER',
    integer,
  ),
  of(z.union([z.number(), z.nan()]), 'DOUBLE', real),
  of(z.string().max(3), 'VARCHAR', word),
  of(z.string().trim().min(1), 'VARCHAR', word),
  of(
    z
      .string()
      .toLowerCase()
      .regex(/^[a-zσςß]*$/),
    'VARCHAR',
    word,
  ),
  of(z.string().max(2).trim().toUpperCase(), 'VARCHAR', word),
  of(z.enum(['a', 'sale', 'ΑΣ']), 'VARCHAR', word),
  of(z.string().regex(/^.{1,2}$/), 'VARCHAR', word),
  of(z.union([z.literal('visit'), z.string().min(3)]), 'VARCHAR', word),
  of(z.union([z.string().trim(), z.string()]), 'VARCHAR', word),
  of(z.stringbool({ truthy: ['a'], falsy: ['sale'] }), 'VARCHAR', word),
  of(
    z.coerce.number(),
    'VARCHAR',
    fc.oneof(
      word,
      fc.constantFrom('12', ' 1e3 ', '0x1F', '', '-.5', '1_0').map((value) => ({ sql: text(value), image: value })),
    ),
  ),
  of(
    z.boolean(),
    'BOOLEAN',
    fc.boolean().map((value) => ({ sql: String(value), image: value })),
  ),
  of(
    z.date().min(new Date('2001-01-01')),
    'DATE',
    day.map((value) => ({ sql: `DATE '${value}'`, image: new Date(value) })),
  ),
  of(
    z.iso.date(),
    'DATE',
    day.map((value) => ({ sql: `DATE '${value}'`, image: value })),
  ),
  of(
    z.date(),
    'TIMESTAMP',
    moment.map((value) => ({ sql: `'${value}'::TIMESTAMPTZ::TIMESTAMP`, image: new Date(value) })),
  ),
);

const wrapped = (kind: fc.Arbitrary<Kind>): fc.Arbitrary<Kind> =>
  fc
    .tuple(
      kind,
      fc.constantFrom<(schema: z.ZodType) => z.ZodType>(
        (schema) => schema,
        (schema) => schema,
        (schema) => schema.optional(),
        (schema) => schema.nullable(),
        (schema) => z.union([schema, z.null()]),
        (schema) => schema.nullish().readonly(),
      ),
    )
    .map(([{ schema, type, samples }, wrap]) =>
      of(wrap(schema), type, fc.oneof({ weight: 8, arbitrary: samples }, { weight: 1, arbitrary: fc.constant(NOTHING) })),
    );

/** What zod sees where a part has no value: null where the schema takes it, otherwise nothing. */
export function imageOf({ schema }: Kind, { sql, image }: Sample): unknown {
  return sql === 'NULL' && acceptsNull(schema) ? null : image;
}

function listOf(kind: Kind): fc.Arbitrary<Kind> {
  const samples = fc.array(kind.samples, { maxLength: 3 }).map((items) => ({
    sql: `[${items.map(({ sql }) => sql).join(', ')}]::${kind.type}[]`,
    image: items.map((item) => imageOf(kind, item)),
  }));
  return fc
    .constantFrom(
      z.array(kind.schema),
      z.array(kind.schema).min(1),
      z.array(kind.schema).max(2),
      z.array(kind.schema).length(1),
      z.array(kind.schema).default([]),
    )
    .map((schema) => of(schema, `${kind.type}[]`, samples));
}

function pairOf(kind: Kind): fc.Arbitrary<Kind> {
  const samples = fc.array(kind.samples, { minLength: 1, maxLength: 3 }).map((items) => ({
    sql: `[${items.map(({ sql }) => sql).join(', ')}]::${kind.type}[]`,
    image: items.map((item) => imageOf(kind, item)),
  }));
  return fc
    .constantFrom(z.tuple([kind.schema, kind.schema]), z.tuple([kind.schema], kind.schema))
    .map((schema) => of(schema, `${kind.type}[]`, samples));
}

function mapOf(kind: Kind): fc.Arbitrary<Kind> {
  const samples = fc.dictionary(fc.constantFrom('a', 'b b', "c'", 'long key'), kind.samples, { maxKeys: 3 }).map((entries) => {
    const keys = Object.keys(entries);
    const values = keys.map((key) => entries[key] as Sample);
    return {
      sql: `MAP([${keys.map(text).join(', ')}]::VARCHAR[], [${values.map(({ sql }) => sql).join(', ')}]::${kind.type}[])`,
      image: Object.fromEntries(keys.map((key, index) => [key, imageOf(kind, values[index] as Sample)])),
    };
  });
  return fc
    .constantFrom(
      z.record(z.string().max(5), kind.schema),
      z.record(z.string(), kind.schema),
      z.record(z.string(), kind.schema).default({}),
    )
    .map((schema) => of(schema, `MAP(VARCHAR, ${kind.type})`, samples));
}

const NAMES = ['a', 'b b', 'select', "d'"];
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function structOf(fields: readonly Kind[]): fc.Arbitrary<Kind> {
  const names = NAMES.slice(0, fields.length);
  const type = `STRUCT(${names.map((name, index) => `${quoted(name)} ${(fields[index] as Kind).type}`).join(', ')})`;
  const samples = fc.tuple(...fields.map((field) => field.samples)).map((values) => ({
    sql: `struct_pack(${names.map((name, index) => `${quoted(name)} := ${(values[index] as Sample).sql}`).join(', ')})::${type}`,
    values,
  }));
  const shape = (from: number): Record<string, z.ZodType> =>
    Object.fromEntries(names.slice(from).map((name, index) => [name, (fields[from + index] as Kind).schema]));
  // What the contract does not name has no image of its own: only fields seen alike either way are left out.
  const isFree =
    ['INTEGER', 'DOUBLE', 'VARCHAR', 'BOOLEAN'].includes(fields[0]?.type ?? '') &&
    fields.length > 1 &&
    !isBigint(fields[0] as Kind);
  const sampled = (from: number): fc.Arbitrary<Sample> =>
    samples.map(({ sql, values }) => ({
      sql,
      image: Object.fromEntries(
        names
          .map(
            (name, index) =>
              [
                name,
                index < from ? (values[index] as Sample).image : imageOf(fields[index] as Kind, values[index] as Sample),
              ] as const,
          )
          .filter(([, value]) => value !== undefined),
      ),
    }));
  const whole = [
    z.object(shape(0)),
    z.strictObject(shape(0)),
    z.object({ ...shape(0), more: z.string().optional() }),
    z.object({ ...shape(0), more: z.int().default(7) }),
  ].map((schema) => of(schema, type, sampled(0)));
  const part = isFree
    ? [z.object(shape(1)), z.strictObject(shape(1)), z.looseObject(shape(1)), z.object(shape(1)).catchall(z.any())].map(
        (schema) => of(schema, type, sampled(1)),
      )
    : [];
  return fc.constantFrom(...whole, ...part);
}

function isBigint({ schema }: Kind): boolean {
  return schema.safeParse(1n).success && !schema.safeParse(1).success;
}

function eventOf([left, right]: readonly [Kind, Kind]): fc.Arbitrary<Kind> {
  const type = `STRUCT(kind VARCHAR, l ${left.type}, r ${right.type})`;
  const samples = fc.tuple(fc.constantFrom('sale', 'visit', 'other'), left.samples, right.samples).map(([kind, l, r]) => ({
    sql: `struct_pack(kind := '${kind}', l := ${l.sql}, r := ${r.sql})::${type}`,
    image: Object.fromEntries(
      Object.entries({ kind, l: imageOf(left, l), r: imageOf(right, r) }).filter(([, value]) => value !== undefined),
    ),
  }));
  const sale = z.object({ kind: z.literal('sale'), l: left.schema });
  const visit = z.object({ kind: z.literal('visit'), r: right.schema });
  return fc
    .constantFrom(z.discriminatedUnion('kind', [sale, visit]), z.union([sale, visit]), z.union([sale.strict(), visit]))
    .map((schema) => of(schema, type, samples));
}

function nested(depth: number): fc.Arbitrary<Kind> {
  if (depth === 0) return wrapped(leaf);
  const inner = nested(depth - 1);
  return wrapped(
    fc.oneof(
      { weight: 1, arbitrary: leaf },
      { weight: 2, arbitrary: inner.chain(listOf) },
      { weight: 1, arbitrary: inner.chain(pairOf) },
      { weight: 1, arbitrary: inner.chain(mapOf) },
      { weight: 3, arbitrary: fc.array(inner, { minLength: 1, maxLength: 3 }).chain(structOf) },
      { weight: 1, arbitrary: fc.tuple(inner, inner).chain(eventOf) },
    ),
  );
}

/** Schemas over typed columns, nested up to three deep. */
export const nestedKind: fc.Arbitrary<Kind> = fc.constantFrom(1, 2, 3).chain(nested);
