import { textImage } from './image.js';
import { untested, type ColumnNames, type Judgement } from './judgement.js';
import type { ColumnSpec, Predicate } from './rules.js';
import { trimmed } from './text-changes.js';
import { TEXT_RULES } from './text-values.js';
import { bigintPredicate, isNumber, numberPredicate, type NumberKind } from './value-predicates.js';

/**
 * How text becomes what `z.coerce…` makes of it: as JavaScript's `Number(text)`, `BigInt(text)` and `Boolean(text)` do.
 * Hexadecimal, octal and binary notation is left to zod, and so is everything about dates.
 */
export function coercedText(spec: ColumnSpec, names: ColumnNames): Judgement {
  switch (spec.base.kind) {
    case 'number':
      return coercedNumber(spec, names);
    case 'bigint':
      return coercedBigint(spec, names);
    case 'boolean':
      return {
        value: `${names.raw} <> ''`,
        predicates: [{ pass: `${names.value} IS NOT NULL` }],
        classes: [],
        image: textImage(names.raw),
      };
    default:
      return untested(names.raw, textImage(names.raw));
  }
}

/** Whether {@link coercedText} can say in SQL what coercion makes of text. */
export function isCoercedInSql({ base }: ColumnSpec): boolean {
  return base.kind === 'number' || base.kind === 'bigint' || base.kind === 'boolean';
}

function coercedNumber({ base, checks }: ColumnSpec, { raw, value }: ColumnNames): Judgement {
  const s = trimmed(raw);
  const number = `CASE WHEN ${s} = '' THEN 0 WHEN regexp_matches(${s}, '^${TEXT_RULES.number}$') THEN TRY_CAST(${s} AS DOUBLE) END`;
  const format = base.kind === 'number' ? base.format : undefined;
  const isWhole = format === 'safeint' || format === 'int32' || format === 'uint32';
  const kind: NumberKind = isWhole ? 'integer' : 'double';
  const whole = `CASE WHEN abs(${number}) <= 9007199254740991 AND trunc(${number}) = (${number}) THEN TRY_CAST((${number}) AS BIGINT) END`;
  const tests = [{ pass: isNumber(value, kind) }, ...checks.map((check) => numberPredicate(check, value, kind))];
  return { value: isWhole ? whole : number, predicates: unlessPrefixed(tests, s), classes: [], image: textImage(raw) };
}

function coercedBigint({ checks }: ColumnSpec, { raw, value }: ColumnNames): Judgement {
  const s = trimmed(raw);
  const tests = [{ pass: `${value} IS NOT NULL` }, ...checks.map((check) => bigintPredicate(check, value))];
  return {
    value: `CASE WHEN ${s} = '' THEN 0 WHEN regexp_matches(${s}, '^${TEXT_RULES.bigint}$') THEN TRY_CAST(${s} AS DECIMAL(38,0))::HUGEINT END`,
    predicates: unlessPrefixed(tests, s),
    classes: [],
    image: textImage(raw),
  };
}

function unlessPrefixed(tests: readonly (Predicate | undefined)[], s: string): (Predicate | undefined)[] {
  const undecided = `regexp_matches(${s}, '^0[xXoObB]')`;
  return tests.map((test) => test && { pass: test.pass, undecided, varied: true });
}
