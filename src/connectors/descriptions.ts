import type { CursorRange } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import type { SchemaChange } from '../core/load.js';

/** What an extract would read. */
export interface SourceDescription {
  /** What is read, as people name it: `table "public"."orders"`, `the query`, a pattern of files. */
  readonly from: string;
  /** The columns that the dataset would have; `null` where only reading all of it would tell. */
  readonly columns: readonly Column[] | null;
  /** Whether every value is text, as in CSV files. */
  readonly isText: boolean;
  /** The files that a path or pattern matches. Absent for what is not in files. */
  readonly files?: readonly { readonly name: string; readonly bytes: number }[];
  /** The rows that there are, before the filter where it is applied later; `null` where nothing tells. */
  readonly rows: number | null;
  /** Whether `rows` is an estimate, of the rows after the filter. */
  readonly isEstimate: boolean;
  readonly bytes: number | null;
  /** With a cursor: where reading would begin; `null` at the beginning. */
  readonly range?: Pick<CursorRange, 'column' | 'type' | 'after' | 'from'>;
}

/** A target as a load would find it. */
export interface TargetDescription {
  /** As a load's result names it. */
  readonly target: string;
  readonly exists: boolean;
  /** The target's columns and their types in its own words; those that it would be made with where it is not there. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** How its columns would change, as far as types tell; what values need shows in the load. */
  readonly changes: readonly SchemaChange[];
}
