import { z } from 'zod';

/** A way to write a column of a contract, what is said of it in words, and the DuckDB type of a column that holds such values. */
export interface Construct {
  readonly written: string;
  readonly schema: z.ZodType;
  /** Absent where no typed column holds such values. */
  readonly type?: string;
}

const of = (written: string, schema: z.ZodType, type?: string): Construct => ({
  written,
  schema,
  ...(type !== undefined && { type }),
});
const place = z.object({ lat: z.number(), note: z.string().optional() });
const sale = z.object({ kind: z.literal('sale'), amount: z.number() });
const visit = z.object({ kind: z.literal('visit'), page: z.string() });
const PLACE = 'STRUCT(lat DOUBLE, note VARCHAR)';
const EVENT = 'STRUCT(kind VARCHAR, amount DOUBLE, page VARCHAR)';

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }));

/** The constructs of zod, by kind, in the order of the documentation. */
export const CONSTRUCTS: readonly (readonly [title: string, constructs: readonly Construct[]])[] = [
  [
    'Text',
    [
      of('z.string().min().max().length()', z.string().min(1).max(9), 'VARCHAR'),
      of(
        '.startsWith() .endsWith() .includes(text) .lowercase() .uppercase()',
        z.string().startsWith('a').endsWith('b').includes('c').lowercase(),
        'VARCHAR',
      ),
      of('.includes(text, { position })', z.string().includes('a', { position: 2 }), 'VARCHAR'),
      of('.regex(/^[A-Z]{3}$/): the same in RE2', z.string().regex(/^[A-Z]{3}$/), 'VARCHAR'),
      of('.regex(/^.{3}$/): with `.`, `[^…]`, `\\S`, `\\W` or flag i', z.string().regex(/^.{3}$/), 'VARCHAR'),
      of('.regex(/(?=a)/): lookaround, backreferences, `\\p{…}`, flags m, v, y', z.string().regex(/(?=a)/), 'VARCHAR'),
      of('.trim()', z.string().trim().min(1), 'VARCHAR'),
      of('.toLowerCase() .toUpperCase() .normalize()', z.string().toLowerCase(), 'VARCHAR'),
      of(".normalize('NFD' | 'NFKC' | 'NFKD') .overwrite(f)", z.string().normalize('NFKC'), 'VARCHAR'),
      of(
        'z.email() z.uuid() z.guid() z.ipv4() z.ipv6() z.mac() z.e164() z.hex() z.base64() z.nanoid() z.cuid2() z.ulid() z.hostname() …',
        z.email(),
        'VARCHAR',
      ),
      of('z.url(), z.cidrv6()', z.url(), 'VARCHAR'),
      of('z.iso.date() z.iso.time() z.iso.datetime() z.iso.duration()', z.iso.date(), 'DATE'),
      of('z.emoji() z.jwt() z.creditCard() z.iban(), formats of your own', z.emoji(), 'VARCHAR'),
      of('z.templateLiteral()', z.templateLiteral(['a', z.int()]), 'VARCHAR'),
      of('z.stringbool()', z.stringbool(), 'VARCHAR'),
    ],
  ],
  [
    'Numbers, booleans, dates',
    [
      of(
        'z.number() z.int() z.int32() z.uint32() z.float32(), bounds, multipleOf',
        z.int32().positive().multipleOf(2),
        'INTEGER',
      ),
      of('z.bigint() z.int64() z.uint64(), bounds, multipleOf', z.bigint().positive(), 'BIGINT'),
      of('z.boolean()', z.boolean(), 'BOOLEAN'),
      of('z.date(), bounds', z.date().min(new Date(0)), 'TIMESTAMP'),
      of('z.enum() z.literal()', z.enum(['a', 'b']), 'VARCHAR'),
      of('z.nan()', z.nan(), 'DOUBLE'),
      of('z.any() z.unknown()', z.any(), 'VARCHAR'),
    ],
  ],
  [
    'Coercion, over text',
    [
      of('z.coerce.string()', z.coerce.string(), 'VARCHAR'),
      of('z.coerce.number() z.coerce.bigint()', z.coerce.number(), 'VARCHAR'),
      of('z.coerce.boolean()', z.coerce.boolean(), 'VARCHAR'),
      of('z.coerce.date()', z.coerce.date(), 'VARCHAR'),
    ],
  ],
  [
    'Coercion, over a column that needs none, and over others',
    [
      of('z.coerce.number() over numbers, z.coerce.date() over moments …', z.coerce.number(), 'DOUBLE'),
      of('z.coerce.string() over numbers, z.coerce.number() over booleans …', z.coerce.string(), 'DOUBLE'),
    ],
  ],
  [
    'Missing and refused values',
    [
      of('.optional() .nullable() .nullish() .nonoptional()', z.string().nullish(), 'VARCHAR'),
      of('.default(x) .prefault(x)', z.string().trim().prefault(' x '), 'VARCHAR'),
      of('.default([]) of lists, .default({}) of records', z.array(z.string()).default([]), 'VARCHAR[]'),
      of('.default({ … }) of objects', place.default({ lat: 0 }), PLACE),
      of('.catch(x)', z.int().catch(0), 'INTEGER'),
      of(
        '.catch(f)',
        z.int().catch(() => 0),
        'INTEGER',
      ),
      of('.readonly() .describe() .meta() .brand()', z.string().readonly(), 'VARCHAR'),
    ],
  ],
  [
    'Nested values',
    [
      of('z.array(…).min().max().length()', z.array(z.string().trim()).max(3), 'VARCHAR[]'),
      of('z.object({ … }), with defaults and changes within', place, PLACE),
      of('z.strictObject({ … })', z.strictObject(place.shape), PLACE),
      of('z.looseObject({ … }) .catchall(schema)', z.looseObject(place.shape), PLACE),
      of('z.record(z.string(), …)', z.record(z.string(), z.int()), 'MAP(VARCHAR, INTEGER)'),
      of(
        'z.record(z.enum(), …) z.partialRecord() z.looseRecord()',
        z.record(z.enum(['a', 'b']), z.int()),
        'MAP(VARCHAR, INTEGER)',
      ),
      of('z.tuple([a, b], rest?) over a list', z.tuple([z.number(), z.number()]), 'DOUBLE[]'),
      of('z.tuple() with optional items', z.tuple([z.number(), z.number().optional()]), 'DOUBLE[]'),
      of('z.json() z.lazy(), what contains itself', tree, 'JSON'),
      of('z.intersection()', z.intersection(z.object({ lat: z.number() }), z.object({ note: z.string() })), PLACE),
    ],
  ],
  [
    'Unions',
    [
      of('z.union([a, z.null()])', z.union([z.int(), z.null()]), 'INTEGER'),
      of('z.union() of text', z.union([z.email(), z.uuid()]), 'VARCHAR'),
      of('z.union() of several kinds', z.union([z.int(), z.boolean()]), 'INTEGER'),
      of('z.union() of objects', z.union([sale, visit]), EVENT),
      of("z.discriminatedUnion('kind', [ … ])", z.discriminatedUnion('kind', [sale, visit]), EVENT),
      of('z.union() with coerce or catch, z.xor()', z.union([z.coerce.number(), z.boolean()]), 'DOUBLE'),
    ],
  ],
  [
    'Functions',
    [
      of(
        '.refine() .check(), asynchronous ones too',
        z
          .string()
          .min(2)
          .refine((text) => text !== 'no'),
        'VARCHAR',
      ),
      of(
        '.superRefine() .transform().pipe() z.preprocess() z.codec() z.custom()',
        z.string().transform(Number).pipe(z.int()),
        'VARCHAR',
      ),
    ],
  ],
];
