import { dateOfMillis, millisOf, readText, textImage } from './image.js';
import type { ColumnSpec } from './introspect.js';
import { exactLengths, stringTests, untested, type ColumnNames, type Judgement } from './judgement.js';
import type { Base, Predicate } from './rules.js';
import { bigintOfText, booleanOfText, dateOfText, integerOfText, numberOfText } from './text-values.js';
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
