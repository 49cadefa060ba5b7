import type { CursorRange } from './cursor.js';
import type { Column } from './dataset.js';
import type { Filter } from './filter.js';

/**
 * What a dataset is, in full: written as `manifest.json` beside its staged files, and enough to rebuild the catalog from.
 * A manifest is written last, so a folder with one is whole.
 */
export interface Manifest {
  readonly version: 1;
  readonly name: string;
  /** sha256 (hex) of everything that determines the content, known before the work; also the folder's name. */
  readonly key: string;
  /** sha256 (hex) over the parts' fingerprints, the filter and the columns: known after the work. */
  readonly content: string;
  readonly createdAt: string;
  readonly rows: number | null;
  readonly bytes: number;
  readonly columns: readonly Column[];
  readonly schema: string;
  /** `definition`: the canonical text whose hash it is. */
  readonly contract?: { readonly name: string; readonly hash: string; readonly definition?: string };
  readonly parents: readonly ManifestParent[];
  /** False where the same inputs may give other bytes: parallel float sums, `random()`, a database that moves on. */
  readonly reproducible: boolean;
  readonly parts: readonly Part[];
  /** Rows of the parts that belong to the dataset; absent means all. */
  readonly filter?: Filter;
  /** The slice of the source that was read by a cursor; part of the content's identity. */
  readonly range?: CursorRange;
  readonly verdict?: Verdict;
  /** Name and version of what computed it, `duckdb 1.5.5`. */
  readonly engine: string;
  readonly madeBy?: MadeBy;
}

/** The attempt of a step that made a dataset. Other runs may use it since; only the catalog and Temporal know which. */
export interface MadeBy {
  readonly pipeline: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Of Temporal. */
  readonly namespace: string;
  readonly loadScope: string;
  readonly partition?: string;
  readonly step: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly workerIdentity: string;
  /** True when the step then refused the dataset (CONTRACT_BREACH): it is kept to be looked at, and no result of the step. */
  readonly refused?: boolean;
}

export interface ManifestParent {
  readonly name: string;
  readonly uri: string;
  readonly content: string;
}

/** One file of a dataset. */
export interface Part {
  /**
   * Absolute, or a URL `s3://…`, when the data is referred to in place; relative to the staging root when staged, so that a dataset can share
   * the parts of another. A step that writes names its own new files `./part-0.parquet`, relative to its attempt's folder;
   * staging rewrites them when it commits.
   */
  readonly path: string;
  readonly format: 'parquet' | 'csv';
  readonly csv?: CsvDialect;
  readonly rows: number | null;
  readonly bytes: number;
  /** The connection by which data in place is read, where it is not on a disk. */
  readonly connection?: string;
  /**
   * sha256 (hex) of a staged file; of one in place size and modification time (ns), in an object store size and ETag: a
   * reader refuses another one.
   */
  readonly fingerprint: string;
  /** Path (as `path`) of a Parquet file whose column `row` (BIGINT) lists the row numbers, from 0, to leave out. */
  readonly deletes?: string;
  /** Where the rows came from, for people: the source file as the connection names it. */
  readonly origin?: string;
  /**
   * Path (as `deletes`) of a Parquet file that says where each row really came from, where that is another place than the
   * part: columns `row` (from 0, within the part), `number`, `source`, `line` and `byte`, the last four as in {@link Rejected}.
   */
  readonly places?: string;
}

/** How to read a CSV file; found once, by the extract, and fixed from then on. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** Column names in file order. All are read as text. */
  readonly columns: readonly string[];
  /** Lines before the first data row (0 or 1). */
  readonly headerLines: number;
  readonly compression: 'none' | 'gzip';
  /** Set where lines of a large file are no records, so that it cannot be read from several places at once. */
  readonly readFromStart?: true;
}

/** What a contract said about the rows. */
export interface Verdict {
  readonly rowsRead: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows whose verdict SQL gave. */
  readonly judgedBySql: number;
  /** Rows SQL could not decide, sent to zod. */
  readonly undecided: number;
  /** Rows that went through zod, undecided ones included. */
  readonly judgedByZod: number;
  /** Path (as a part's) of the Parquet file of rejected rows, see {@link Rejected}; absent when there are none. */
  readonly rejects?: string;
  /** How many rows broke each rule, most first, at most 20. */
  readonly reasons: readonly ReasonCount[];
}

export interface ReasonCount {
  /** zod's issue code, `row_rule` for a rule in SQL, `malformed_line` for a line that is not CSV. */
  readonly code: string;
  /** The column, with zod's path joined by dots; empty for the whole row. */
  readonly path: string;
  readonly message: string;
  readonly rows: number;
}

/** The columns of a rejects file, in order; one line for each rejected row. */
export interface Rejected {
  /** The source file as the connection names it, or the dataset for data that has none. */
  readonly source: string;
  /** Line in the source file counted by record, header included (CSV), or row from 1 (Parquet, database). */
  readonly line: bigint;
  /** Byte at which a malformed line begins; null otherwise. */
  readonly byte: bigint | null;
  /** JSON: an array of {@link Reason}. */
  readonly reasons: string;
  /** The row as it came, as JSON: each value as DuckDB writes it as text; the text of the line when it was malformed. */
  readonly row: string;
  /** Its number in the quarantine of the step that first rejected it, from 1 in the order of the source. */
  readonly number: bigint;
}

export interface Reason {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** The offending value as text, cut to 200 characters; null where there was none. */
  readonly value: string | null;
}
