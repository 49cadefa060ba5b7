import type { Schema } from './schema.js';
import type { TextChange } from './text-changes.js';

/** One test of a column, in zod's terms, ready to be said in SQL. */
export type Check =
  | { readonly kind: 'length'; readonly op: '>=' | '<=' | '='; readonly length: number }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'format'; readonly format: StringFormat; readonly pattern: RegExp | undefined }
  | { readonly kind: 'starts' | 'ends' | 'includes'; readonly text: string }
  | { readonly kind: 'compare'; readonly op: '>' | '>=' | '<' | '<='; readonly value: number | bigint | Date }
  | { readonly kind: 'multiple'; readonly of: number | bigint }
  | { readonly kind: 'numberFormat'; readonly format: NumberFormat }
  | { readonly kind: 'bigintFormat'; readonly format: 'int64' | 'uint64' }
  /** Not a test: what the checks after it see is the changed text. */
  | { readonly kind: 'change'; readonly change: TextChange };

export type NumberFormat = 'safeint' | 'int32' | 'uint32' | 'float32' | 'float64';

/** Formats whose rule is not their own regular expression, or is cheaper said in another way. */
export type StringFormat = 'date' | 'duration' | 'hostname' | 'ipv6' | 'cidrv6' | 'base64' | 'base64url' | 'url';

/** What a column's values are before its checks look at them. */
export type Base =
  | { readonly kind: 'string'; readonly temporal: Temporal | undefined }
  | { readonly kind: 'number'; readonly format: NumberFormat | undefined }
  | { readonly kind: 'bigint'; readonly format: 'int64' | 'uint64' | undefined }
  | { readonly kind: 'boolean' }
  /** Text that stands for a boolean. */
  | {
      readonly kind: 'stringbool';
      readonly truthy: readonly string[];
      readonly falsy: readonly string[];
      readonly anyCase: boolean;
    }
  | { readonly kind: 'date' }
  | { readonly kind: 'values'; readonly values: readonly (string | number | boolean | bigint)[] }
  | { readonly kind: 'any' }
  | { readonly kind: 'list'; readonly element: ColumnSpec }
  | { readonly kind: 'tuple'; readonly items: readonly ColumnSpec[]; readonly rest: ColumnSpec | undefined }
  | {
      readonly kind: 'object';
      readonly fields: readonly ColumnSpec[];
      readonly extras: Extras;
      readonly catchall: ColumnSpec | undefined;
    }
  | { readonly kind: 'map'; readonly key: ColumnSpec; readonly value: ColumnSpec; readonly isLoose: boolean }
  /** Values of more than one kind; the tag is the key that tells objects apart. */
  | { readonly kind: 'union'; readonly options: readonly ColumnSpec[]; readonly tag: string | undefined }
  /** What contains itself: no type but JSON holds it. */
  | { readonly kind: 'json' }
  /** A zod type that is not taken apart: custom ones, functions … */
  | { readonly kind: 'other'; readonly type: string };

/** What an object does with keys it does not name: zod's `strip`, `strictObject`, `looseObject` and `catchall(schema)`. */
export type Extras = 'strip' | 'strict' | 'keep';

/** ISO text that is kept as a date or a time in datasets. */
export interface Temporal {
  readonly format: 'date' | 'time' | 'datetime';
  /** Whether a datetime without offset is allowed. */
  readonly local: boolean;
  /** Whether an offset other than `Z` is allowed. */
  readonly offset: boolean;
  /** Digits of the second's fraction that zod demands; -1 for no seconds. */
  readonly precision: number | undefined;
}

/** What becomes of a row in which the column has no value. */
export type Empty =
  { readonly kind: 'reject' } | { readonly kind: 'accept' } | { readonly kind: 'default'; readonly value: unknown };

/** SQL that judges one check. Both are conditions; NULL means false. */
export interface Predicate {
  /** True only where zod surely accepts. */
  readonly pass: string;
  /** True where SQL cannot tell, so that zod must. */
  readonly undecided?: string;
  /** Whether zod's words about two rows that fail it may differ, as where they name the place within a list. */
  readonly varied?: boolean;
}

/** A column of a contract, or a part of a nested one, taken apart. */
export interface ColumnSpec {
  readonly name: string;
  readonly schema: Schema;
  readonly base: Base;
  readonly checks: readonly Check[];
  readonly acceptsNull: boolean;
  /** Whether a table that lacks the column cannot be judged. */
  readonly required: boolean;
  /** What becomes of NULL. */
  readonly empty: Empty;
  /** What takes the place of a value that breaks a rule; a constant. */
  readonly caught: { readonly value: unknown } | undefined;
  /** Whether any value is taken at first, and made into one of the base's kind: `z.coerce`. */
  readonly coerce: boolean;
  /** Why SQL cannot judge the column alone, if it cannot: then zod sees every row that the rest lets through. */
  readonly uncompiled: string | undefined;
  /** True where not even a part of the rule may be said in SQL: zod alone judges. */
  readonly opaque: boolean;
  /** Whether zod may give another value than it was given, where SQL does not give that itself. */
  readonly changes: boolean;
  /** Whether zod may give any value of the schema's type, since a function makes it or fills it in. */
  readonly remakes: boolean;
}
