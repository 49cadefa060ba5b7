import { dateOfMillis, millisOf, readText, textImage, type Image } from './image.js';
import { textSteps, untested, type ColumnNames, type Judgement } from './judgement.js';
import { jsonImage } from './json-image.js';
import { isNestedBase } from './nested-types.js';
import type { Base, ColumnSpec, Predicate } from './rules.js';
import { bigintOfText, booleanOfText, dateOfText, integerOfText, numberOfText } from './text-values.js';
import { canonicalScalar } from './types.js';
import {
  bigintPredicate,
  datePredicate,
  isNumber,
  memberPredicate,
  numberPasses,
  numberPredicate,
  type NumberKind,
} from './value-predicates.js';

/** How a column of CSV text is read and judged. */
export function textJudgement(spec: ColumnSpec, names: ColumnNames): Judgement {
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
    passes: numberPasses(checks, value, kind),
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
  const kept = canonicalScalar(base);
  const image = textImage(raw);
  if (kept === 'VARCHAR') return { ...textSteps(spec.checks, raw, { value }), image };
  const steps = textSteps(spec.checks, raw, base.temporal?.format === 'date' ? { date: value } : {});
  // A row whose text zod accepts and DuckDB cannot hold must not become a silent NULL.
  return {
    value: `TRY_CAST(${base.temporal?.precision === -1 ? withSeconds(steps.value) : steps.value} AS ${kept})`,
    predicates: [...steps.predicates, { pass: `${value} IS NOT NULL` }],
    classes: steps.classes,
    image,
  };
}

// DuckDB reads no time without seconds.
function withSeconds(s: string): string {
  return `left(${s}, 16) || ':00' || substring(${s}, 17)`;
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

/** The image of text under several schemas: as the first that can read it does; the text itself where any takes text. */
export function unionTextImage(spec: ColumnSpec, options: readonly ColumnSpec[], raw: string): Image {
  if (options.some(takesText)) return textImage(raw);
  if (options.every(({ base }) => isNestedBase(base))) return jsonImage(spec, raw);
  const names = { raw, value: raw, plain: 'FALSE' };
  const images = options.map((option) => {
    if (isNestedBase(option.base)) return jsonImage(spec, raw);
    const { value } = textJudgement(option, names);
    return textJudgement(option, { ...names, value: `(${value})` }).image;
  });
  const ends = images.map((_, index) => images.slice(0, index + 1).reduce((sum, { select }) => sum + select.length, 0));
  return {
    select: images.flatMap(({ select }) => select),
    read: (values) => {
      const found = images.map((image, index) =>
        image.read(values.slice((ends[index] as number) - image.select.length, ends[index])),
      );
      return found.find((value) => typeof value !== 'string' && value !== undefined) ?? found[0];
    },
  };
}

function takesText({ base, coerce }: ColumnSpec): boolean {
  if (base.kind === 'union') return coerce || base.options.some(takesText);
  return coerce || !(READ_FROM_TEXT.has(base.kind) || isNestedBase(base));
}

const READ_FROM_TEXT: ReadonlySet<string> = new Set(['number', 'bigint', 'boolean', 'date', 'values']);
