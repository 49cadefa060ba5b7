import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { contractHash } from '../../src/contracts/hash.js';
import { parseType, type DuckType } from '../../src/contracts/duck-type.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { acceptsNull } from '../../src/contracts/schema.js';
import { changingKind, type TextKind } from './changing-arbitraries.js';
import { countCases, seed, timeout, triesOfFiles } from './equality.js';
import { csvInput, judgeDataset, parquetInput, testSession, type Outcome } from './judging.js';
import { imageOf, nestedKind, type Kind } from './nested-arbitraries.js';

const counted = countCases('rows of nested and of changing values, with all issues and values');
let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

// As both sides can be compared: no difference between null and no key, moments in milliseconds, integers as numbers.
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return plain(Number(value));
  if (value === 0) return 0;
  // The driver does not round a wide DECIMAL correctly.
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return Number(value.toPrecision(14));
  if (value instanceof Date) return value.getTime();
  // The driver takes a leading U+FEFF off whatever it hands over.
  if (typeof value === 'string') return value.replace(/^\ufeff/, '');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, part]) => [key, plain(part)] as const)
      .filter(([, part]) => part !== null)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

// DuckDB's maps are lists of entries in JavaScript, dates at midnight are both dates and text.
function held(value: unknown, type: DuckType): unknown {
  if (value === null) return null;
  if (type.kind === 'list') return (value as unknown[]).map((item) => held(item, type.element));
  if (type.kind === 'map')
    return Object.fromEntries((value as Entry[]).map(({ key, value: part }) => [key, held(part, type.value)]));
  if (type.kind === 'struct')
    return Object.fromEntries(
      type.fields.map(({ name, type: part }) => [name, held((value as Record<string, unknown>)[name] ?? null, part)]),
    );
  if (type.text === 'JSON') return JSON.parse(value as string);
  return value;
}

function accepted(outcome: Outcome): unknown[] {
  const types = outcome.judged.columns.map(({ name, type }) => [name, parseType(type)] as const);
  return outcome.accepted.map((row) =>
    datesAsMillis(plain(Object.fromEntries(types.map(([name, type]) => [name, held(row[name], type)])))),
  );
}

// An ISO date is text to zod and in JSON, and a Date where it is read back from a DATE.
function datesAsMillis(value: unknown): unknown {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(value)) return Date.parse(value);
  if (Array.isArray(value)) return value.map(datesAsMillis);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, datesAsMillis(part)]));
}

const tables = fc.array(nestedKind, { minLength: 1, maxLength: 3 }).chain((kinds) =>
  fc.array(fc.tuple(...kinds.map((kind) => kind.samples)), { minLength: 8, maxLength: 16 }).map((rows) => ({
    kinds,
    rows,
    [fc.toStringMethod]: () =>
      `${kinds.map((kind) => `${kind.type}: ${definitionOf(kind.schema)}`).join('\n')}\n${rows.map((row) => row.map(({ sql }) => sql).join(' | ')).join('\n')}\n`,
  })),
);

interface Answers {
  readonly rejected: unknown[];
  readonly values: unknown[];
}

/** The types of columns, by their names. */
type Types = ReadonlyMap<string, DuckType>;

/** Columns of a row that zod lets pass with what no column of their type holds: half a surrogate pair, or NaN in JSON. */
function unheld(row: Readonly<Record<string, unknown>>, types: Types): string[] {
  return Object.keys(row).filter((name) => {
    const type = types.get(name);
    return (typeof row[name] === 'string' && !row[name].isWellFormed()) || (type && isOddInJson(row[name], type));
  });
}

function isOddInJson(value: unknown, type: DuckType): boolean {
  if (typeof value === 'number') return type.text === 'JSON' && !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, part]) => isOddInJson(part, partType(type, key)));
}

function partType(type: DuckType, key: string): DuckType {
  if (type.kind === 'list') return type.element;
  if (type.kind === 'map') return type.value;
  return type.kind === 'struct' ? (type.fields.find(({ name }) => name === key)?.type ?? type) : type;
}

function typesOf({ judged }: Outcome): Types {
  return new Map(judged.columns.map(({ name, type }) => [name, parseType(type)]));
}

/** What zod says of rows, each given as the images of its columns; the first has the number `line`. */
function zodAnswers(schema: z.ZodType, rows: readonly (readonly unknown[])[], line: number, types: Types): Answers {
  const rejected: unknown[] = [];
  const values: unknown[] = [];
  for (const [index, row] of rows.entries()) {
    const keys = row.map((image, at) => [`c${at}`, image] as const).filter(([, image]) => image !== undefined);
    const result = schema.safeParse(Object.fromEntries(keys));
    const issues = result.success
      ? unheld(result.data as Record<string, unknown>, types).map((column) => `${column} custom`)
      : result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`);
    if (issues.length > 0) rejected.push({ line: line + index, issues });
    else values.push(datesAsMillis(plain(result.data)));
  }
  return { rejected, values };
}

function compare(outcome: Outcome, { rejected, values }: Answers): number {
  const found = outcome.rejected.map(({ line, reasons }) => ({
    line,
    issues: reasons.map(({ path, code }) => `${path} ${code}`),
  }));
  expect(found).toEqual(rejected);
  expect(accepted(outcome)).toEqual(values);
  counted.add(rejected.length + values.length);
  return values.length;
}

function definitionOf(schema: z.ZodType): string {
  return contractHash(contract(z.object({ c: schema }))).definition;
}

it(
  `gives zod's verdict, issues and values on typed nested data (seed ${seed})`,
  async () => {
    const folder = temporaryFolder();
    let bySql = 0;
    let rowsRead = 0;
    await fc.assert(
      fc.asyncProperty(tables, async ({ kinds, rows }) => {
        const selects = rows.map(
          (row) => `SELECT ${row.map(({ sql }, index) => `(${sql})::${(kinds[index] as Kind).type} AS c${index}`).join(', ')}`,
        );
        const schema = z.object(Object.fromEntries(kinds.map((kind, index) => [`c${index}`, kind.schema])));
        const input = await parquetInput(session, folder, selects.join(' UNION ALL '));
        const outcome = await judgeDataset(session, folder, contract(schema), input);
        const images = rows.map((row) => row.map((sample, index) => imageOf(kinds[index] as Kind, sample)));
        compare(outcome, zodAnswers(schema, images, 1, typesOf(outcome)));
        bySql += outcome.judged.verdict.judgedBySql;
        rowsRead += outcome.judged.verdict.rowsRead;
      }),
      { seed, numRuns: triesOfFiles(12) },
    );
    expect(bySql).toBeGreaterThan(rowsRead / 3);
  },
  timeout,
);

/** A column that the file does not have. */
const absent = fc.constantFrom<Record<string, z.ZodType>>(
  {},
  {},
  { gone: z.string().optional() },
  { gone: z.int().nullish() },
  { gone: z.string().default('filled') },
  { gone: z.string().trim().prefault(' x ') },
  { gone: z.int().catch(-1) },
);

/** What is asked of the whole row. */
const whole = fc.constantFrom<(schema: z.ZodObject) => z.ZodObject>(
  (schema) => schema,
  (schema) => schema,
  (schema) => schema,
  (schema) => schema.refine((row) => String(row.c0).length % 3 !== 1, { path: ['c0'], message: 'not of three' }),
  (schema) => schema.refine((row) => row.c0 !== row.c1, 'twice the same'),
);

const files = fc.tuple(fc.array(changingKind, { minLength: 1, maxLength: 4 }), absent, whole).chain(([kinds, more, of]) =>
  fc.array(fc.tuple(...kinds.map((kind) => kind.texts)), { minLength: 10, maxLength: 25 }).map((rows) => ({
    kinds,
    schema: of(z.object({ ...Object.fromEntries(kinds.map((kind, index) => [`c${index}`, kind.schema])), ...more })),
    rows,
    [fc.toStringMethod]: () =>
      `${kinds.map((kind) => definitionOf(kind.schema)).join('\n')}\n${rows.map((row) => JSON.stringify(row)).join('\n')}\n`,
  })),
);

it(
  `gives zod's verdict, issues and values on text that changes (seed ${seed})`,
  async () => {
    const folder = temporaryFolder();
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(files, async ({ kinds, schema, rows }) => {
        const names = kinds.map((_, index) => `c${index}`);
        const cell = (text: string | null): string => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
        const lines = rows.map((row, index) => [index, ...row.map(cell)].join());
        const input = csvInput(folder, ['n', ...names], `${['n', ...names].join()}\n${lines.join('\n')}\n`);
        const outcome = await judgeDataset(session, folder, contract(schema), input);
        const images = rows.map((row) =>
          row.map((text, index) => {
            const { schema: of, image } = kinds[index] as TextKind;
            return text === null ? (acceptsNull(of) ? null : undefined) : image(text);
          }),
        );
        kept += compare(outcome, zodAnswers(schema, images, 2, typesOf(outcome)));
      }),
      { seed, numRuns: triesOfFiles(17) },
    );
    expect(kept).toBeGreaterThan(0);
  },
  timeout,
);
