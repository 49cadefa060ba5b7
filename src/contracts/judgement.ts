import type { Image } from './image.js';
import type { ColumnSpec } from './introspect.js';
import type { Predicate } from './rules.js';
import { stringPredicate } from './string-predicates.js';

/** SQL names a column's parts have while rows are judged: what was read, and its value. */
export interface ColumnNames {
  readonly raw: string;
  readonly value: string;
  /** Whether the row's numbers in text are plain, see `plainNumbers`. */
  readonly plain: string;
}

/** What a column is judged by: its value in SQL, tests and image, over raw text or a typed column. */
export interface Judgement {
  readonly value: string;
  readonly plainCast?: 'BIGINT' | 'DOUBLE';
  readonly predicates: readonly (Predicate | undefined)[];
  readonly passes?: string;
  readonly classes: readonly string[];
  readonly image: Image;
}

/** A column that SQL does not judge. */
export function untested(value: string, image: Image): Judgement {
  return { value, predicates: [], classes: [], image };
}

/** The tests of a column of text; `date` is SQL of the same text cast to DATE, where it is at hand. */
export function stringTests(spec: ColumnSpec, s: string, date?: string): (Predicate | undefined)[] {
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

/** What tells text that is too short from text that is too long, where a length is exact. */
export function exactLengths(spec: ColumnSpec, s: string): string[] {
  return spec.checks.flatMap((check) => (check.kind === 'length' && check.op === '=' ? [`length(${s}) > ${check.length}`] : []));
}
