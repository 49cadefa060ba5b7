import type { Column } from '../core/dataset.js';
import { isNullable, outputColumn } from './columns.js';
import { typedImage, type Image } from './image.js';
import type { ColumnSpec } from './introspect.js';
import { untested, type ColumnNames, type Judgement } from './judgement.js';
import type { Predicate } from './rules.js';
import { double, text } from './sql-text.js';
import { textJudgement } from './text-judgement.js';
import { typedJudgement } from './typed-judgement.js';
import { fits } from './types.js';

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
  /** One condition that holds where all predicates pass, where there is a cheaper one than all of them. */
  readonly passes: string | undefined;
  /** For a number in text, how it is cast where it is plain. */
  readonly plainCast: 'BIGINT' | 'DOUBLE' | undefined;
  /** Conditions that tell apart what zod reports differently of a rejected value, beyond the predicates themselves. */
  readonly classes: readonly string[];
  readonly image: Image;
  /** Whether the result differs from the input's column for every row, or only for those without a value, or never. */
  readonly rewrites: 'always' | 'nulls' | 'never';
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
    passes: complete ? judgement.passes : undefined,
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
  const { predicates, passes, names, spec } = column;
  const pass = passes === undefined || predicates.length === 0 ? predicates.map((predicate) => predicate.pass) : [passes];
  const open = predicates.map(({ pass: sure, undecided }) => (undecided === undefined ? sure : `(${sure} OR ${undecided})`));
  if (predicates.length === 0 || !(isNullable(spec) || spec.missing.kind === 'default')) return { pass, open };
  const optional = (conditions: readonly string[]): string[] => [`(${names.raw} IS NULL OR (${conditions.join(' AND ')}))`];
  return { pass: optional(pass), open: optional(open) };
}
