import type { CursorRange } from './cursor.js';

/** Largest JSON size, in bytes, of a {@link DatasetRef}: what may enter a workflow's history. */
export const MAX_REFERENCE_BYTES = 2048;

/**
 * What a workflow knows of a dataset: a small, immutable reference. Rows never travel with it.
 *
 * The reference names a manifest in staging; everything else about the data (columns, parts, fingerprints) is there.
 */
export interface DatasetRef {
  readonly name: string;
  /** The manifest's place, relative to the staging root, with `/` between segments. */
  readonly uri: string;
  /** `null` where counting would mean reading the whole source, as for a CSV file that was only referred to. */
  readonly rows: number | null;
  readonly bytes: number;
  /** sha256 (hex) of what the dataset holds: known after the work. */
  readonly content: string;
  /** sha256 (hex, first 16 characters) of the column names and types. */
  readonly schema: string;
  /** The contract whose verdict these rows have passed, or whose columns a transform promised. */
  readonly contract?: string;
  /** Content hashes (first 16 characters) of the datasets it was made from. */
  readonly parents: readonly string[];
  /** There is no such dataset: it would be made by, or of, this step, which somebody skipped. Steps that are given it are skipped too. */
  readonly skipped?: string;
  /** The slice of its source that these rows are, when it was read by a cursor; a load with it moves the watermark. */
  readonly range?: CursorRange;
}

/** One column of a dataset, in DuckDB's type names. */
export interface Column {
  readonly name: string;
  /** A DuckDB type as `DESCRIBE` prints it: `BIGINT`, `DECIMAL(15,2)`, `TIMESTAMP WITH TIME ZONE`, `VARCHAR[]`. */
  readonly type: string;
  readonly nullable: boolean;
  /**
   * The type at the source where `type` cannot express it, in the source's words (`numeric`, `jsonb`, `inet`): the value
   * is then held as text, and a destination of the same kind restores it.
   */
  readonly sourceType?: string;
}
