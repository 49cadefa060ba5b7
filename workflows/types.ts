import type { z } from 'zod';
import type { Contract, RowOf } from '../src/config/contract.js';
import type { Project } from '../src/config/project.js';
import type { Transform } from '../src/config/transform.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { Condition, Filter } from '../src/core/filter.js';
import type { LoadResult } from '../src/core/load.js';
import type { LogFacts } from '../src/core/run-log.js';
import type { StepPolicy } from '../src/core/steps.js';

declare const rowType: unique symbol;

/** A reference to a dataset whose rows are of type `Row`. The type exists for the compiler only. */
export interface Dataset<Row = unknown> extends DatasetRef {
  readonly [rowType]?: (row: Row) => Row;
}

/** A dataset, or the promise of one: a step waits for its inputs by itself. */
export type Given<D> = D | Promise<D>;

type NameOf<T> = keyof T & string;
type InputsOf<T> = T extends Transform<infer I> ? { readonly [K in keyof I]: Given<Dataset<RowOf<I[K]>>> } : never;
type OutputOf<T> = T extends { readonly output: infer O extends Contract } ? RowOf<O> : never;

/** The parameters a pipeline's function gets: checked, with defaults filled in. */
export type ParamsOf<P extends Project, N extends NameOf<P['pipelines']>> = z.output<P['pipelines'][N]['params']>;

/** The parameters with which a pipeline is started. */
export type ParamsInput<P extends Project, N extends NameOf<P['pipelines']>> = z.input<P['pipelines'][N]['params']>;

/** Options every step takes. */
export interface StepOptions extends StepPolicy {
  /** Another name for the step, where its own is taken. */
  readonly as?: string;
}

/** What to read, and from where. Which options apply depends on the connection. */
export interface ExtractFrom<P extends Project> extends StepOptions {
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
}

export interface ValidateOptions extends StepOptions {
  /** Below 1 a share of the rows, from 1 on a number of rows; 0 allows none. More rejected rows fail the step. @default any number */
  readonly maxRejected?: number;
}

/** A column of a dataset: one of its contract, or any of one that was not judged. */
type ColumnOf<Row> = unknown extends Row ? string : keyof Row & string;

interface LoadTarget<P extends Project, Row> extends StepOptions {
  readonly to: NameOf<P['connections']>;
  /** Databases: `table` or `schema.table`. */
  readonly table?: string;
  /** Files: a path below the connection's root. */
  readonly path?: string;
  /** Columns that identify a row. @default the contract's key */
  readonly key?: readonly ColumnOf<Row>[];
}

export type LoadInto<P extends Project, Row> = LoadTarget<P, Row> &
  (
    | { readonly mode: 'append' | 'merge'; readonly partition?: never }
    | {
        readonly mode: 'replace';
        /** Replace only the rows with these values; every row loaded must have them. @default the whole table */
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
  /** Reads a dataset, named `dataset`, from a connection. */
  extract(dataset: string, options: ExtractFrom<P>): Promise<Dataset>;
  /** Judges every row by a contract: the result has the rows it accepts; the others go to quarantine with their reasons. */
  validate<C extends NameOf<P['contracts']>>(
    input: Given<Dataset<never> | Dataset>,
    contract: C,
    options?: ValidateOptions,
  ): Promise<Dataset<RowOf<P['contracts'][C]>>>;
  /** Makes a dataset from others. */
  transform<T extends NameOf<P['transforms']>>(
    transform: T,
    inputs: InputsOf<P['transforms'][T]>,
    options?: StepOptions,
  ): Promise<Dataset<OutputOf<P['transforms'][T]>>>;
  /**
   * Writes a dataset into a connection, once. Given what `validate` returned without an `await`, it begins to load rows while
   * others are still judged, where that is faster; it commits once all are judged and `maxRejected` holds.
   */
  load<Row>(input: Given<Dataset<Row>>, options: LoadInto<P, Row>): Promise<LoadResult>;
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
