import type { CursorRange, Watermark } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import type { Filter } from '../core/filter.js';
import type { LoadIdentity, LoadMode, LoadResult } from '../core/load.js';
import type { Part } from '../core/manifest.js';
import type { AddedRows, AdditionsRequest } from '../core/quarantine.js';
import type { Statement } from '../core/statement.js';
import type { TableRules, TableVersion } from '../core/table.js';
import type { CallContext, ExtensionName } from './call.js';
import type { SourceDescription, TargetDescription } from './descriptions.js';
import type { Resumption } from './left-work.js';
import type { GrowingLoad, LedgerLoad, LoadRequest } from './load-request.js';
import type { ArrivingFile, RecentLoads, RecentLoadsRequest } from './watching.js';

export type { GrowingLoad, LedgerLoad, LoadRequest } from './load-request.js';

export type { AuditAnswers, AuditInput, AuditQuestions, LoadAudit } from './audit.js';
export type { CallContext, Checkpoint, CheckpointName, ExtensionName, Session, SideSession } from './call.js';
export type { SourceDescription, TargetDescription } from './descriptions.js';
export type { ArrivingFile, RecentLoads, RecentLoadsRequest } from './watching.js';

/** One configured system. Opened in an activity, from a resolved descriptor; closed when the activity ends. */
export interface Connector {
  readonly kind: string;
  /** Strings that must never appear in a message: passwords, keys, URLs that hold them. */
  readonly secrets: readonly string[];
  readonly source?: Source;
  readonly destination?: Destination;
  /** DuckDB's extensions that its steps load; workers load them before they poll. @default none */
  readonly extensions?: readonly ExtensionName[];
  /** Proves that the system can be reached and the credentials hold; gives one line about what answered. */
  check(context: CallContext): Promise<string>;
  /** A text that two connections to the very same database share, and no others. Absent where nobody needs to know. */
  identity?(): Promise<string>;
  close(): Promise<void>;
}

/** Where rows come from. */
export interface Source {
  /**
   * A short text that changes whenever the data that `request` would read changes, or `null` where the system cannot tell
   * (then every run reads anew, and only retries of the same run reuse what was read).
   */
  fingerprint(request: ExtractRequest, context: CallContext): Promise<string | null>;
  /**
   * Reads the rows. Either refers to files in place, or writes Parquet files into `request.directory` (empty, this
   * attempt's own) and names them relative to it. Being called again after any interruption must be harmless.
   * Reading is one consistent view: never half of a change.
   */
  extract(request: ExtractRequest, context: CallContext): Promise<Extracted>;
  /**
   * What `extract` would read, told by metadata alone: no row is read beyond the beginning of a file, and nothing is written.
   * @throws what `extract` would throw at once: a file or column that is missing, options that mean nothing. Absent where nothing tells
   */
  describe?(request: Pick<ExtractRequest, 'dataset' | 'options'>, context: CallContext): Promise<SourceDescription>;
  /** Every table that people keep data in, in order of their names. Absent where a system has no tables to list. */
  tables?(context: CallContext): Promise<readonly SourceTable[]>;
  /** What a table declares; absent where a system has no tables. */
  tableRules?(table: string, sample: number): Promise<TableRules>;
  /** The files that a path or pattern names now, none where there are none. Absent where a system has no files. */
  arriving?(path: string, context: CallContext): Promise<readonly ArrivingFile[]>;
  /**
   * What a SELECT in the system's own SQL says: the first column of its first row as text, `null` for no row, null, false, zero
   * and an empty text. Absent where a system answers no SQL.
   */
  answer?(query: string, context: CallContext): Promise<string | null>;
  /** How later steps read parts that are in place elsewhere than on this machine's disks; such parts name the connection. */
  readonly remote?: RemoteParts;
}

/** Files in an object store, as steps read them that know nothing of the store. */
export interface RemoteParts {
  /**
   * Proves that a file is still the one that was referred to.
   * @throws TerminalError FILE_CHANGED, FILE_MISSING; of staging STAGING_MISSING
   */
  verify(part: Part, signal: AbortSignal): Promise<void>;
  /**
   * Where the session reads a file, a part's or one beside it, also once it is locked: the URL, which the session is then
   * able to read; or a copy in its scratch folder, of the version that was referred to.
   * @throws as `verify` does
   */
  place(
    part: Pick<Part, 'path' | 'format' | 'bytes' | 'fingerprint'>,
    context: Pick<CallContext, 'session' | 'signal'>,
  ): Promise<string>;
}

/** A table as its system describes it. */
export interface SourceTable {
  /** As `ExtractOptions.table` takes it: `public.orders`. */
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /** The columns of the primary key, or else of the first unique key without nulls; none where there is neither. */
  readonly key: readonly string[];
  readonly columns: readonly { readonly name: string; /** Computed from others. */ readonly generated: boolean }[];
  /** Estimated; `null` where the system does not know. */
  readonly rows: number | null;
  /** What it takes on disk, estimated. */
  readonly bytes: number;
}

export interface ExtractRequest {
  readonly dataset: string;
  readonly options: ExtractOptions;
  /** The folder for files that this attempt writes. */
  readonly directory: string;
  /** Where an attempt that is cut off leaves what it has finished. @default nothing is left: every attempt begins anew */
  readonly resumption?: Resumption;
}

/** Says what to read; a connector refuses, with OPTION_INVALID, the options that mean nothing to it. */
export interface ExtractOptions {
  /** Files: a path or glob below the connection's root. */
  readonly path?: string;
  /** Files: the format, where the name does not tell. */
  readonly format?: 'csv' | 'json' | 'parquet';
  /** Files: stage a copy instead of referring to the file in place. JSON is staged anyhow. */
  readonly copy?: boolean;
  /** Databases: a table, `schema.table` or `table`. */
  readonly table?: string;
  /** Databases: a SELECT in the database's own SQL. */
  readonly query?: string;
  /** Only these columns, in this order. */
  readonly columns?: readonly string[];
  readonly where?: Filter;
  /** Databases: the column by which only what is new is read; see {@link Extracted.range}. */
  readonly cursor?: string;
  /** With `cursor`: where reading begins, less the `lag`; `null` and absent read everything. */
  readonly after?: Watermark | string | number | null;
  /** With `after`: how far before it reading begins: an interval (`'1 hour'`) for times, a number for numbers. */
  readonly lag?: string | number;
}

export interface Extracted {
  readonly parts: readonly Part[];
  readonly columns: readonly Column[];
  /** Rows that the dataset holds after the filter; `null` where counting would mean reading everything. */
  readonly rows: number | null;
  /** True when the parts are files in place, to which readers still must apply `where`. */
  readonly filterPending: boolean;
  /** With a cursor: the range that was read, its end fixed in the snapshot that the rows were read from. */
  readonly range?: CursorRange;
}

/** What a destination can do. Code that differs between destinations branches on these, never on names. */
export interface DestinationCapabilities {
  readonly modes: readonly LoadMode[];
  /** Whether `replace` can be limited to one partition. */
  readonly partitions: boolean;
  /** Whether a column of the dataset can say that its row is to be deleted. */
  readonly deletes: boolean;
  /** Whether a load can be looked at before it is published, by SQL of the destination's own. */
  readonly audits: boolean;
}

/**
 * Where rows go.
 *
 * Idempotency, which the conformance suite proves by interruption:
 * - a load is one atomic change: at every moment a reader sees all of it or nothing;
 * - the same `loadId` with the same `content` again is already done and changes nothing;
 * - the same `loadId` with other content: merge, replace and scd2 apply again, append first undoes the earlier load;
 * - a new `loadId` for an append of the same pipeline, step and run partition replaces that partition's earlier load;
 * - two attempts at once end in one load: the second waits, then finds it done;
 * - the number of rows written is checked against `rows` before the commit;
 * - rejected rows are added to their load once; what takes its place takes them away too;
 * - a load with a watermark moves it in the same change, and only if the target still is where the range begins
 *   ({@link moveWatermark}); two of them into one target and watermark follow each other.
 */
export interface Destination {
  readonly capabilities: DestinationCapabilities;
  load(request: LoadRequest, context: CallContext): Promise<LoadResult>;
  /**
   * What `load` would do with rows of these columns, told by metadata alone; nothing is written, locked or made.
   *
   * @param request its `select` gives no rows
   * @throws what `load` would throw at once: columns that differ more than the load's `schema` allows, a target that is no table. Absent where nothing tells
   */
  describe?(request: LoadRequest, context: CallContext): Promise<TargetDescription>;
  /** The target, as {@link LoadRequest.target} has it, that is a database table's namesake here. Absent where none can be. */
  targetFor?(table: { readonly schema: string; readonly table: string }): string;
  /** Makes those schemas that are missing. Absent where targets need none. */
  provideSchemas?(schemas: readonly string[]): Promise<void>;
  /**
   * How far sources have been loaded into a target, as its ledger tells; a target that is not there has got nowhere. Absent
   * where loads cannot carry a watermark.
   */
  watermark?(request: WatermarkRequest, context: CallContext): Promise<Watermark>;
  /** Which rejected rows were added to an earlier load since, as the ledger tells. Absent where none can be. */
  additions?(request: AdditionsRequest, context: CallContext): Promise<readonly AddedRows[]>;
  /** Every load that the ledger knows, oldest first where it can tell; none when there is no ledger yet. */
  ledger?(): AsyncIterable<LedgerLoad>;
  /** A target as the ledger names it, without the connection. Absent where that is the target's own name. */
  ledgerName?(target: string): string;
  /** The loads since an earlier look, however long each took to commit; none is left out, some are told again. Absent as `ledger` is. */
  recentLoads?(request: RecentLoadsRequest): Promise<RecentLoads>;
  /**
   * Loads a dataset that is still being made: takes its rows batch by batch, and commits only after `whole` has resolved,
   * which says that they are the dataset; when it rejects, nothing is left of them. Gives `undefined`, with nothing done,
   * where this load has to have everything at once. Absent where the destination gains nothing by it.
   */
  loadGrowing?(request: GrowingLoad, context: CallContext): Promise<LoadResult | undefined>;
  /**
   * Runs a SELECT over tables of its own and puts the rows into another of its tables, without a row leaving it: a load like
   * every other, with the same promises. Nothing is written before the columns of the result are settled. Absent where the
   * system computes nothing.
   */
  transform?(request: TransformRequest, context: CallContext): Promise<TransformResult>;
  /** The columns that such a SELECT would give over inputs with these columns and no rows. Nothing is left of it. */
  describeTransform?(request: DescribeRequest, context: CallContext): Promise<readonly Column[]>;
}

/** A transform that a destination runs by itself. */
export interface TransformRequest extends Pick<LoadRequest, 'mode' | 'target' | 'connection' | 'key' | 'partition'> {
  /** The transform's name, for messages. */
  readonly name: string;
  readonly identity: Omit<LoadIdentity, 'content'>;
  /** In the system's own SQL. It names its inputs as `inputs` does. */
  readonly statement: Statement;
  /** The names of the run's parameters, for the message about one that is not among them. */
  readonly parameters: readonly string[];
  readonly inputs: Readonly<Record<string, TransformTable>>;
  /** Stands for whatever else decides what the transform makes. With the state of the inputs it becomes the load's content. */
  readonly facts: string;
  /** Decides the types in which the columns are kept, or throws TRANSFORM_OUTPUT. */
  readonly settle: (columns: readonly Column[]) => readonly Column[];
}

export interface TransformTable {
  readonly table: string;
  /** The columns that the SELECT sees of those that the table has, or throws TRANSFORM_INPUTS; one that it has not is without values. */
  readonly settle: (columns: readonly Column[]) => readonly Column[];
}

export interface DescribeRequest extends Pick<TransformRequest, 'name' | 'connection' | 'statement' | 'parameters'> {
  readonly inputs: Readonly<Record<string, readonly Column[]>>;
}

export interface TransformResult {
  readonly load: LoadResult;
  /** As in {@link LoadIdentity}: says what was made from what. */
  readonly content: string;
  /** The inputs as the transform found them. */
  readonly inputs: Readonly<Record<string, TableVersion>>;
}

/** Asks for a watermark. */
export interface WatermarkRequest {
  /** As in {@link LoadRequest}. */
  readonly target: string;
  readonly connection: string;
  /** Empty for the usual one. */
  readonly name: string;
  /** Who asks: a load planned with the answer is known by it. */
  readonly step: string;
}

/**
 * Opens a connector from its options, as the config names them, with references to the environment already resolved.
 * Connects nothing yet: what is wrong with the system shows in `check` or in the first use.
 *
 * @param name the connection's name, for messages
 * @throws TerminalError CONFIG_INVALID when the options do not fit
 */
export type OpenConnector = (name: string, options: Readonly<Record<string, unknown>>) => Connector;
