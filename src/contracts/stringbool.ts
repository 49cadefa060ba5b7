import { z } from 'zod';
import { textImage } from './image.js';
import type { ColumnNames, Judgement } from './judgement.js';
import type { Base } from './rules.js';
import { definitionOf, type Schema } from './schema.js';
import { text } from './sql-text.js';

type Stringbool = Base & { readonly kind: 'stringbool' };

const transformOf = (schema: Schema): string => String((definitionOf(schema) as { readonly transform?: unknown }).transform);
const OWN = transformOf(z.stringbool());

/** The words of a `z.stringbool()`; `undefined` for any other pipe. */
export function stringboolOf(schema: Schema): Stringbool | undefined {
  const { truthy, falsy, case: letters } = schema._zod.bag as { truthy?: unknown; falsy?: unknown; case?: unknown };
  if (transformOf(schema) !== OWN || (definitionOf(schema).checks?.length ?? 0) > 0) return undefined;
  return areWords(truthy) && areWords(falsy)
    ? { kind: 'stringbool', truthy, falsy, anyCase: letters !== 'sensitive' }
    : undefined;
}

function areWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string' && word.isWellFormed());
}

/** How text that stands for a boolean is read and judged. */
export function stringboolJudgement({ truthy, falsy, anyCase }: Stringbool, { raw, value }: ColumnNames): Judgement {
  // Only of ASCII is it certain that a change of case is the same in both languages.
  const unsure = `strlen(${raw}) <> length(${raw})`;
  const s = anyCase ? `lower(${raw})` : raw;
  const isOne = (words: readonly string[]): string => (words.length === 0 ? 'FALSE' : `${s} IN (${words.map(text).join(', ')})`);
  return {
    value: `CASE WHEN ${isOne(truthy)} THEN TRUE WHEN ${isOne(falsy)} THEN FALSE END`,
    predicates: [
      anyCase ? { pass: `${value} IS NOT NULL AND NOT (${unsure})`, undecided: unsure } : { pass: `${value} IS NOT NULL` },
    ],
    classes: [],
    image: textImage(raw),
  };
}
