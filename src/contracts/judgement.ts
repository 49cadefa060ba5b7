import type { Image } from './image.js';
import type { Check, Predicate } from './rules.js';
import { anyOf } from './sql-text.js';
import { stringPredicate } from './string-predicates.js';
import { changeText } from './text-changes.js';

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

/** What a text becomes and is tested by. */
export interface TextSteps {
  /** SQL of the text after all changes. */
  readonly value: string;
  readonly predicates: readonly (Predicate | undefined)[];
  /** What tells text that is too short from text that is too long, where a length is exact. */
  readonly classes: readonly string[];
}

/**
 * The tests and changes of text in their order: each test sees what the changes before it have made.
 *
 * @param s SQL of the text
 * @param known `date`: the same text cast to DATE, where it is at hand; `value`: the name under which the changed text is
 */
export function textSteps(
  checks: readonly Check[],
  s: string,
  known: { readonly date?: string | undefined; readonly value?: string } = {},
): TextSteps {
  const lastChange = checks.findLastIndex((check) => check.kind === 'change');
  const predicates: (Predicate | undefined)[] = [{ pass: `${s} IS NOT NULL` }];
  const classes: string[] = [];
  // Conditions under which what follows was tested on another text than zod's.
  const unsure: string[] = [];
  let at = s;
  let value = s;
  for (const [index, check] of checks.entries()) {
    if (check.kind === 'change') {
      const changed = changeText(check.change, at);
      if (changed.unsure !== undefined) unsure.push(changed.unsure);
      value = changed.sql;
      at = index === lastChange ? (known.value ?? changed.sql) : changed.sql;
      continue;
    }
    const test = stringPredicate(check, at, lastChange < 0 ? known.date : undefined);
    // zod trims a URL before the checks that follow: only of a plain one is the text at hand what they see.
    if (check.kind === 'format' && check.format === 'url' && test) unsure.push(`${test.pass} IS NOT TRUE AND ${s} IS NOT NULL`);
    predicates.push(test && withUnsure(test, unsure));
    if (check.kind === 'length' && check.op === '=') classes.push(`length(${at}) > ${check.length}`);
  }
  if (lastChange >= 0 && unsure.length > 0) predicates.push({ pass: `NOT (${anyOf(unsure)})`, undecided: anyOf(unsure) });
  return { value, predicates, classes };
}

function withUnsure(test: Predicate, unsure: readonly string[]): Predicate {
  if (unsure.length === 0) return test;
  return { pass: test.pass, undecided: anyOf(test.undecided === undefined ? unsure : [test.undecided, ...unsure]) };
}
