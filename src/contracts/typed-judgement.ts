import type { Column } from '../core/dataset.js';
import { doubleOf, isoShortcut, isoText, millisOf, typedImage } from './image.js';
import { textSteps, untested, type ColumnNames, type Judgement } from './judgement.js';
import type { Base, ColumnSpec, Predicate } from './rules.js';
import { familyOf, isNumericText } from './types.js';
import {
  bigintPredicate,
  datePredicate,
  DATE_LIMIT_MS,
  isNumber,
  memberPredicate,
  numberPasses,
  numberPredicate,
  type NumberKind,
} from './value-predicates.js';

/** How a typed column is judged. */
export function typedJudgement(spec: ColumnSpec, input: Column, { raw, value }: ColumnNames): Judgement {
  const { base, checks } = spec;
  const image = typedImage(base, input, value);
  switch (base.kind) {
    case 'string': {
      const steps = textSteps(checks, isoText(base, input, raw));
      const shortcut = checks.length === 1 ? isoShortcut(base, input, raw) : undefined;
      const predicates = shortcut === undefined ? steps.predicates : [{ pass: shortcut }];
      const isChanged = checks.some((check) => check.kind === 'change');
      return { value: isChanged ? steps.value : raw, predicates, classes: steps.classes, image: typedImage(base, input, raw) };
    }
    case 'number': {
      const whole = familyOf(input.type) === 'integer';
      const kind: NumberKind = whole ? 'integer' : 'double';
      const number = whole ? value : doubleOf(input, value);
      return {
        value: raw,
        predicates: [{ pass: isNumber(number, kind) }, ...checks.map((check) => numberPredicate(check, number, kind))],
        passes: numberPasses(checks, number, kind),
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
