import type { z } from 'zod';
import type { CheckSet } from '../src/config/check-set.js';
import type { Contract, RowOf } from '../src/config/contract.js';
import type { Project } from '../src/config/project.js';
import type { Transform } from '../src/config/transform.js';
import type { Approval } from '../src/core/approvals.js';
import type { CheckSummary } from '../src/core/checks.js';
import type { CursorRange, Watermark } from '../src/core/cursor.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { Condition, Filter } from '../src/core/filter.js';
import type { LoadResult, SchemaPolicy } from '../src/core/load.js';
import type { LogFacts } from '../src/core/run-log.js';
import type { TableInput } from '../src/core/table.js';
import type { StepOptions } from './offered-options.js';
import type { ApproveOptions } from './approve-options.js';

declare const rowType: unique symbol;

/** A reference to a dataset whose rows are of type `Row`. The type exists for the compiler only. */
export interface Dataset<Row = unknown> extends DatasetRef {
  readonly [rowType]?: (row: Row) => Row;
}

/** A table in a connection, whose rows are of type `Row` where a step of this run has put them there. */
export interface Table<Row = unknown> extends TableInput {
  readonly [rowType]?: (row: Row) => Row;
}

/** What a load or a transform in a connection did, and the table that it did it to: an input of others. */
export interface Loaded<Row = unknown> extends LoadResult, Table<Row> {
  readonly loadId: string;
}

/** A dataset, or the promise of one: a step waits for its inputs by itself. */
export type Given<D> = D | Promise<D>;

/** The names in a part of a config. By `Extract` the compiler's messages list them; of `keyof T & string` they would show the whole. */
export type NameOf<T> = Extract<keyof T, string>;
type InputsOf<T> = T extends Transform<infer I> ? { readonly [K in keyof I]: Given<Dataset<RowOf<I[K]>>> } : never;
// A table of unknown rows is held against the contract when the transform runs, by its columns.
type TablesOf<T> = T extends Transform<infer I> ? { readonly [K in keyof I]: Given<Table<RowOf<I[K]>> | Table> } : never;
/** The transforms that are SQL. */
type SqlNameOf<T> = { readonly [K in NameOf<T>]: T[K] extends { readonly kind: 'rows' } ? never : K }[NameOf<T>];
type OutputOf<T> = T extends { readonly output: infer O extends Contract } ? RowOf<O> : never;

type ChecksOf<P extends Project> = NonNullable<P['checks']>;
type CheckedInputsOf<T> = T extends CheckSet<infer I> ? { readonly [K in keyof I]: Given<Dataset<RowOf<I[K]>>> } : never;

/** What checks found that did not fail the step. */
export interface Checked {
  /** How many passed. */
  readonly passed: number;
  /** Those of severity `warn` that did not: as many as a history can hold. */
  readonly warnings: readonly CheckSummary[];
  /** Nothing was checked: somebody skipped this step, the check itself or one that its inputs are made of. */
  readonly skipped?: string;
}

/** The parameters a pipeline's function gets: checked, with defaults filled in. */
export type ParamsOf<P extends Project, N extends NameOf<P['pipelines']>> = z.output<P['pipelines'][N]['params']>;

/** The parameters with which a pipeline is started. */
export type ParamsInput<P extends Project, N extends keyof P['pipelines']> = z.input<P['pipelines'][N]['params']>;

/** Of which target, and which of its watermarks. */
export interface WatermarkOf<P extends Project> extends StepOptions<P> {
  readonly to: NameOf<P['connections']>;
  /** Databases: `table` or `schema.table`. */
  readonly table?: string;
  /** Files: a path below the connection's root. */
  readonly path?: string;
  /** Tells several watermarks of one target apart, as one for each region that is loaded by itself. @default '' */
  readonly name?: string;
}

/** What to read, and from where. Which options apply depends on the connection. */
export interface ExtractFrom<P extends Project> extends StepOptions<P> {
  readonly from: NameOf<P['connections']>;
  /** Files: a path or glob below the connection's root. */
  readonly path?: string;
  /** Files: the format, where the name does not tell. */
  readonly format?: 'csv' | 'json' | 'parquet';
  /** Files: stage a copy, so that a later change of the file does not matter. @default false */
  readonly copy?: boolean;
  /** Databases: `table` or `schema.table`. */
  readonly table?: string;
  /** Databases: a SELECT in the database's own SQL. */
  readonly query?: string;
  readonly columns?: readonly string[];
  readonly where?: Filter;
  /**
   * Databases: a column that grows with every change, such as `updated_at`. Read are the rows from `after`, less the `lag`, up
   * to the column's largest value at that moment, and the rows without a value. The dataset's `range` says which that were.
   */
  readonly cursor?: string;
  /** With `cursor`: what `run.watermark` gave, or a value of the column. @default everything */
  readonly after?: Watermark | string | number | null;
  /**
   * With `cursor`: how far before `after` to begin, for rows that come late: an interval as Postgres writes it (`'1 hour'`) for
   * dates and times, a number for numbers. @default nothing
   */
  readonly lag?: string | number;
}

export interface ValidateOptions<P extends Project = Project> extends StepOptions<P> {
  /** Below 1 a share of the rows, from 1 on a number of rows; 0 allows none. More rejected rows fail the step. @default any number */
  readonly maxRejected?: number;
}

/** A column of a dataset: one of its contract, or any of one that was not judged. */
type ColumnOf<Row> = unknown extends Row ? string : keyof Row & string;

interface LoadTarget<P extends Project, Row> extends StepOptions<P> {
  readonly to: NameOf<P['connections']>;
  /** Databases: `table` or `schema.table`. */
  readonly table?: string;
  /** Files: a path below the connection's root. */
  readonly path?: string;
  /** Columns that identify a row. @default the contract's key */
  readonly key?: readonly ColumnOf<Row>[];
  /**
   * The `range` of the dataset that was read by a cursor: the load moves the target's watermark to its end, in its own
   * transaction, and is refused (WATERMARK_MOVED) when the target is no longer where the range begins. An append leaves out
   * the rows that were loaded before.
   */
  readonly watermark?: CursorRange | undefined;
  /**
   * What happens when the columns of dataset and target differ. `'freeze'`: the load fails and tells the difference;
   * `'evolve'`: columns are added and types widened; `'discard'`: columns that the target has not are left out, and counted.
   * @default 'freeze'
   */
  readonly schema?: SchemaPolicy;
  /**
   * Check sets that look at the load within its transaction, before anybody else can see it: at the rows it brings, and, as
   * an input named `target`, at the target as it will be. A broken check of severity `error` undoes the load (AUDIT_FAILED).
   * @default none
   */
  readonly audit?: readonly (NameOf<ChecksOf<P>> | Audit<P>)[];
}

/** A check set of an audit that sees other tables of the connection besides. */
export interface Audit<P extends Project> {
  readonly checks: NameOf<ChecksOf<P>>;
  /** Which tables the set's other inputs are. */
  readonly inputs: Readonly<Record<string, Table<never> | Table>>;
}

interface Flagged<Row> {
  /** A boolean column: rows in which it is true delete their key (merge) or end its version (scd2). It is not loaded. */
  readonly deleteFlag?: ColumnOf<Row>;
}

/** How rows are written, with the options that each mode has. */
type LoadHow<Row> =
  | { readonly mode: 'append'; readonly partition?: never; readonly deleteFlag?: never; readonly validFrom?: never }
  | ({ readonly mode: 'merge'; readonly partition?: never; readonly validFrom?: never } & Flagged<Row>)
  | {
      readonly mode: 'replace';
      /** Replace only the rows with these values; every row loaded must have them. @default the whole table */
      readonly partition?: { readonly [C in ColumnOf<Row>]?: string | number | boolean };
      readonly deleteFlag?: never;
      readonly validFrom?: never;
    }
  | ({
      readonly mode: 'scd2';
      readonly partition?: never;
      /** The date or time column that says from when a row holds. @default the moment of the load */
      readonly validFrom?: ColumnOf<Row>;
    } & Flagged<Row>);

export type LoadInto<P extends Project, Row> = LoadTarget<P, Row> & LoadHow<Row>;

/** Where a transform runs, and the table there that takes its rows. */
export type TransformOn<P extends Project, Row> = StepOptions<P> & {
  /** The connection, which has all the inputs. */
  readonly on: NameOf<P['connections']>;
  /** `table` or `schema.table`. */
  readonly table: string;
  /** Columns that identify a row. @default the output contract's key */
  readonly key?: readonly (keyof Row & string)[];
} & (
    | { readonly mode: 'append' | 'merge'; readonly partition?: never }
    | {
        readonly mode: 'replace';
        /** Replace only the rows with these values; every row of the result must have them. @default the whole table */
        readonly partition?: { readonly [C in ColumnOf<Row>]?: string | number | boolean };
      }
  );

/** Lines for people who ask what a run did: `millrace logs` shows them, and so does the worker's own output. */
export interface RunLog {
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

/** What a pipeline's function works with. Every method that returns a promise is a step. */
export interface Run<P extends Project> {
  /** The run's id: its workflow id. */
  readonly id: string;
  /** The partition this run is for, if the pipeline has any. */
  readonly partition: string | undefined;
  /**
   * How far a source has been loaded into a target: what the loads with a `watermark` have reached, as the target's own ledger
   * tells. To be given to `extract` as `after`.
   */
  watermark(options: WatermarkOf<P>): Promise<Watermark>;
  /** Reads a dataset, named `dataset`, from a connection. */
  extract(dataset: string, options: ExtractFrom<P>): Promise<Dataset>;
  /** Judges every row by a contract: the result has the rows it accepts; the others go to quarantine with their reasons. */
  validate<C extends NameOf<P['contracts']>, Row>(
    input: Given<Dataset<Row>>,
    contract: C,
    options?: ValidateOptions<P>,
  ): Promise<Dataset<RowOf<P['contracts'][C]>>>;
  /** Makes a dataset from others. */
  transform<T extends NameOf<P['transforms']>>(
    transform: T,
    inputs: InputsOf<P['transforms'][T]>,
    options?: StepOptions<P>,
  ): Promise<Dataset<OutputOf<P['transforms'][T]>>>;
  /** Makes a table from others of one connection, within it: no row leaves the database. A load like any other: once, in one transaction. */
  transform<T extends SqlNameOf<P['transforms']>>(
    transform: T,
    inputs: TablesOf<P['transforms'][T]>,
    options: TransformOn<P, OutputOf<P['transforms'][T]>>,
  ): Promise<Loaded<OutputOf<P['transforms'][T]>>>;
  /**
   * Judges datasets by a check set of the config. What it finds is kept in the catalog. A broken check of severity `error` fails
   * the step (CHECK_FAILED), a broken `warn` is told.
   */
  check<C extends NameOf<ChecksOf<P>>>(
    checks: C,
    inputs: CheckedInputsOf<ChecksOf<P>[C]>,
    options?: StepOptions<P>,
  ): Promise<Checked>;
  /** Names a table, as the input of a transform that runs where it is. Reads nothing and is no step. */
  table(connection: NameOf<P['connections']>, table: string): Table;
  /**
   * Writes a dataset into a connection, once. Given what `validate` returned without an `await`, it begins to load rows while
   * others are still judged, where that is faster; it commits once all are judged and `maxRejected` holds.
   */
  load<Row>(input: Given<Dataset<Row>>, options: LoadInto<P, Row>): Promise<Loaded<Row>>;
  /**
   * Asks people, and waits until enough of them have approved: for weeks, if it must, and nothing is held meanwhile. One who
   * rejects ends it (APPROVAL_REJECTED).
   */
  approve(options: ApproveOptions): Promise<Approval>;
  /**
   * Notes what the pipeline's own code does or decides. Costs no history. At most 1,000 lines of 2,000 characters are kept of a
   * run. Never log rows or secrets.
   */
  readonly log: RunLog;
  /** The condition that a date or time lies in a month (`2001-01`) or a day (`2001-01-31`). */
  within(partition: string): Condition;
}

/** The reserved second argument of every pipeline: how this run relates to an earlier one. */
export interface RunControl {
  /** A closed run whose finished steps are taken over. */
  readonly retryOf?: { readonly workflowId: string; readonly runId?: string };
  /** The step to begin again from; it and everything made from it is done anew. @default the steps that had not finished */
  readonly from?: string;
  /**
   * A step of that run that did not finish and counts as done: with a dataset that is staged, named by its URI, why, and who says
   * so.
   */
  readonly mark?: { readonly step: string; readonly dataset: string; readonly reason: string; readonly by: string };
  /** A load of that run whose audit failed, to be published in spite of it: the load's step, why, and who says so. */
  readonly overrideAudit?: { readonly step: string; readonly reason: string; readonly by: string };
}

/** A pipeline: the workflow function that Temporal starts under the pipeline's name. */
export interface Pipeline<Params = unknown, Result = unknown> {
  (params?: Params, control?: RunControl): Promise<Result>;
  /** The name given to `pipeline()`; must be the export's and the config's. */
  readonly pipelineName: string;
}

/** `pipeline()` of one project: what `pipelines()` gives. */
export interface DefinePipeline<P extends Project> {
  /**
   * Makes a pipeline: a Temporal workflow that is started by `name`. Export it under the same name.
   *
   * @param body deterministic code: it sees names and references, and leaves the data to the run's steps
   */
  <N extends NameOf<P['pipelines']>, R>(
    name: N,
    body: (run: Run<P>, params: ParamsOf<P, N>) => Promise<R>,
  ): Pipeline<ParamsInput<P, N>, R>;
}
