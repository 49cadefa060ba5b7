import type { Scalar } from './filter.js';

/** A value for a parameter, such as JSON can hold: it is part of the key of what is made with it. */
export type BoundValue = Scalar | { readonly bigint: string } | { readonly instant: string };

/** One SELECT with the values of its parameters: by name (`$month`) or by position (`$1`). */
export interface Statement {
  readonly sql: string;
  readonly values: Readonly<Record<string, BoundValue>> | readonly BoundValue[];
}
