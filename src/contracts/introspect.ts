import type { z } from 'zod';
import { allChecks, lengthOnly, mayChange, nameOf, overwrites } from './checks.js';
import { isEmptyComposite, outcomeOfNothing, type Place } from './empty.js';
import type { Base, Check, ColumnSpec, Empty, Extras } from './rules.js';
import { scalarBase, type Notes } from './scalar-schemas.js';
import { containsItself } from './schema-parts.js';
import { acceptsNull, definitionOf, inputLeaf, outputLeaf, valueOptions, versionOf, type Schema } from './schema.js';
import { stringboolOf } from './stringbool.js';
import { PROVEN_ZOD } from '../core/proven-zod.js';

/** Takes a column's schema apart. What it does not know for certain is left to zod. */
export function introspectColumn(name: string, schema: Schema, place: Place = 'key'): ColumnSpec {
  const walk = new Walk();
  const base = walk.visit(schema);
  const isForeign = versionOf(schema) !== PROVEN_ZOD;
  const { remakes } = walk;
  if (isForeign) walk.leave(`zod ${versionOf(schema)}`, true);
  const takesNull = acceptsNull(schema);
  const empty = emptiness(walk, base, schema, takesNull, place);
  return {
    name,
    schema,
    base,
    checks: walk.checks,
    acceptsNull: takesNull,
    required: empty.required,
    empty: empty.empty,
    caught: walk.caught,
    coerce: walk.coerce,
    uncompiled: walk.uncompiled,
    opaque: walk.opaque,
    changes: walk.changes,
    remakes: isForeign ? remakes : walk.remakes,
  };
}

// Where zod alone judges, it sees to missing values itself: no function of the user's is called to find out.
function emptiness(
  walk: Walk,
  base: Base,
  schema: Schema,
  takesNull: boolean,
  place: Place,
): { required: boolean; empty: Empty } {
  if (walk.uncompiled === undefined) {
    const outcome = outcomeOfNothing(schema, takesNull, place);
    const isHeld =
      outcome?.empty.kind !== 'default' || !isEmptyComposite(outcome.empty.value) || base.kind === 'list' || base.kind === 'map';
    if (outcome !== undefined && isHeld) return { ...outcome, required: schema._zod.optin === undefined || outcome.required };
    walk.leave('a default that SQL cannot hold', true);
  } else if (walk.fills || (walk.coerce && !walk.changes)) {
    walk.leave('a value for none beside a part that zod judges', true);
  }
  const isOptional = schema._zod.optin !== undefined;
  return { required: !isOptional, empty: { kind: takesNull || isOptional ? 'accept' : 'reject' } };
}

class Walk implements Notes {
  readonly checks: Check[] = [];
  caught: { readonly value: unknown } | undefined;
  coerce = false;
  /** Whether a missing value becomes another one. */
  fills = false;
  uncompiled: string | undefined;
  opaque = false;
  changes = false;
  remakes = false;

  /**
   * Notes that zod must judge. A value that zod may change must not be judged by SQL beforehand.
   *
   * @param remakes whether it changes values as a rule, rather than only being able to
   */
  leave(reason: string, changes = false, remakes = changes): void {
    this.uncompiled ??= reason;
    this.changes ||= changes;
    this.opaque ||= changes;
    this.remakes ||= remakes;
  }

  visit(schema: Schema): Base {
    const def = definitionOf(schema);
    switch (def.type) {
      case 'optional':
      case 'nullable':
      case 'nonoptional':
      case 'readonly':
        return this.wrapper(def, def.innerType);
      case 'default':
      case 'prefault':
        this.fills = true;
        return this.wrapper(def, def.innerType);
      case 'catch':
        return this.catching(def);
      case 'pipe':
        return this.pipe(schema);
      default:
        return scalarBase(this, schema) ?? this.nested(schema, def);
    }
  }

  private nested(schema: Schema, def: ReturnType<typeof definitionOf>): Base {
    if (containsItself(schema)) {
      this.leave('what contains itself', true);
      return { kind: 'json' };
    }
    switch (def.type) {
      case 'array':
        for (const check of allChecks(schema)) this.take(lengthOnly(check), check);
        return { kind: 'list', element: this.part('', def.element, 'item') };
      case 'tuple':
        this.leaveChecks(schema);
        if (def.items.some((item) => item._zod.optin !== undefined)) this.leave('tuple with optional items', true);
        return {
          kind: 'tuple',
          items: def.items.map((item) => this.part('', item, 'item')),
          rest: def.rest ? this.part('', def.rest, 'item') : undefined,
        };
      case 'lazy':
        return this.wrapper(def, (schema as z.core.$ZodLazy)._zod.innerType);
      case 'intersection':
        // Both see the same value; what they make of it only zod can join.
        this.leave('intersection', true);
        return { kind: 'union', options: [this.part('', def.left, 'item'), this.part('', def.right, 'item')], tag: undefined };
      case 'object':
        return this.object(schema, def);
      case 'record':
        return this.record(schema, def);
      case 'union':
        return this.union(schema, def);
      default:
        return this.other(schema);
    }
  }

  private object(schema: Schema, def: z.core.$ZodObjectDef): Base {
    this.leaveChecks(schema);
    const extras = extrasOf(def.catchall);
    const named = Object.entries(def.shape).map(([name, field]) => this.part(name, field, 'key'));
    const catchall = extras === 'keep' && def.catchall ? this.part('', def.catchall, 'key') : undefined;
    return { kind: 'object', fields: named, extras, catchall };
  }

  private record(schema: Schema, def: z.core.$ZodRecordDef): Base {
    this.leaveChecks(schema);
    const isLoose = (def as { readonly mode?: string }).mode === 'loose';
    const key = this.part('', def.keyType, 'item');
    const isPlain = key.base.kind === 'string' && key.checks.every((check) => check.kind !== 'change') && !key.coerce;
    // Keys of an enum are all wanted, and other kinds of keys are tried twice.
    if (!isPlain || isLoose || key.caught) this.leave('record with such keys', true);
    return { kind: 'map', key, value: this.part('', def.valueType, 'item'), isLoose };
  }

  private union(schema: Schema, def: z.core.$ZodUnionDef): Base {
    this.leaveChecks(schema);
    const options = valueOptions(def.options);
    if (options.length === 1 && options[0]) return this.visit(options[0]);
    const tag = (def as { readonly discriminator?: string }).discriminator;
    if (schema._zod.traits.has('$ZodXor')) this.leave('xor', true);
    const parts = options.map((option) => this.part('', option, 'item'));
    // Such an option takes values of every type.
    if (parts.some((part) => part.coerce || part.caught)) this.leave('union with coerce or catch', true);
    return { kind: 'union', options: parts, tag };
  }

  // What a part leaves to zod, the whole does.
  private part(name: string, schema: Schema, place: Place): ColumnSpec {
    const part = introspectColumn(name, schema, place);
    if (part.uncompiled !== undefined) this.leave(part.uncompiled, part.opaque, part.remakes);
    this.changes ||= part.changes;
    return part;
  }

  // A wrapper's own checks would also see what the wrapper lets through, so any sends the column to zod.
  private wrapper(def: { readonly checks?: readonly z.core.$ZodCheck[] | undefined }, inner: Schema): Base {
    const checks = def.checks ?? [];
    if (checks.length > 0) this.leave('checks on a wrapper', true, checks.some(overwrites));
    return this.visit(inner);
  }

  private catching(def: z.core.$ZodCatchDef): Base {
    const isConstant = CONSTANT_CATCH in def.catchValue;
    const value: unknown = isConstant ? (def.catchValue as () => unknown)() : undefined;
    if (!isConstant || (isComposite(value) && !(value instanceof Date))) this.leave('catch with a function', true);
    if (typeof value === 'string' && !value.isWellFormed()) this.leave('catch with half a surrogate pair', true);
    const base = this.wrapper(def, def.innerType);
    // The innermost one answers.
    this.caught ??= { value };
    return base;
  }

  private pipe(schema: Schema): Base {
    const found = stringboolOf(schema);
    if (found === undefined) return this.other(schema);
    this.changes ||= found.anyCase;
    return found;
  }

  private other(schema: Schema): Base {
    const def = definitionOf(schema);
    this.leave(def.type, CHANGING.has(def.type));
    this.opaque = this.remakes = true;
    const leaf = inputLeaf(schema);
    if (leaf === schema) return { kind: 'other', type: def.type };
    // Only the family of values matters from here on; what the leaf checks is left to zod.
    const inner = new Walk();
    const base = inner.visit(leaf);
    return inner.coerce ? { kind: 'other', type: 'coerce' } : base;
  }

  take(found: Check | undefined, check: z.core.$ZodCheck): void {
    if (found === undefined) this.leave(nameOf(check), mayChange(check), overwrites(check));
    else this.checks.push(found);
  }

  leaveChecks(schema: Schema): void {
    for (const check of allChecks(schema)) this.leave(nameOf(check), mayChange(check), overwrites(check));
  }
}

/** What an object's catchall says of keys that it does not name. */
export function extrasOf(catchall: Schema | undefined): Extras {
  if (catchall === undefined) return 'strip';
  return definitionOf(catchall).type === 'never' ? 'strict' : 'keep';
}

const CONSTANT_CATCH = '~constantCatch';

const CHANGING: ReadonlySet<string> = new Set(['pipe', 'transform', 'success']);

function isComposite(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

/** The family of values a column has after zod, where it is known: what its type in datasets follows from. */
export function outputBase(schema: Schema): Base {
  return new Walk().visit(outputLeaf(schema));
}
