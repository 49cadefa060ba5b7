import { quoteIdentifier, quoteLiteral } from '../core/filter.js';
import { coercedText, isCoercedInSql } from './coerced-text.js';
import type { DuckField, DuckType } from './duck-type.js';
import { constantOf } from './literal.js';
import { areSeenAlike } from './nested-image.js';
import { canonicalPart, fitsType, isNestedBase, keptType, type Shape } from './nested-types.js';
import type { Base, Check, ColumnSpec } from './rules.js';
import { allOf, anyOf } from './sql-text.js';
import { stringboolJudgement } from './stringbool.js';
import { typedJudgement } from './typed-judgement.js';
import type { Judgement } from './judgement.js';

/** How a value with parts is judged, for one that is not NULL. */
export interface Verdict {
  /** True only where zod surely accepts. */
  readonly pass: string;
  /** True where zod may accept; the same as `pass` where SQL can always tell. */
  readonly open: string;
  /** SQL of the value as zod gives it. */
  readonly value: string;
}

/** Something that SQL cannot say of a part: zod judges the column. */
export class LeftToZod extends Error {}

interface Part {
  readonly v: string;
  readonly shape: Shape;
  /** How many lists the part stands in: names of lambda parameters must differ. */
  readonly depth: number;
}

const PASS = 'TRUE';

/**
 * The verdict on a typed nested value in SQL.
 *
 * @param v SQL of the value
 * @throws LeftToZod with the reason
 */
export function judgeNested(spec: ColumnSpec, type: DuckType, v: string): Verdict {
  if (!areSeenAlike([spec], type)) throw new LeftToZod('options that see a value differently');
  return judgeValue(spec, type, { v, shape: 'own', depth: 0 });
}

// A part that may have no value.
function judgePart(spec: ColumnSpec, type: DuckType, part: Part): Verdict {
  const verdict = judgeValue(spec, type, part);
  const { v, shape } = part;
  const kept = keptType(spec, type, shape);
  const isGone = `${v} IS NULL`;
  if (spec.empty.kind === 'reject') {
    const exists = (condition: string): string => `(${v} IS NOT NULL AND ${condition})`;
    return { ...verdict, pass: exists(verdict.pass), open: exists(verdict.open) };
  }
  const orGone = (condition: string): string => (condition === PASS ? PASS : `(${isGone} OR ${condition})`);
  if (spec.empty.kind === 'accept' && spec.caught === undefined)
    return { pass: orGone(verdict.pass), open: orGone(verdict.open), value: verdict.value };
  const filled = constantOf(spec.empty.kind === 'default' ? spec.empty.value : null, kept);
  const value = `CASE WHEN ${isGone} THEN ${filled} ELSE ${verdict.value} END`;
  return { pass: orGone(verdict.pass), open: orGone(verdict.open), value };
}

function judgeValue(spec: ColumnSpec, type: DuckType, part: Part): Verdict {
  const { base } = spec;
  if (spec.opaque) throw new LeftToZod(spec.uncompiled);
  const verdict = isNestedBase(base) && base.kind !== 'union' ? judgeParts(spec, base, type, part) : judgeLeaf(spec, type, part);
  if (spec.caught === undefined) return verdict;
  if (isNestedBase(base)) throw new LeftToZod('catch of a nested value');
  const literal = constantOf(spec.caught.value, keptType(spec, type, part.shape));
  const value = `CASE WHEN coalesce(${verdict.pass}, FALSE) THEN ${verdict.value} ELSE ${literal} END`;
  if (verdict.open === verdict.pass) return { pass: PASS, open: PASS, value };
  return { pass: `(${verdict.pass} OR NOT coalesce(${verdict.open}, FALSE))`, open: PASS, value };
}

function judgeLeaf(spec: ColumnSpec, type: DuckType, part: Part): Verdict {
  const { base } = spec;
  if (base.kind === 'union') return judgeUnion(base.options, type, part);
  if (base.kind === 'any') return { pass: PASS, open: PASS, value: part.v };
  if (type.kind !== 'scalar' || type.text === 'JSON') throw new LeftToZod('JSON within a nested value');
  const column = { name: spec.name, type: type.text, nullable: true };
  const judgement = scalarJudgement(spec, column, part.v);
  const known = judgement.predicates.filter((predicate) => predicate !== undefined);
  if (known.length < judgement.predicates.length) throw new LeftToZod('a pattern that only JavaScript understands');
  const kept = keptType(spec, type, part.shape);
  const value = kept === type.text ? judgement.value : `TRY_CAST(${judgement.value} AS ${kept})`;
  const open = known.map(({ pass, undecided }) => (undecided === undefined ? pass : `(${pass} OR ${undecided})`));
  return { pass: allOf(known.map(({ pass }) => pass)), open: allOf(open), value };
}

function scalarJudgement(spec: ColumnSpec, column: { name: string; type: string; nullable: boolean }, v: string): Judgement {
  const { base } = spec;
  const isText = column.type === 'VARCHAR';
  const fitted = fitsType(base, { kind: 'scalar', text: column.type });
  const inline = (judge: (value: string) => Judgement): Judgement => judge(`(${judge('NULL').value})`);
  if (spec.coerce && !fitted) {
    if (!isText || !isCoercedInSql(spec)) throw new LeftToZod('coerce');
    return inline((value) => coercedText(spec, { raw: v, value, plain: 'FALSE' }));
  }
  if (!fitted) throw new LeftToZod('a value of another type');
  if (base.kind === 'stringbool') return inline((value) => stringboolJudgement(base, { raw: v, value, plain: 'FALSE' }));
  if (!isText && spec.checks.some((check) => check.kind === 'change')) throw new LeftToZod('a change of what is not text');
  return typedJudgement(spec, column, { raw: v, value: v, plain: 'FALSE' });
}

function judgeParts(spec: ColumnSpec, base: Base, type: DuckType, part: Part): Verdict {
  if (base.kind === 'list' && type.kind === 'list') return judgeList(spec, base.element, type, part);
  if (base.kind === 'tuple' && type.kind === 'list') return judgeTuple(base, type.element, part);
  if (base.kind === 'object' && type.kind === 'struct') return judgeObject(base, type.fields, part);
  if (base.kind === 'map' && type.kind === 'map') return judgeMap(base, type.value, part);
  if (base.kind === 'map' && type.kind === 'struct') return judgeRecord(base, type.fields, part);
  throw new LeftToZod(`${base.kind === 'map' ? 'a record' : `an ${base.kind}`} over ${type.text}`);
}

function lengthTests(checks: readonly Check[], v: string): string[] {
  return checks.flatMap((check) => (check.kind === 'length' ? [`len(${v}) ${check.op} ${check.length}`] : []));
}

function judgeList({ checks }: ColumnSpec, element: ColumnSpec, type: DuckType & { kind: 'list' }, part: Part): Verdict {
  const list = type.isSized ? `${part.v}::${type.element.text}[]` : part.v;
  const x = `x${part.depth}`;
  const each = judgePart(element, type.element, { v: x, shape: part.shape, depth: part.depth + 1 });
  const lengths = lengthTests(checks, list);
  return {
    pass: allOf([...lengths, ...everyOne(list, x, each.pass)]),
    open: allOf([...lengths, ...everyOne(list, x, each.open)]),
    value: each.value === x ? (part.shape === 'given' ? part.v : list) : `list_transform(${list}, lambda ${x}: ${each.value})`,
  };
}

function everyOne(list: string, x: string, condition: string): string[] {
  if (condition === PASS) return [];
  return [`coalesce(list_bool_and(list_transform(${list}, lambda ${x}: coalesce(${condition}, FALSE))), TRUE)`];
}

function judgeTuple({ items, rest }: Base & { kind: 'tuple' }, type: DuckType, part: Part): Verdict {
  const { v, shape, depth } = part;
  const verdicts = items.map((item, index) => judgePart(item, type, { v: `${v}[${index + 1}]`, shape, depth }));
  const x = `x${depth}`;
  const tail = rest && judgePart(rest, type, { v: x, shape, depth: depth + 1 });
  if (verdicts.some(({ value }, index) => value !== `${v}[${index + 1}]`) || (tail && tail.value !== x))
    throw new LeftToZod('a tuple whose values change');
  const length = `len(${v}) ${rest ? '>=' : '='} ${items.length}`;
  const others = (condition: string | undefined): string[] =>
    condition === undefined ? [] : everyOne(`${v}[${items.length + 1}:]`, x, condition);
  return {
    pass: allOf([length, ...verdicts.map(({ pass }) => pass), ...others(tail?.pass)]),
    open: allOf([length, ...verdicts.map(({ open }) => open), ...others(tail?.open)]),
    value: v,
  };
}

function fieldOf(v: string, name: string): string {
  return `struct_extract(${v}, ${quoteLiteral(name)})`;
}

interface FieldVerdict extends Verdict {
  readonly name: string;
  readonly isKept: boolean;
}

function judgeObject(base: Base & { kind: 'object' }, found: readonly DuckField[], { v, shape, depth }: Part): Verdict {
  if (base.fields.length === 0 && base.extras !== 'keep') throw new LeftToZod('an object without keys');
  if (new Set(found.map(({ name }) => name.toLowerCase())).size < found.length)
    throw new LeftToZod('keys that differ by case only');
  const named = base.fields.map((spec): FieldVerdict => {
    const field = found.find(({ name }) => name === spec.name);
    if (field === undefined) return absentField(spec, shape);
    const at = fieldOf(v, spec.name);
    const verdict = judgePart(spec, field.type, { v: at, shape, depth });
    return { ...verdict, name: spec.name, isKept: verdict.value === at };
  });
  const extras = found
    .filter(({ name }) => !base.fields.some((spec) => spec.name === name))
    .map((field) => extraField(base, field, { v: fieldOf(v, field.name), shape, depth }));
  const all = [...named, ...extras.filter((field) => field !== undefined)];
  return {
    pass: allOf(all.map(({ pass }) => pass).filter((condition) => condition !== PASS)),
    open: allOf(all.map(({ open }) => open).filter((condition) => condition !== PASS)),
    value: rebuilt(
      all.filter(({ value }) => value !== ''),
      found,
      v,
      shape,
    ),
  };
}

// In the given shape a field that the object does not have stays away; elsewhere it is there, and empty.
function absentField(spec: ColumnSpec, shape: Shape): FieldVerdict {
  const { name, empty } = spec;
  if (empty.kind === 'reject') return { name, pass: 'FALSE', open: 'FALSE', value: '', isKept: true };
  if (shape === 'given' && empty.kind === 'default') throw new LeftToZod('a default for a key that the data does not have');
  const value = constantOf(empty.kind === 'default' ? empty.value : null, canonicalPart(spec));
  return { name, pass: PASS, open: PASS, value: shape === 'given' ? '' : value, isKept: shape === 'given' };
}

// A key without a value is none, so that a strict object does not mind it.
function extraField(base: Base & { kind: 'object' }, { name, type }: DuckField, part: Part): FieldVerdict | undefined {
  const gone = `${part.v} IS NULL`;
  if (base.extras === 'strict')
    return { name, pass: gone, open: gone, value: part.shape === 'given' ? part.v : '', isKept: true };
  if (base.extras === 'strip') {
    if (part.shape === 'own') return undefined;
    return { name, pass: PASS, open: PASS, value: `CAST(NULL AS ${type.text})`, isKept: false };
  }
  if (base.catchall === undefined) return { name, pass: PASS, open: PASS, value: part.v, isKept: true };
  const verdict = judgeValue(base.catchall, type, part);
  if (verdict.value !== part.v) throw new LeftToZod('a catchall that changes values');
  const orGone = (condition: string): string => (condition === PASS ? PASS : `(${gone} OR ${condition})`);
  return { name, pass: orGone(verdict.pass), open: orGone(verdict.open), value: part.v, isKept: true };
}

function rebuilt(fields: readonly FieldVerdict[], found: readonly DuckField[], v: string, shape: Shape): string {
  const isSame = fields.every(({ isKept }) => isKept) && (shape === 'given' || fields.length === found.length);
  if (isSame) return v;
  const ordered = shape === 'given' ? found.flatMap(({ name }) => fields.filter((field) => field.name === name)) : fields;
  const entries = ordered.map(({ name, value }) => `${quoteIdentifier(name)} := ${value}`);
  return `CASE WHEN ${v} IS NOT NULL THEN struct_pack(${entries.join(', ')}) END`;
}

function judgeMap({ key, value }: Base & { kind: 'map' }, type: DuckType, { v, shape, depth }: Part): Verdict {
  const x = `x${depth}`;
  const inner = { v: x, shape, depth: depth + 1 };
  const keys = judgePart(key, { kind: 'scalar', text: 'VARCHAR' }, inner);
  const values = judgePart(value, type, inner);
  const held = `map_values(${v})`;
  const changed = `list_transform(${held}, lambda ${x}: ${values.value})`;
  return {
    pass: allOf([...everyOne(`map_keys(${v})`, x, keys.pass), ...everyOne(held, x, values.pass)]),
    open: allOf([...everyOne(`map_keys(${v})`, x, keys.open), ...everyOne(held, x, values.open)]),
    value: values.value === x ? v : `CASE WHEN ${v} IS NOT NULL THEN map(map_keys(${v}), ${changed}) END`,
  };
}

// A record whose keys are fields: one without a value is none.
function judgeRecord({ key, value }: Base & { kind: 'map' }, fields: readonly DuckField[], { v, shape, depth }: Part): Verdict {
  const verdicts = fields.map(({ name, type }) => {
    const at = fieldOf(v, name);
    const verdict = judgeValue(value, type, { v: at, shape, depth });
    if (verdict.value !== at) throw new LeftToZod('a record whose values change');
    const named = judgeValue(key, { kind: 'scalar', text: 'VARCHAR' }, { v: quoteLiteral(name), shape, depth });
    const orGone = (condition: string): string => `(${at} IS NULL OR ${condition})`;
    return { pass: orGone(allOf([named.pass, verdict.pass])), open: orGone(allOf([named.open, verdict.open])) };
  });
  return { pass: allOf(verdicts.map(({ pass }) => pass)), open: allOf(verdicts.map(({ open }) => open)), value: v };
}

/** The verdict of a union: the first option that accepts gives the value. */
function judgeUnion(options: readonly ColumnSpec[], type: DuckType, part: Part): Verdict {
  const fitting = options.filter((option) => fitsType(option.base, type));
  if (fitting.length === 0) throw new LeftToZod('a union of other types');
  const verdicts = fitting.map((option) => judgeValue(option, type, { ...part, shape: 'given' }));
  const asked = verdicts.map(({ pass }) => `coalesce(${pass}, FALSE)`);
  const open = anyOf(verdicts.map((verdict) => `coalesce(${verdict.open}, FALSE)`));
  if (verdicts.every(({ value }) => value === part.v)) return { pass: anyOf(asked), open, value: part.v };
  if (verdicts.some((verdict) => verdict.open !== verdict.pass)) throw new LeftToZod('a union of changed and undecided values');
  const cases = verdicts.map(({ value }, index) => `WHEN ${asked[index]} THEN ${value}`);
  return { pass: anyOf(asked), open, value: `CASE ${cases.join(' ')} END` };
}
