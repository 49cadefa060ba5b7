import type { Column } from '../core/dataset.js';
import { coercedText, isCoercedInSql } from './coerced-text.js';
import { parseType } from './duck-type.js';
import { jsonImage } from './json-image.js';
import { judgeNested, LeftToZod } from './nested-judgement.js';
import { outputBase } from './introspect.js';
import { nestedImage } from './nested-image.js';
import { outputColumn } from './columns.js';
import { typedImage, type Image } from './image.js';
import { untested, type ColumnNames, type Judgement } from './judgement.js';
import type { Base, ColumnSpec, Predicate } from './rules.js';
import { constantOf } from './literal.js';
import { allOf } from './sql-text.js';
import { stringboolJudgement } from './stringbool.js';
import { textJudgement, unionTextImage } from './text-judgement.js';
import { typedJudgement } from './typed-judgement.js';
import { canonicalType, fits, isJson, isNestedBase } from './nested-types.js';
import { isNumericText, keepsWhole } from './types.js';

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
  /**
   * Which values are written as zod gives them, of rows that zod has judged and where it may change any: all of those that SQL
   * does not know or may be unsure of, otherwise only changed ones.
   */
  readonly writes: 'all' | 'changed';
}

/**
 * Compiles one column.
 *
 * @param input the input's column of that name, if it has one
 * @param isText whether the input is CSV: values are read from text by the rules of `TEXT_RULES`
 */
export function compileColumn(given: ColumnSpec, input: Column | undefined, isText: boolean, names: ColumnNames): CompiledColumn {
  const cause = input === undefined || given.opaque ? undefined : leftToZod(given, input, isText);
  const spec = cause === undefined ? given : { ...given, uncompiled: cause, opaque: true, changes: true };
  const output = outputColumn(spec, isMadeAnew(spec, input, isText) ? undefined : input, isText);
  const judgement = judgementOf(spec, input, isText, names);
  const compiled = judgement.predicates.filter((predicate) => predicate !== undefined);
  const complete = compiled.length === judgement.predicates.length;
  const known =
    !complete && spec.uncompiled === undefined ? { ...spec, uncompiled: 'a pattern that only JavaScript understands' } : spec;
  const predicates = spec.opaque || input === undefined ? [] : compiled;
  const passes = complete ? judgement.passes : undefined;
  const isChanged = judgement.value !== names.raw || spec.caught !== undefined;
  return {
    // What is caught depends on every test: a value must not be caught for the sake of one that SQL does not know.
    spec: !complete && spec.caught !== undefined ? { ...known, opaque: true, changes: true } : known,
    output,
    names,
    value: judgement.value,
    result: resultOf(
      spec,
      output,
      names,
      passes === undefined ? predicates.map(({ pass }) => pass) : [passes],
      keepsOwn(spec, input, isText),
    ),
    predicates: spec.caught === undefined ? predicates : caughtPredicates(spec, predicates, names),
    passes: spec.caught === undefined ? passes : undefined,
    plainCast: judgement.plainCast,
    classes: judgement.classes,
    image: judgement.image,
    rewrites: rewriting(spec, input, output, isText || isChanged),
    writes: writesOf(spec, input, isText, predicates),
  };
}

// What zod makes of nested values may have keys that the input's type has no place for, and what a function makes of others
// may be more than it holds.
function isMadeAnew(spec: ColumnSpec, input: Column | undefined, isText: boolean): boolean {
  if (isNestedBase(spec.base)) return spec.opaque && !keepsOwn(spec, input, isText);
  return spec.remakes && input !== undefined && !keepsWhole(outputBase(spec.schema), input);
}

// What SQL has only read from text is the same to zod; what SQL may be unsure of is not.
function writesOf(
  spec: ColumnSpec,
  input: Column | undefined,
  isText: boolean,
  predicates: readonly Predicate[],
): CompiledColumn['writes'] {
  const { base, checks, coerce } = spec;
  if (input === undefined) return 'changed';
  if (spec.opaque) return keepsOwn(spec, input, isText) ? 'changed' : 'all';
  if (spec.caught !== undefined || isNestedBase(base)) return predicates.some(({ undecided }) => undecided) ? 'all' : 'changed';
  if (coerce && base.kind !== 'string') return isText || !fits(base, input) ? 'all' : 'changed';
  return base.kind === 'stringbool' || checks.some((check) => check.kind === 'change') ? 'all' : 'changed';
}

/** Whether accepted values of a column that zod alone judges are kept as they are: zod's are written only where they differ. */
function keepsOwn(spec: ColumnSpec, input: Column | undefined, isText: boolean): boolean {
  if (isText || input === undefined) return false;
  if (isNestedBase(spec.base)) return isJson(input);
  return !spec.remakes && !spec.coerce && fits(spec.base, input) && !spec.checks.some((check) => check.kind === 'change');
}

/** Why zod alone can judge values of the input's type, though SQL could judge others. */
function leftToZod(spec: ColumnSpec, input: Column, isText: boolean): string | undefined {
  const { base } = spec;
  const isPlainText = isText || (input.type === 'VARCHAR' && !isNumericText(input));
  if (!isText && isOtherJson(base, input)) return 'JSON';
  if (spec.coerce && isPlainText && base.kind !== 'string') return isCoercedInSql(spec) ? undefined : 'coerce';
  if (spec.coerce && !fits(base, input)) return 'coerce';
  if (base.kind === 'stringbool' && !isPlainText) return 'stringbool over another type than text';
  if (spec.checks.some((check) => check.kind === 'change') && !isPlainText) return 'a change of what is not text';
  if (isNestedBase(base)) return nestedLeftToZod(spec, input, isText);
  if (spec.caught === undefined) return undefined;
  if (!isText && !fits(base, input)) return 'catch over another type';
  return base.kind === 'string' && base.temporal !== undefined ? 'catch of a date or time' : undefined;
}

// JSON in a column whose contract speaks of plain values: its kinds were mixed at the source, or it has no value at all.
function isOtherJson(base: Base, input: Column): boolean {
  return input.type === 'JSON' && !fits(base, input);
}

function nestedLeftToZod(spec: ColumnSpec, input: Column, isText: boolean): string | undefined {
  if (isText && !isTextUnion(spec)) return 'JSON in text';
  if (!isText && isJson(input) && !(input.type === 'VARCHAR' && isTextUnion(spec))) return 'JSON';
  if (!fits(spec.base, input)) return 'values of another type';
  try {
    judgeNested(spec, parseType(input.type), 'NULL');
    return undefined;
  } catch (error) {
    if (error instanceof LeftToZod) return error.message;
    throw error;
  }
}

// Options that all take text, and keep it as it is.
function isTextUnion({ base }: ColumnSpec): boolean {
  return base.kind === 'union' && canonicalType(base) === 'VARCHAR';
}

function rewriting(spec: ColumnSpec, input: Column | undefined, output: Column, isChanged: boolean): CompiledColumn['rewrites'] {
  if (isChanged || input === undefined || input.type !== output.type) return 'always';
  return spec.empty.kind === 'default' ? 'nulls' : 'never';
}

function judgementOf(spec: ColumnSpec, input: Column | undefined, isText: boolean, names: ColumnNames): Judgement {
  if (input === undefined) return { value: 'NULL', predicates: [], classes: [], image: { select: [], read: () => undefined } };
  const isPlainText = isText || (input.type === 'VARCHAR' && !isNumericText(input));
  if (isPlainText && spec.coerce) return spec.base.kind === 'string' ? textJudgement(spec, names) : coercedText(spec, names);
  if (!isText && isOtherJson(spec.base, input)) return untested(names.raw, jsonImage(spec, names.raw));
  if (spec.base.kind === 'stringbool') return stringboolJudgement(spec.base, names);
  if (isNestedBase(spec.base)) return nestedJudgement(spec, input, isText, names);
  if (isText) return textJudgement(spec, names);
  if (spec.opaque && !fits(spec.base, input))
    return untested(names.raw, typedImage({ kind: 'other', type: '' }, input, names.value));
  return typedJudgement(spec, input, names);
}

function nestedJudgement(spec: ColumnSpec, input: Column, isText: boolean, { raw }: ColumnNames): Judgement {
  const type = parseType(input.type);
  if (isText && !isTextUnion(spec))
    return untested(raw, spec.base.kind === 'union' ? unionTextImage(spec, spec.base.options, raw) : jsonImage(spec, raw));
  if (!isText && isJson(input)) return untested(raw, jsonImage(spec, raw));
  const image = type.kind === 'scalar' ? typedImage(imageBase(spec, input), input, raw) : nestedImage(spec, type, raw);
  if (spec.opaque) return untested(raw, image);
  const { pass, open, value } = judgeNested(spec, type, raw);
  const exists = (condition: string): string => `(${raw} IS NOT NULL AND ${condition})`;
  const undecided = pass === open ? {} : { undecided: exists(open) };
  return { value, predicates: [{ pass: exists(pass), ...undecided, varied: true }], classes: [], image };
}

// A scalar under a union is seen as the first option that fits it does.
function imageBase({ base }: ColumnSpec, input: Column): Base {
  if (base.kind !== 'union') return base;
  const first = base.options.find((option) => fits(option.base, input));
  return first === undefined ? { kind: 'other', type: '' } : imageBase(first, input);
}

// Whatever breaks a rule is caught, so that no value fails; only what SQL cannot tell is left.
function caughtPredicates(spec: ColumnSpec, predicates: readonly Predicate[], { raw }: ColumnNames): readonly Predicate[] {
  if (spec.opaque) return [];
  const exists = spec.empty.kind === 'reject' ? [{ pass: `${raw} IS NOT NULL` }] : [];
  const pass = allOf(predicates.map((each) => each.pass));
  const open = allOf(
    predicates.map((each) => (each.undecided === undefined ? each.pass : `(${each.pass} OR ${each.undecided})`)),
  );
  if (predicates.every((each) => each.undecided === undefined)) return exists;
  const undecided = `coalesce(${open}, FALSE) AND NOT coalesce(${pass}, FALSE)`;
  return [...exists, { pass: `NOT (${undecided})`, undecided }];
}

function resultOf(spec: ColumnSpec, output: Column, names: ColumnNames, passes: readonly string[], isKept: boolean): string {
  const literal = (value: unknown): string => constantOf(value, output.type);
  // What zod writes is put in later; rejected rows may hold what the type cannot, and must not stop the query.
  let result = spec.changes && spec.opaque && !isKept ? literal(null) : `TRY_CAST(${names.value} AS ${output.type})`;
  if (spec.caught !== undefined && !spec.opaque)
    result = `CASE WHEN ${allOf(passes)} THEN ${result} ELSE ${literal(spec.caught.value)} END`;
  if (spec.empty.kind === 'reject' || (spec.empty.kind === 'accept' && spec.caught === undefined)) return result;
  return `CASE WHEN ${names.raw} IS NULL THEN ${literal(spec.empty.kind === 'default' ? spec.empty.value : null)} ELSE ${result} END`;
}

/** A column's condition for a row to be surely accepted, and for it to be accepted as far as SQL can tell. */
export function columnConditions(column: CompiledColumn): { readonly pass: readonly string[]; readonly open: readonly string[] } {
  const { predicates, passes, names, spec } = column;
  if (spec.opaque) return { pass: [], open: [] };
  const pass = passes === undefined || predicates.length === 0 ? predicates.map((predicate) => predicate.pass) : [passes];
  const open = predicates.map(({ pass: sure, undecided }) => (undecided === undefined ? sure : `(${sure} OR ${undecided})`));
  if (predicates.length === 0 || spec.empty.kind === 'reject') return { pass, open };
  const optional = (conditions: readonly string[]): string[] => [`(${names.raw} IS NULL OR (${conditions.join(' AND ')}))`];
  return { pass: optional(pass), open: optional(open) };
}
