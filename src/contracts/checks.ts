import { z } from 'zod';
import type { Check, NumberFormat, StringFormat, Temporal } from './rules.js';
import { definitionOf, type Schema } from './schema.js';
import { textChange } from './text-changes.js';

/** A schema's checks in their order. A format made by `z.email()` or `z.int()` is itself a check, before those added to it. */
export function allChecks(schema: Schema): readonly z.core.$ZodCheck[] {
  const own = schema._zod.traits.has('$ZodCheck') ? [schema as unknown as z.core.$ZodCheck] : [];
  return [...own, ...(definitionOf(schema).checks ?? [])];
}

type CheckDef = z.core.$ZodChecks['_zod']['def'];

function defOf(check: z.core.$ZodCheck): CheckDef {
  return (check as z.core.$ZodChecks)._zod.def;
}

/** What zod calls a check. */
export function nameOf(check: z.core.$ZodCheck): string {
  const def = check._zod.def as { readonly check: string; readonly format?: string };
  return def.format ?? (def.check === 'custom' ? 'refine' : def.check);
}

/** Whether a check may change the value: a refine only looks, `superRefine` and `check` may write into the payload. */
export function mayChange(check: z.core.$ZodCheck): boolean {
  const def = check._zod.def as { readonly check: string; readonly fn?: unknown };
  if (def.check === 'custom') return def.fn === undefined;
  return def.check === 'overwrite' || nameOf(check) === 'url';
}

/** Whether a check is there to change the value. */
export function overwrites(check: z.core.$ZodCheck): boolean {
  return check._zod.def.check === 'overwrite';
}

/** A check of text, where it is one that can be said in SQL. */
export function stringCheck(check: z.core.$ZodCheck): Check | undefined {
  const def = defOf(check);
  const change = textChange(check);
  if (change !== undefined) return { kind: 'change', change };
  switch (def.check) {
    case 'min_length':
      return lengthCheck('>=', def.minimum);
    case 'max_length':
      return lengthCheck('<=', def.maximum);
    case 'length_equals':
      return lengthCheck('=', def.length);
    case 'string_format':
      return def.when === undefined ? stringFormat(def) : undefined;
    default:
      return undefined;
  }
}

/** A check of a list's length, where it is one that can be said in SQL. */
export function lengthOnly(check: z.core.$ZodCheck): Check | undefined {
  const found = stringCheck(check);
  return found?.kind === 'length' ? found : undefined;
}

function lengthCheck(op: '>=' | '<=' | '=', length: number): Check | undefined {
  return Number.isSafeInteger(length) ? { kind: 'length', op, length } : undefined;
}

interface FormatDef {
  readonly format: string;
  readonly pattern?: RegExp;
  readonly fn?: (value: string) => unknown;
  readonly includes?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly position?: number;
  readonly normalize?: boolean;
  readonly hostname?: RegExp;
  readonly protocol?: RegExp;
}

/** Source of the function that zod's own pattern formats share; one written by a user has another. */
export const PATTERN_FORMAT = String((z.hex()._zod.def as FormatDef).fn);
const NEVER_COMPILED = new Set(['emoji', 'jwt', 'credit_card', 'iban', 'json_string']);
const BY_NAME: ReadonlySet<string> = new Set<StringFormat>(['ipv6', 'cidrv6', 'base64', 'base64url']);

function stringFormat(def: FormatDef): Check | undefined {
  if (NEVER_COMPILED.has(def.format)) return undefined;
  if (def.fn !== undefined && String(def.fn) !== PATTERN_FORMAT) return undefined;
  if (BY_NAME.has(def.format)) return { kind: 'format', format: def.format as StringFormat, pattern: undefined };
  switch (def.format) {
    case 'starts_with':
      return textCheck('starts', def.prefix);
    case 'ends_with':
      return textCheck('ends', def.suffix);
    case 'includes':
      return def.position === undefined ? textCheck('includes', def.includes) : undefined;
    case 'url':
      return def.normalize || def.hostname || def.protocol ? undefined : { kind: 'format', format: 'url', pattern: undefined };
    case 'date':
    case 'duration':
    case 'hostname':
      if (def.pattern?.source === z.core.regexes[def.format].source)
        return { kind: 'format', format: def.format, pattern: def.pattern };
      break;
    default:
  }
  return def.pattern === undefined ? undefined : { kind: 'pattern', pattern: def.pattern };
}

function textCheck(kind: 'starts' | 'ends' | 'includes', value: string | undefined): Check | undefined {
  return value === undefined || !value.isWellFormed() ? undefined : { kind, text: value };
}

/** The ISO format that a check demands, if it is zod’s own. */
export function temporalOf(check: z.core.$ZodCheck): Temporal | undefined {
  const def = check._zod.def as TemporalDef;
  const precision = def.precision ?? undefined;
  const args = { precision, local: def.local === true, offset: def.offset === true };
  const own = { date: z.core.regexes.date, time: z.core.regexes.time(args), datetime: z.core.regexes.datetime(args) };
  const { format } = def;
  if ((format !== 'date' && format !== 'time' && format !== 'datetime') || def.pattern?.source !== own[format].source)
    return undefined;
  return { format, local: args.local, offset: args.offset, precision };
}

interface TemporalDef {
  readonly format?: string;
  readonly local?: boolean;
  readonly offset?: boolean;
  readonly precision?: number | null;
  readonly pattern?: RegExp;
}

/** A check of a number, where it is one that can be said in SQL. */
export function numberCheck(check: z.core.$ZodCheck): Check | undefined {
  const def = defOf(check);
  if (def.when !== undefined) return undefined;
  switch (def.check) {
    case 'number_format':
      return { kind: 'numberFormat', format: def.format };
    case 'less_than':
      return isFiniteNumber(def.value) ? { kind: 'compare', op: def.inclusive ? '<=' : '<', value: def.value } : undefined;
    case 'greater_than':
      return isFiniteNumber(def.value) ? { kind: 'compare', op: def.inclusive ? '>=' : '>', value: def.value } : undefined;
    case 'multiple_of':
      return isFiniteNumber(def.value) ? { kind: 'multiple', of: def.value } : undefined;
    default:
      return undefined;
  }
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

const WIDTH: Readonly<Record<NumberFormat, number>> = { float64: 4, float32: 3, safeint: 2, uint32: 1, int32: 0 };

/** The format that admits fewer numbers. */
export function narrower(a: NumberFormat | undefined, b: NumberFormat): NumberFormat {
  return a === undefined || WIDTH[b] < WIDTH[a] ? b : a;
}

/** A check of a bigint, where it is one that can be said in SQL. */
export function bigintCheck(check: z.core.$ZodCheck): Check | undefined {
  const def = defOf(check);
  if (def.when !== undefined) return undefined;
  switch (def.check) {
    case 'bigint_format':
      return def.format === undefined ? undefined : { kind: 'bigintFormat', format: def.format };
    case 'less_than':
      return typeof def.value === 'bigint' ? { kind: 'compare', op: def.inclusive ? '<=' : '<', value: def.value } : undefined;
    case 'greater_than':
      return typeof def.value === 'bigint' ? { kind: 'compare', op: def.inclusive ? '>=' : '>', value: def.value } : undefined;
    case 'multiple_of':
      return typeof def.value === 'bigint' ? { kind: 'multiple', of: def.value } : undefined;
    default:
      return undefined;
  }
}

/** A check of a date, where it is one that can be said in SQL. */
export function dateCheck(check: z.core.$ZodCheck): Check | undefined {
  const def = defOf(check);
  if (def.when !== undefined) return undefined;
  if (def.check !== 'less_than' && def.check !== 'greater_than') return undefined;
  const inclusive = def.inclusive ? '=' : '';
  const sign = def.check === 'less_than' ? '<' : '>';
  return def.value instanceof Date && !Number.isNaN(def.value.getTime())
    ? { kind: 'compare', op: `${sign}${inclusive}`, value: def.value }
    : undefined;
}
