import fc from 'fast-check';
import { z } from 'zod';

/** A schema that may change text, texts for it, and how each is seen by zod. */
export interface TextKind {
  readonly schema: z.ZodType;
  readonly texts: fc.Arbitrary<string | null>;
  readonly image: (text: string) => unknown;
}

const ODD = [
  '',
  ' ',
  ' ab ',
  'a b@c.de ',
  'A@B.CO',
  '\ufeffa',
  '\u00a0b\u2029',
  '\u0085',
  'İstanbul',
  'ΑΣ',
  'σς',
  'straße',
  'ŉ',
  'ᾼ',
  'ﬁ',
  'e\u0301',
  'x\0e\u0301',
  '😀b',
  'ｙｅｓ',
  'K',
  'Ꟊ',
  'Yes',
  'OFF',
  'enabled',
  'DİSABLED',
  'true',
  'a12',
  'a-7',
];
const NUMBERS = [
  '0',
  '-0',
  '12',
  ' 12\n',
  '+7',
  '1e3',
  '.5',
  '5.',
  '0x1F',
  '0b101',
  '0o17',
  '-0x1',
  '1_000',
  '1e400',
  'Infinity',
  'NaN',
  '9007199254740993',
  '12345678901234567890123456789012345678',
  '2.5',
  '1n',
  '\u30005\ufeff',
];

const words = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 2, arbitrary: fc.string({ maxLength: 5 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4, unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)) },
);
const digits = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: words },
  { weight: 2, arbitrary: fc.double().map(String) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String) },
);
const orNone = (texts: fc.Arbitrary<string>): fc.Arbitrary<string | null> =>
  fc.oneof({ weight: 7, arbitrary: texts }, { weight: 1, arbitrary: fc.constant(null) });

const own = (text: string): unknown => text;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const number = (text: string): unknown => (DECIMAL.test(text) && Number.isFinite(Number(text)) ? Number(text) : text);

type Step = (schema: z.ZodString) => z.ZodString;
const step = fc.constantFrom<Step>(
  (schema) => schema.trim(),
  (schema) => schema.trim(),
  (schema) => schema.toLowerCase(),
  (schema) => schema.toUpperCase(),
  (schema) => schema.normalize(),
  (schema) => schema.normalize('NFKC'),
  (schema) => schema.min(2),
  (schema) => schema.max(4),
  (schema) => schema.length(2),
  (schema) => schema.regex(/^[a-zß ]*$/),
  (schema) => schema.startsWith('a'),
  (schema) => schema.includes('B'),
);
const changed = fc
  .array(step, { minLength: 1, maxLength: 4 })
  .map((steps): z.ZodType => steps.reduce((schema, apply) => apply(schema), z.string()));

const texts: fc.Arbitrary<TextKind> = fc
  .oneof(
    { weight: 6, arbitrary: changed },
    {
      weight: 3,
      arbitrary: fc.constantFrom<z.ZodType>(
        z.email().trim(),
        z.email().toLowerCase(),
        z.stringbool(),
        z.stringbool({ truthy: ['a', 'Yes'], falsy: ['b'], case: 'sensitive' }),
        z.union([z.email(), z.literal('Yes'), z.string().max(1)]),
        z.union([z.string().trim().min(3), z.string().toUpperCase()]),
        z.templateLiteral(['a', z.int()]),
        z.coerce.string().trim().max(4),
        z.coerce.boolean(),
        z.coerce.date(),
      ),
    },
  )
  .map((schema) => ({ schema, texts: orNone(words), image: own }));

const numbers: fc.Arbitrary<TextKind> = fc.oneof(
  fc
    .constantFrom<z.ZodType>(
      z.coerce.number(),
      z.coerce.number().int(),
      z.coerce.number().min(5).multipleOf(0.5),
      z.coerce.number().max(100),
      z.coerce.bigint(),
      z.coerce.bigint().gt(4n),
    )
    .map((schema) => ({ schema, texts: orNone(digits), image: own })),
  fc
    .constantFrom<z.ZodType>(z.number().catch(-1), z.int().max(9).catch(0), z.number().min(2).prefault(3), z.int32().default(8))
    .map((schema) => ({ schema, texts: orNone(digits), image: number })),
);

const wrapper = fc.constantFrom<(schema: z.ZodType) => z.ZodType>(
  (schema) => schema,
  (schema) => schema,
  (schema) => schema.optional(),
  (schema) => schema.nullable(),
  (schema) => z.union([schema, z.null()]),
  (schema) => schema.nullish(),
  (schema) => schema.optional().nonoptional(),
);
const filler = fc.constantFrom<(schema: z.ZodType) => z.ZodType>(
  (schema) => schema,
  (schema) => schema.catch('caught'),
  (schema) => schema.catch('caught').optional(),
  (schema) => schema.prefault(' AB '),
  (schema) => schema.default('filled'),
);

const withFunctions: fc.Arbitrary<TextKind> = fc.oneof(
  fc
    .constantFrom<z.ZodType>(
      z
        .string()
        .min(1)
        .refine((text) => !text.includes('a'), 'no a'),
      z
        .string()
        .max(4)
        .refine((text) => text !== 'Yes', { abort: true })
        .toUpperCase(),
      z.string().superRefine((text, context) => {
        if (text.length > 2) context.addIssue({ code: 'custom', message: `${text.length} are too many`, path: ['length'] });
      }),
      z
        .string()
        .transform((text) => text.length)
        .pipe(z.int().max(5)),
      z.preprocess((value) => (typeof value === 'string' ? value.trim() : value), z.string().max(3)),
      z.string().overwrite((text) => text.slice(0, 2)),
      z.string().catch(({ issues }) => String(issues.length)),
    )
    .map((schema) => ({ schema, texts: orNone(words), image: own })),
  fc
    .constantFrom<z.ZodType>(
      z
        .int()
        .min(2)
        .refine((value) => value % 2 === 0, 'odd'),
      z.number().refine((value) => value < 10),
    )
    .map((schema) => ({ schema, texts: orNone(digits), image: number })),
);

/** Schemas over CSV text that change, coerce, catch or fill in values, or have functions. */
export const changingKind: fc.Arbitrary<TextKind> = fc.oneof(
  withFunctions,
  fc.tuple(texts, wrapper).map(([kind, wrap]) => ({ ...kind, schema: wrap(kind.schema) })),
  fc.tuple(changed, filler).map(([schema, fill]) => ({ schema: fill(schema), texts: orNone(words), image: own })),
  fc.tuple(numbers, wrapper).map(([kind, wrap]) => ({ ...kind, schema: wrap(kind.schema) })),
);
