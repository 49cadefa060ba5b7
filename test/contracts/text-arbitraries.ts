import fc from 'fast-check';
import { z } from 'zod';
import { regexes } from './regex-arbitraries.js';
import { HUGE, textNear, type TextCase } from './text-near.js';

const uuid = '123e4567-e89b-12d3-a456-426614174000';

const FORMATS: readonly (readonly [string, () => z.ZodType, readonly string[]])[] = [
  ['email', () => z.email(), ['a@b.co', 'a.b+c@x-y.example.org', "o'x@y.zz", '.a@b.co', 'a..b@c.de', 'a@b']],
  [
    'uuid',
    () => z.uuid(),
    [uuid, uuid.toUpperCase(), '00000000-0000-0000-0000-000000000000', '123e4567-e89b-92d3-a456-426614174000'],
  ],
  ['uuidv4', () => z.uuidv4(), ['123e4567-e89b-42d3-a456-426614174000', uuid]],
  ['uuidv7', () => z.uuidv7(), ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', uuid]],
  ['guid', () => z.guid(), [uuid, '123e4567-e89b-f2d3-f456-426614174000']],
  [
    'url',
    () => z.url(),
    [
      'https://example.com',
      'http://a-b.example.org:8080/x?y=1#z',
      'https://example.com/a b',
      ' https://example.com',
      'ftp://x',
      'mailto:a@b',
      'https://xn--a.com',
      'http://1.2.3',
      'http://[::1]/',
    ],
  ],
  ['ipv4', () => z.ipv4(), ['1.2.3.4', '255.255.255.255', '01.2.3.4', '1.2.3']],
  [
    'ipv6',
    () => z.ipv6(),
    ['::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1::8', '::', '1:2:3:4:5:6:7::', '::1%eth0', '1::2::3', '::1.2.3.256'],
  ],
  ['cidrv4', () => z.cidrv4(), ['10.0.0.0/8', '1.2.3.4/33', '1.2.3.4/08']],
  ['cidrv6', () => z.cidrv6(), ['::1/64', '2001:db8::/129', '::1/1.5', '::/1e-7', '::1/064']],
  ['mac', () => z.mac(), ['00:1a:2b:3c:4d:5e', '00:1A:2B:3C:4D:5E', '00:1A:2b:3C:4D:5E']],
  [
    'iso date',
    () => z.iso.date(),
    [
      '2001-02-28',
      '2000-02-29',
      '1900-02-29',
      '2001-13-01',
      '0000-01-01',
      '9999-12-31',
      '2001-1-1',
      '2001-01-01 ',
      '10000-01-01',
      '2001/01/01',
    ],
  ],
  ['iso time', () => z.iso.time(), ['12:34:56', '23:59', '24:00:00', '12:34:56.789', '1:02:03']],
  ['iso time ms', () => z.iso.time({ precision: 3 }), ['12:34:56.789', '12:34:56', '12:34:56.7890']],
  [
    'iso datetime',
    () => z.iso.datetime(),
    [
      '2001-02-03T04:05:06Z',
      '2001-02-03T04:05:06.789Z',
      '2001-02-03T04:05:06',
      '2001-02-03T04:05Z',
      '2001-02-29T00:00:00Z',
      '2000-02-29T24:00:00Z',
      '2100-02-29T00:00:00Z',
      '2016-12-31T23:59:60Z',
      '2001-02-03 04:05:06Z',
    ],
  ],
  [
    'iso datetime offset',
    () => z.iso.datetime({ offset: true }),
    [
      '2001-02-03T04:05:06+05:30',
      '2001-02-03T04:05:06-24:00',
      '2001-02-03T04:05:06Z',
      '2001-02-03T04:05:06+0530',
      '2001-02-03T04:05:06-00:00',
      '2001-02-03T04:05:06+23:59',
      '2001-02-03T04:05:06+14:60',
      '2004-02-29T23:59:60+01:00',
    ],
  ],
  [
    'iso datetime local',
    () => z.iso.datetime({ local: true }),
    ['2001-02-03T04:05:06', '2001-02-03T04:05', '2001-02-03T04:05:06.123456789', '2001-02-03T04:05:06Z', '0000-02-29T00:00:00'],
  ],
  ['iso duration', () => z.iso.duration(), ['P1Y2M3DT4H5M6S', 'P1W', 'P', 'PT', 'P1YT', 'PT0.5S', 'PT1,5S', 'P1W1D', 'P1D']],
  ['base64', () => z.base64(), ['', 'YQ==', 'YWI=', 'YWJj', 'YQ=', 'YQ', 'Y Q=', 'YW-j']],
  ['base64url', () => z.base64url(), ['', 'YQ', 'YWI', 'YWJj', 'Y-_j', 'YQ==', 'Y']],
  ['e164', () => z.e164(), ['+14155552671', '+1234567', '+0123456', '14155552671']],
  ['hex', () => z.hex(), ['', 'deadBEEF', 'xyz']],
  ['hash', () => z.hash('sha256'), ['a'.repeat(64), 'A1'.repeat(32), 'g'.repeat(64), 'a'.repeat(63)]],
  [
    'hostname',
    () => z.hostname(),
    [
      'example.com',
      'a-b.example.org.',
      '-a.com',
      'a..b',
      'localhost',
      `${'a'.repeat(64)}.com`,
      `${'a.'.repeat(126)}a`,
      `${'a.'.repeat(127)}a`,
    ],
  ],
  ['nanoid', () => z.nanoid(), ['V1StGXR8_Z5jdHi6B-myT', 'V1StGXR8_Z5jdHi6B-my']],
  ['cuid', () => z.cuid(), ['cjld2cjxh0000qzrmn831i7rn', 'Cabcdefg', 'xabc']],
  ['cuid2', () => z.cuid2(), ['tz4a98xxat96iws9zmbrgj3a', 'A']],
  ['ulid', () => z.ulid(), ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '81ARZ3NDEKTSV4RRFFQ69G5FAV']],
  ['xid', () => z.xid(), ['9m4e2mr0ui3e8a215n4g', '9m4e2mr0ui3e8a215n4z']],
  ['ksuid', () => z.ksuid(), ['0ujtsYcgvSTl8PAuAdqWYSMnLOv']],
  ['emoji', () => z.emoji(), ['😀', 'a', '1']],
  ['jwt', () => z.jwt(), ['eyJhbGciOiJIUzI1NiJ9.e30.x', 'a.b.c']],
];

const formats: fc.Arbitrary<TextCase> = fc
  .constantFrom(...FORMATS)
  .chain(([label, make, samples]) =>
    fc.array(textNear(samples), { minLength: 30, maxLength: 60 }).map((texts) => ({ label, schema: make(), texts })),
  );

type Step<S> = readonly [name: string, apply: (schema: S) => S];

const onString = (name: string, apply: (schema: z.ZodString) => z.ZodString): Step<z.ZodString> => [name, apply];

const stringStep: fc.Arbitrary<Step<z.ZodString>> = fc.oneof(
  fc.nat(6).map((n) => onString(`min(${n})`, (s) => s.min(n))),
  fc.nat(8).map((n) => onString(`max(${n})`, (s) => s.max(n))),
  fc.nat(5).map((n) => onString(`length(${n})`, (s) => s.length(n))),
  fc.constantFrom('a', 'A1', '', 'é', '😀', '\0', "'").map((text) => onString(`startsWith(${text})`, (s) => s.startsWith(text))),
  fc.constantFrom('b', '', '\n', '😀').map((text) => onString(`endsWith(${text})`, (s) => s.endsWith(text))),
  fc.constantFrom('a', ' ', '"', '\0', '\ude00').map((text) => onString(`includes(${text})`, (s) => s.includes(text))),
  fc.constant(onString('lowercase', (s) => s.lowercase())),
  fc.constant(onString('uppercase', (s) => s.uppercase())),
  fc.constant(onString('min abort', (s) => s.min(2, { abort: true }))),
);

const strings: fc.Arbitrary<TextCase> = fc
  .tuple(
    fc.array(stringStep, { maxLength: 3 }),
    fc.array(
      fc.oneof(
        { weight: 60, arbitrary: textNear(['a', 'A1b', 'ab😀', 'a b']) },
        { weight: 1, arbitrary: fc.constantFrom(...HUGE) },
      ),
      { minLength: 30, maxLength: 60 },
    ),
  )
  .map(([steps, texts]) => ({
    label: `string ${steps.map(([name]) => name).join('.')}`,
    schema: steps.reduce((schema, [, step]) => step(schema), z.string()),
    texts,
  }));

const members: fc.Arbitrary<TextCase> = fc
  .constantFrom<readonly [string, z.ZodType]>(
    ['enum', z.enum(['a', 'A1b', '', "it's", 'null'])],
    ['literal', z.literal('a')],
    ['literals', z.literal(['a', '😀', '1'])],
    ['literal or null', z.literal(['a', null])],
    ['native enum', z.enum({ A: 'a', B: 'b' })],
  )
  .chain(([label, schema]) =>
    fc.array(textNear(['a', 'A1b', "it's", '1']), { minLength: 30, maxLength: 60 }).map((texts) => ({ label, schema, texts })),
  );

/** Columns of text: strings with checks, formats, regular expressions, enums and literals. */
export const textCase: fc.Arbitrary<TextCase> = fc.oneof(
  { weight: 4, arbitrary: formats },
  { weight: 4, arbitrary: regexes },
  { weight: 3, arbitrary: strings },
  { weight: 1, arbitrary: members },
);
