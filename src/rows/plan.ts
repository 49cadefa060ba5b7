/** How the values of a nested column become JavaScript's, beyond what JSON says by itself. */
export type Nested =
  | 'as it is'
  | 'bigint'
  | 'number'
  | 'date'
  | { readonly list: Nested }
  | { readonly tuple: readonly Nested[]; readonly rest: Nested }
  | { readonly values: Nested }
  | { readonly fields: Readonly<Record<string, NestedField>> };

export interface NestedField {
  readonly nested: Nested;
  /** Whether the key is left out where there is no value, instead of being null. */
  readonly leaveOut: boolean;
}

/** How one column of a batch becomes a property of the rows. */
export interface InputColumn {
  readonly name: string;
  /** Whether the key is left out where there is no value, instead of being null. */
  readonly leaveOut: boolean;
  /** `plain`: the value as it travels; `date`: milliseconds since 1970; `json`: text. */
  readonly read: 'plain' | 'date' | 'json';
  readonly nested: Nested;
}

/** How one property of the rows becomes a column, and what it may hold. */
export interface OutputColumn {
  readonly name: string;
  readonly required: boolean;
  readonly write: 'text' | 'isoDate' | 'isoDatetime' | 'number' | 'integer' | 'bigint' | 'boolean' | 'date' | 'json' | 'any';
  /** Of whole numbers: the first and the last that the column can hold. */
  readonly range?: readonly [first: number | bigint, last: number | bigint];
  /** What it may hold, in words for a message. */
  readonly wants: string;
}

/** What the thread needs to know of the contracts. Plain data: it travels to the thread. */
export interface RowsPlan {
  readonly inputs: Readonly<Record<string, readonly InputColumn[]>>;
  readonly output: readonly OutputColumn[];
  /** Whether a row may only have keys that the output's contract names. */
  readonly strict: boolean;
}

/** A value on its way between the threads. */
export type Wire = string | number | bigint | boolean | null;

/** A batch on its way: its columns, in the plan's order. */
export interface WireBatch {
  readonly rows: number;
  readonly columns: readonly (readonly Wire[])[];
}

/** Most rows of a batch: DuckDB's own measure. */
export const BATCH_ROWS = 2048;

/** About the most bytes of a batch. One row is never cut. */
export const BATCH_BYTES = 4 * 1024 * 1024;
