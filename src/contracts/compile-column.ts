import type { Column } from '../core/dataset.js';
import { isNullable, outputColumn } from './columns.js';
import { doubleOf, isoShortcut, isoText, millisOf, readText, dateOfMillis, textImage, typedImage, type Image } from './image.js';
import type { ColumnSpec } from './introspect.js';
import type { Base, Predicate } from './rules.js';
import { double, text } from './sql-text.js';
import { stringPredicate } from './string-predicates.js';
import { bigintOfText, booleanOfText, dateOfText, integerOfText, numberOfText } from './text-values.js';
import { familyOf, fits, isNumericText } from './types.js';
import {
  bigintPredicate,
  datePredicate,
  DATE_LIMIT_MS,
  isNumber,
  memberPredicate,
  numberPredicate,
  type NumberKind,
} from './value-predicates.js';

/** SQL names a column's parts have while rows are judged: what was read, and its value. */
export interface ColumnNames {
  readonly raw: string;
  readonly value: string;
  /** Whether the row's numbers in text are plain, see `plainNumbers`. */
  readonly plain: string;
}

/** One column of a contract, over one column of the input, in SQL. */
export interface CompiledColumn {
  readonly spec: ColumnSpec;
  readonly output: Column;
  readonly names: ColumnNames;
  /** SQL of the value, from `names.raw`. */
  readonly value: string;
  /** SQL of what accepted rows hold, from `names.value`. */
  readonly result: string;
  /** All must pass, where there is a value; none for what zod alone judges. */
  readonly predicates: readonly Predicate[];
  /** For a number in text, how it is cast where it is plain. */
  readonly plainCast: 'BIGINT' | 'DOUBLE' | undefined;
  /** Conditions that tell apart what zod reports differently of a rejected value, beyond the predicates themselves. */
  readonly classes: readonly string[];
  readonly image: Image;
  /** Whether the result differs from the input's column for every row, or only for those without a value, or never. */
  readonly rewrites: 'always' | 'nulls' | 'never';
}

/** What a column is judged by: its value in SQL, tests and image, over raw text or a typed column. */
interface Judgement {
  readonly value: string;
  readonly plainCast?: 'BIGINT' | 'DOUBLE';
  readonly predicates: readonly (Predicate | undefined)[];
  readonly classes: readonly string[];
  readonly image: Image;
}

/**
 * Compiles one column.
 *
 * @param input the input's column of that name, if it has one
 * @param isText whether the input is CSV: values are read from text by the rules of `TEXT_RULES`
 */
export function compileColumn(spec: ColumnSpec, input: Column | undefined, isText: boolean, names: ColumnNames): CompiledColumn {
  const output = outputColumn(spec, input, isText);
  const judgement = judgementOf(spec, input, isText, names);
  const compiled = judgement.predicates.filter((predicate) => predicate !== undefined);
  const complete = compiled.length === judgement.predicates.length;
  const known =
    !complete && spec.uncompiled === undefined ? { ...spec, uncompiled: 'a pattern that only JavaScript understands' } : spec;
  return {
    spec: known,
    output,
    names,
    value: judgement.value,
    result: withDefault(spec, output, names.value),
    predicates: spec.opaque || input === undefined ? [] : compiled,
    plainCast: judgement.plainCast,
    classes: judgement.classes,
    image: judgement.image,
    rewrites: rewriting(spec, input, output, isText),
  };
}

function rewriting(spec: ColumnSpec, input: Column | undefined, output: Column, isText: boolean): CompiledColumn['rewrites'] {
  if (isText || input === undefined || input.type !== output.type) return 'always';
  return spec.missing.kind === 'default' && !spec.acceptsNull ? 'nulls' : 'never';
}

function judgementOf(spec: ColumnSpec, input: Column | undefined, isText: boolean, names: ColumnNames): Judgement {
  if (input === undefined) return { value: 'NULL', predicates: [], classes: [], image: { select: [], read: () => undefined } };
  if (isText) return textJudgement(spec, names);
  if (spec.opaque && !fits(spec.base, input))
    return untested(names.raw, typedImage({ kind: 'other', type: '' }, input, names.value));
  return typedJudgement(spec, input, names);
}

function untested(value: string, image: Image): Judgement {
  return { value, predicates: [], classes: [], image };
}

function textJudgement(spec: ColumnSpec, names: ColumnNames): Judgement {
  const { base, checks } = spec;
  const { raw, value } = names;
  switch (base.kind) {
    case 'string':
      return textStrings(spec, names);
    case 'number':
      return textNumbers(spec, base, names);
    case 'bigint':
      return parsed(
        bigintOfText(raw),
        names,
        checks.map((check) => bigintPredicate(check, value)),
      );
    case 'boolean':
      return parsed(booleanOfText(raw), names, []);
    case 'date': {
      const ms = millisOf(value);
      return {
        value: dateOfText(raw),
        predicates: [{ pass: `${value} IS NOT NULL` }, ...checks.map((check) => datePredicate(check, ms))],
        classes: [],
        image: readText(ms, raw, dateOfMillis),
      };
    }
    case 'values':
      return textMembers(base, names);
    default:
      return untested(raw, textImage(raw));
  }
}

function textNumbers({ checks }: ColumnSpec, base: Base & { kind: 'number' }, { raw, value, plain }: ColumnNames): Judgement {
  const isWhole = base.format === 'safeint' || base.format === 'int32' || base.format === 'uint32';
  const kind: NumberKind = isWhole ? 'integer' : 'double';
  const cast = isWhole ? 'BIGINT' : 'DOUBLE';
  const number = `(${numberOfText(raw)})`;
  return {
    value: `CASE WHEN ${plain} THEN TRY_CAST(${raw} AS ${cast}) ELSE ${isWhole ? integerOfText(raw) : number} END`,
    plainCast: cast,
    predicates: [{ pass: isNumber(value, kind) }, ...checks.map((check) => numberPredicate(check, value, kind))],
    // Why a text gave no value: no number at all, a fraction, too large, too small.
    classes: [
      ...[`${number} IS NULL`, `trunc(${number}) <> ${number}`, `${number} > 0`].map(
        (why) => `CASE WHEN ${value} IS NULL THEN ${why} END`,
      ),
      `${value} > 0`,
    ],
    image: readText(finite(isWhole ? number : value), raw),
  };
}

// Text of a number beyond a double's range is no number; DuckDB gives now NULL, now infinity.
function finite(number: string): string {
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}

function parsed(value: string, names: ColumnNames, checks: readonly (Predicate | undefined)[]): Judgement {
  return {
    value,
    predicates: [{ pass: `${names.value} IS NOT NULL` }, ...checks],
    classes: [],
    image: readText(names.value, names.raw),
  };
}

function textStrings(spec: ColumnSpec, { raw, value }: ColumnNames): Judgement {
  const base = spec.base as Base & { kind: 'string' };
  const kept = { date: 'DATE', datetime: base.temporal?.local ? 'TIMESTAMP' : 'TIMESTAMPTZ', time: undefined }[
    base.temporal?.format ?? 'time'
  ];
  const predicates = stringTests(spec, raw, base.temporal?.format === 'date' ? value : undefined);
  if (kept === undefined) return { value: raw, predicates, classes: exactLengths(spec, raw), image: textImage(raw) };
  // A row whose text zod accepts and DuckDB cannot hold must not become a silent NULL.
  return {
    value: `TRY_CAST(${raw} AS ${kept})`,
    predicates: [...predicates, { pass: `${value} IS NOT NULL` }],
    classes: exactLengths(spec, raw),
    image: textImage(raw),
  };
}

function stringTests(spec: ColumnSpec, s: string, date?: string): (Predicate | undefined)[] {
  const tests = spec.checks.map((check) => stringPredicate(check, s, date));
  const url = spec.checks.findIndex((check) => check.kind === 'format' && check.format === 'url');
  const isPlainUrl = tests[url]?.pass;
  const typed: Predicate = { pass: `${s} IS NOT NULL` };
  if (isPlainUrl === undefined) return [typed, ...tests];
  // zod trims a URL before the checks that follow: only of a plain one is the text at hand what they see.
  return [
    typed,
    ...tests.map((test) => test && { pass: test.pass, undecided: `${isPlainUrl} IS NOT TRUE AND ${s} IS NOT NULL` }),
  ];
}

function exactLengths(spec: ColumnSpec, s: string): string[] {
  return spec.checks.flatMap((check) => (check.kind === 'length' && check.op === '=' ? [`length(${s}) > ${check.length}`] : []));
}

function textMembers(base: Base & { kind: 'values' }, names: ColumnNames): Judgement {
  const { raw, value } = names;
  const kinds = new Set(base.values.map((each) => typeof each));
  if (kinds.size === 1 && kinds.has('number'))
    return { ...members(base, 'number', numberOfText(raw), names), image: readText(finite(value), raw) };
  if (kinds.size === 1 && kinds.has('boolean')) return members(base, 'boolean', booleanOfText(raw), names);
  if (kinds.size === 1 && kinds.has('bigint')) return members(base, 'bigint', bigintOfText(raw), names);
  return { value: raw, predicates: [memberPredicate(base, value, 'string')], classes: [], image: textImage(raw) };
}

function members(
  base: Base & { kind: 'values' },
  type: 'number' | 'boolean' | 'bigint',
  value: string,
  names: ColumnNames,
): Judgement {
  return { value, predicates: [memberPredicate(base, names.value, type)], classes: [], image: readText(names.value, names.raw) };
}

function typedJudgement(spec: ColumnSpec, input: Column, { raw, value }: ColumnNames): Judgement {
  const { base, checks } = spec;
  const image = typedImage(base, input, value);
  switch (base.kind) {
    case 'string': {
      const shortcut = checks.length === 1 ? isoShortcut(base, input, value) : undefined;
      const tests = shortcut === undefined ? stringTests(spec, isoText(base, input, value)) : [{ pass: shortcut }];
      return { value: raw, predicates: tests, classes: exactLengths(spec, isoText(base, input, value)), image };
    }
    case 'number': {
      const whole = familyOf(input.type) === 'integer';
      const kind: NumberKind = whole ? 'integer' : 'double';
      const number = whole ? value : doubleOf(input, value);
      return {
        value: raw,
        predicates: [{ pass: isNumber(number, kind) }, ...checks.map((check) => numberPredicate(check, number, kind))],
        classes:
          isNumericText(input) || !whole
            ? [`(${number}) IS NULL`, `isnan(${number})`, `trunc(${number}) <> ${number}`, `${number} > 0`]
            : [`${number} > 0`],
        image,
      };
    }
    case 'bigint':
      return {
        value: raw,
        predicates: [{ pass: `${value} IS NOT NULL` }, ...checks.map((check) => bigintPredicate(check, `${value}::HUGEINT`))],
        classes: [],
        image,
      };
    case 'boolean':
      return { value: raw, predicates: [{ pass: `${value} IS NOT NULL` }], classes: [], image };
    case 'date': {
      const ms = millisOf(value);
      const isDate = { pass: `${ms} BETWEEN -${DATE_LIMIT_MS} AND ${DATE_LIMIT_MS}` };
      return { value: raw, predicates: [isDate, ...checks.map((check) => datePredicate(check, ms))], classes: [], image };
    }
    case 'values':
      return { value: raw, predicates: [typedMembers(base, input, value)], classes: [], image };
    default:
      return untested(raw, image);
  }
}

function typedMembers(base: Base & { kind: 'values' }, input: Column, v: string): Predicate {
  const family = familyOf(input.type);
  const hasBigint = base.values.some((each) => typeof each === 'bigint');
  if (family === 'text') return memberPredicate(base, `${v}::VARCHAR`, 'string');
  if (family === 'boolean') return memberPredicate(base, v, 'boolean');
  if (family === 'integer' && hasBigint) return memberPredicate(base, `${v}::HUGEINT`, 'bigint');
  if (family === 'integer' || family === 'float' || family === 'decimal')
    return memberPredicate(base, doubleOf(input, v), 'number');
  return { pass: 'FALSE' };
}

function withDefault(spec: ColumnSpec, output: Column, value: string): string {
  // What zod writes is put in later; rejected rows may hold what the type cannot, and must not stop the query.
  const result = spec.changes && spec.opaque ? `CAST(NULL AS ${output.type})` : `TRY_CAST(${value} AS ${output.type})`;
  if (spec.missing.kind !== 'default' || spec.acceptsNull) return result;
  return `coalesce(${result}, CAST(${literalOf(spec.missing.value)} AS ${output.type}))`;
}

function literalOf(value: unknown): string {
  if (value instanceof Date) return `TIMESTAMPTZ '${value.toISOString()}'`;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return double(value);
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : 'NULL';
}

/** A column's condition for a row to be surely accepted, and for it to be accepted as far as SQL can tell. */
export function columnConditions(column: CompiledColumn): { readonly pass: readonly string[]; readonly open: readonly string[] } {
  const { predicates, names, spec } = column;
  const pass = predicates.map((predicate) => predicate.pass);
  const open = predicates.map(({ pass: sure, undecided }) => (undecided === undefined ? sure : `(${sure} OR ${undecided})`));
  if (predicates.length === 0 || !(isNullable(spec) || spec.missing.kind === 'default')) return { pass, open };
  const optional = (conditions: readonly string[]): string[] => [`(${names.raw} IS NULL OR (${conditions.join(' AND ')}))`];
  return { pass: optional(pass), open: optional(open) };
}
