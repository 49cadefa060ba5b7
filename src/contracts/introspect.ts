import type { z } from 'zod';
import { acceptsNull, definitionOf, inputLeaf, outputLeaf, versionOf, ZOD_VERSION, type Schema } from './schema.js';
import type { Base, Check, Missing, NumberFormat, Temporal } from './rules.js';
import { isIllFormed } from './sql-text.js';
import {
  allChecks,
  bigintCheck,
  dateCheck,
  mayChange,
  nameOf,
  narrower,
  numberCheck,
  stringCheck,
  temporalOf,
} from './checks.js';

/** A column of a contract, taken apart. */
export interface ColumnSpec {
  readonly name: string;
  readonly schema: Schema;
  readonly base: Base;
  readonly checks: readonly Check[];
  readonly acceptsNull: boolean;
  readonly missing: Missing;
  /** Why SQL cannot judge the column alone, if it cannot: then zod sees every row that the rest lets through. */
  readonly uncompiled: string | undefined;
  /** True where not even a part of the rule may be said in SQL: zod alone judges. */
  readonly opaque: boolean;
  /** Whether zod may give another value than it was given. */
  readonly changes: boolean;
}

/** Takes a column's schema apart. What it does not know for certain is left to zod. */
export function introspectColumn(name: string, schema: Schema): ColumnSpec {
  const walk = new Walk('input');
  const base = walk.visit(schema);
  if (versionOf(schema) !== ZOD_VERSION) walk.leave(`zod ${versionOf(schema)}`, true);
  if (walk.missing?.kind === 'default' && isComposite(walk.missing.value)) walk.leave('default', true);
  return {
    name,
    schema,
    base,
    checks: walk.checks,
    acceptsNull: acceptsNull(schema),
    missing: walk.missing ?? { kind: 'reject' },
    uncompiled: walk.uncompiled,
    opaque: walk.opaque,
    changes: walk.changes,
  };
}

class Walk {
  readonly checks: Check[] = [];
  missing: Missing | undefined;
  uncompiled: string | undefined;
  opaque = false;
  changes = false;

  constructor(private readonly side: 'input' | 'output') {}

  /** Notes that zod must judge. A value that zod may change must not be judged by SQL beforehand. */
  leave(reason: string, changes = false): void {
    this.uncompiled ??= reason;
    this.changes ||= changes;
    this.opaque ||= changes;
  }

  visit(schema: Schema): Base {
    const def = definitionOf(schema);
    switch (def.type) {
      case 'optional':
        // An optional around a default lets the default answer.
        return this.wrapper(schema, def.innerType, def.innerType._zod.optin === 'defaulted' ? undefined : { kind: 'accept' });
      case 'default':
        return this.wrapper(schema, def.innerType, { kind: 'default', value: def.defaultValue });
      case 'nullable':
      case 'readonly':
        return this.wrapper(schema, def.innerType, undefined);
      case 'string':
        return this.string(schema, def);
      case 'number':
        return this.number(schema, def);
      case 'bigint':
        return this.bigint(schema, def);
      case 'boolean':
        return this.plain(schema, def, { kind: 'boolean' });
      case 'date':
        return this.plain(schema, def, { kind: 'date' });
      case 'enum':
      case 'literal':
        return this.values(schema);
      case 'any':
      case 'unknown':
        return this.plain(schema, def, { kind: 'any' });
      default:
        return this.other(schema);
    }
  }

  // A wrapper's own checks would also see what the wrapper lets through, so any sends the column to zod. The outermost
  // wrapper that answers for a missing value is the one zod asks.
  private wrapper(schema: Schema, inner: Schema, missing: Missing | undefined): Base {
    if ((definitionOf(schema).checks?.length ?? 0) > 0) this.leave('checks on a wrapper', true);
    this.missing ??= missing;
    return this.visit(inner);
  }

  private other(schema: Schema): Base {
    const def = definitionOf(schema);
    this.leave(def.type, CHANGING.has(def.type));
    this.opaque = true;
    if (schema._zod.optin !== undefined) this.missing ??= { kind: 'accept' };
    const leaf = inputLeaf(schema);
    if (leaf === schema) return { kind: 'other', type: def.type };
    // Only the family of values matters from here on; what the leaf checks is left to zod.
    return new Walk(this.side).visit(leaf);
  }

  private string(schema: Schema, def: z.core.$ZodStringDef): Base {
    if (def.coerce === true && this.side === 'input') return this.coerced();
    let temporal: Temporal | undefined;
    for (const check of allChecks(schema)) {
      const found = stringCheck(check);
      if (found === undefined) this.leave(nameOf(check), mayChange(check));
      else this.checks.push(found);
      // zod trims a URL: a row that zod has to judge may come back changed.
      if (found?.kind === 'format' && found.format === 'url') this.changes = true;
      temporal ??= temporalOf(check);
    }
    return { kind: 'string', temporal };
  }

  private number(schema: Schema, def: z.core.$ZodNumberDef): Base {
    if (def.coerce === true && this.side === 'input') return this.coerced();
    let format: NumberFormat | undefined;
    for (const check of allChecks(schema)) {
      const found = numberCheck(check);
      if (found === undefined) this.leave(nameOf(check), mayChange(check));
      else this.checks.push(found);
      if (found?.kind === 'numberFormat') format = narrower(format, found.format);
    }
    return { kind: 'number', format };
  }

  private bigint(schema: Schema, def: z.core.$ZodBigIntDef): Base {
    if (def.coerce === true && this.side === 'input') return this.coerced();
    let format: 'int64' | 'uint64' | undefined;
    for (const check of allChecks(schema)) {
      const found = bigintCheck(check);
      if (found === undefined) this.leave(nameOf(check), mayChange(check));
      else this.checks.push(found);
      if (found?.kind === 'bigintFormat' && format !== 'int64') format = found.format;
    }
    return { kind: 'bigint', format };
  }

  // What is coerced may be anything at first.
  private coerced(): Base {
    this.leave('coerce', true);
    return { kind: 'other', type: 'coerce' };
  }

  private plain(schema: Schema, def: object, base: Base): Base {
    if ('coerce' in def && def.coerce === true && this.side === 'input') return this.coerced();
    for (const check of allChecks(schema)) {
      const found = dateCheck(check);
      if (found === undefined) this.leave(nameOf(check), mayChange(check));
      else this.checks.push(found);
    }
    return base;
  }

  private values(schema: Schema): Base {
    for (const check of allChecks(schema)) this.leave(nameOf(check), mayChange(check));
    const members = [...(schema._zod.values ?? [])];
    const values: (string | number | boolean | bigint)[] = [];
    for (const member of members) {
      if (member === null) continue;
      if (typeof member === 'string' && !isIllFormed(member)) values.push(member);
      else if (typeof member === 'number' && Number.isFinite(member)) values.push(member);
      else if (typeof member === 'boolean' || typeof member === 'bigint') values.push(member);
      else this.leave(`literal ${String(member)}`);
      if (member === undefined) this.missing ??= { kind: 'accept' };
    }
    return { kind: 'values', values };
  }
}

const CHANGING: ReadonlySet<string> = new Set(['pipe', 'transform', 'catch', 'prefault', 'success', 'lazy', 'intersection']);

function isComposite(value: unknown): boolean {
  return (
    value === undefined ||
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && !(value instanceof Date))
  );
}

/** The family of values a column has after zod, where it is known: what its type in datasets follows from. */
export function outputBase(schema: Schema): Base {
  return new Walk('output').visit(outputLeaf(schema));
}
