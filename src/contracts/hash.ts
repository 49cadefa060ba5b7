import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Contract } from '../config/contract.js';
import { PATTERN_FORMAT } from './checks.js';
import { versionOf } from './schema.js';

/** A contract's version. */
export interface ContractHash {
  /** sha256 (hex) of the definition. */
  readonly hash: string;
  /** False where the contract holds functions: their source is in the definition, what they close over is not. */
  readonly exact: boolean;
  /** The contract as canonical JSON: types, checks, patterns, metadata, key and rules, with sorted keys. */
  readonly definition: string;
}

/** The version of a contract: the same for the same columns in the same order, checks, metadata, key, rules and zod. */
export function contractHash(contract: Contract): ContractHash {
  const walk = new DefinitionWalk();
  const content = {
    zod: versionOf(contract.schema),
    columns: Object.keys(contract.schema._zod.def.shape),
    schema: walk.describe(contract.schema),
    key: contract.key,
    rules: Object.fromEntries(Object.entries(contract.rules).map(([name, rule]) => [name, rule.text])),
  };
  const definition = JSON.stringify(sorted(content));
  return { hash: createHash('sha256').update(definition).digest('hex'), exact: walk.exact, definition };
}

class DefinitionWalk {
  exact = true;
  // A schema that contains itself is named by where it was first met.
  private readonly seen = new Map<object, number>();

  describe(value: unknown): unknown {
    switch (typeof value) {
      case 'bigint':
        return { bigint: String(value) };
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: Object.is(value, -0) ? '-0' : String(value) };
      case 'function':
        this.exact = false;
        return { function: String(value) };
      case 'symbol':
        return { symbol: String(value) };
      case 'undefined':
        return { undefined: true };
      case 'object':
        return value === null ? null : this.describeObject(value);
      default:
        return value;
    }
  }

  private describeObject(value: object): unknown {
    if (value instanceof RegExp) return { pattern: value.source, flags: value.flags };
    if (value instanceof Date) return { date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
    const before = this.seen.get(value);
    if (before !== undefined) return { seen: before };
    this.seen.set(value, this.seen.size);
    try {
      if (isZod(value)) return this.describeSchema(value);
      if (Array.isArray(value)) return value.map((item) => this.describe(item));
      if (value instanceof Set || value instanceof Map) return { entries: [...value].map((item) => this.describe(item)) };
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.describe(item)]));
    } finally {
      this.seen.delete(value);
    }
  }

  private describeSchema(schema: ZodLike): unknown {
    const { type, checks, ...rest } = schema._zod.def;
    const out: Record<string, unknown> = type === undefined ? {} : { type };
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined && value !== false) out[name] = this.describeEntry(name, value);
    }
    // superRefine() and check() keep their function outside the definition.
    if (rest.check === 'custom' && rest.fn === undefined) out.fn = this.describe(schema._zod.check);
    // A check that is the schema itself would be told twice.
    const added = (checks ?? []).filter((check) => check !== (schema as unknown));
    if (added.length > 0) out.checks = added.map((check) => this.describe(check));
    const meta = schema.meta?.();
    if (meta !== undefined) out.meta = this.describe(meta);
    return out;
  }

  private describeEntry(name: string, value: unknown): unknown {
    if (typeof value !== 'function') return this.describe(value);
    const call = value as () => unknown;
    if (name === 'getter') return this.describe(call());
    // zod wraps a plain message in a function of its own, and the patterns of its formats too.
    if (name === 'error' && String(value) === CONSTANT_MESSAGE) return { message: call() };
    if (name === 'fn' && String(value) === PATTERN_FORMAT) return { function: 'pattern' };
    if (name === 'when' && OWN_CONDITIONS.has(String(value))) return { function: 'own' };
    return this.describe(value);
  }
}

// The conditions that zod itself puts on its length and size checks ("only where there is a length").
const OWN_CONDITIONS = new Set(
  [
    z.string().min(1),
    z.string().max(1),
    z.string().length(1),
    z.set(z.string()).min(1),
    z.set(z.string()).max(1),
    z.set(z.string()).size(1),
  ]
    .flatMap((schema) => schema._zod.def.checks ?? [])
    .map((check) => String((check._zod.def as { readonly when?: unknown }).when)),
);

const CONSTANT_MESSAGE = String(z.string('message')._zod.def.error);

interface ZodLike {
  readonly _zod: {
    readonly check?: unknown;
    readonly def: Readonly<Record<string, unknown>> & { readonly type?: string; readonly checks?: readonly unknown[] };
  };
  readonly meta?: () => unknown;
}

function isZod(value: object): value is ZodLike {
  return '_zod' in value && typeof value._zod === 'object' && value._zod !== null && 'def' in value._zod;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
