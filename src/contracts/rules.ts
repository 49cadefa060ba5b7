/** One test of a column, in zod's terms, ready to be said in SQL. */
export type Check =
  | { readonly kind: 'length'; readonly op: '>=' | '<=' | '='; readonly length: number }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'format'; readonly format: StringFormat; readonly pattern: RegExp | undefined }
  | { readonly kind: 'starts' | 'ends' | 'includes'; readonly text: string }
  | { readonly kind: 'compare'; readonly op: '>' | '>=' | '<' | '<='; readonly value: number | bigint | Date }
  | { readonly kind: 'multiple'; readonly of: number | bigint }
  | { readonly kind: 'numberFormat'; readonly format: NumberFormat }
  | { readonly kind: 'bigintFormat'; readonly format: 'int64' | 'uint64' };

export type NumberFormat = 'safeint' | 'int32' | 'uint32' | 'float32' | 'float64';

/** Formats whose rule is not their own regular expression, or is cheaper said in another way. */
export type StringFormat = 'date' | 'duration' | 'hostname' | 'ipv6' | 'cidrv6' | 'base64' | 'base64url' | 'url';

/** What a column's values are before its checks look at them. */
export type Base =
  | { readonly kind: 'string'; readonly temporal: Temporal | undefined }
  | { readonly kind: 'number'; readonly format: NumberFormat | undefined }
  | { readonly kind: 'bigint'; readonly format: 'int64' | 'uint64' | undefined }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date' }
  | { readonly kind: 'values'; readonly values: readonly (string | number | boolean | bigint)[] }
  | { readonly kind: 'any' }
  /** A zod type that is not compiled: arrays, objects, unions … */
  | { readonly kind: 'other'; readonly type: string };

/** ISO text that is kept as a date or a time in datasets. */
export interface Temporal {
  readonly format: 'date' | 'time' | 'datetime';
  /** Whether a datetime without offset is allowed. */
  readonly local: boolean;
  /** Digits of the second's fraction that zod demands; -1 for no seconds. */
  readonly precision: number | undefined;
}

/** What becomes of a row in which the column has no value. */
export type Missing =
  { readonly kind: 'reject' } | { readonly kind: 'accept' } | { readonly kind: 'default'; readonly value: unknown };

/** SQL that judges one check. Both are conditions; NULL means false. */
export interface Predicate {
  /** True only where zod surely accepts. */
  readonly pass: string;
  /** True where SQL cannot tell, so that zod must. */
  readonly undecided?: string;
}
