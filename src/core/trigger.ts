import type { Partitioning } from './partitions.js';

/** The workflow that stands for a pipeline's triggers: the name is one that no pipeline can take. */
export const TRIGGER_WORKFLOW = 'millrace.trigger';
/** The workflow that looks into ledgers for loads that nobody has told of. */
export const RELAY_WORKFLOW = 'millrace.relay';
/** How often the relay looks. */
export const RELAY_EVERY_MS = 30_000;

/** The workflow id of a pipeline's triggers. */
export function triggerId(taskQueue: string, pipeline: string): string {
  return `${TRIGGER_WORKFLOW}/${taskQueue}/${pipeline}`;
}

/** The workflow id of a project's relay. */
export function relayId(taskQueue: string): string {
  return `${RELAY_WORKFLOW}/${taskQueue}`;
}

/** What may start a pipeline. */
export type TriggerKind = 'after' | 'files' | 'sql' | 'webhook';

/** Files that are looked for. */
export interface FileWatch {
  readonly connection: string;
  /** A path or pattern below the connection's root. */
  readonly path: string;
  readonly everyMs: number;
  /** The parameter that gets the paths of the new files; null for none. */
  readonly parameter: string | null;
}

/** A question that a database is asked. */
export interface SqlWatch {
  readonly connection: string;
  readonly query: string;
  readonly everyMs: number;
  /** The parameter that gets the answer; null for none. */
  readonly parameter: string | null;
}

/** A pipeline's triggers with every default filled in: as a config wants them, or as their workflow has them. */
export interface TriggerSettings {
  readonly partition: Pick<Partitioning, 'kind' | 'parameter'> | null;
  /** Datasets, as `connection.target`; none for pipelines that wait for no dataset. */
  readonly after: readonly string[];
  readonly files: FileWatch | null;
  readonly sql: SqlWatch | null;
  readonly webhook: boolean;
  /** Of each run, besides its partition and what the trigger itself gives. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** A new version of a dataset: one load that was committed. */
export interface DatasetEvent {
  /** As `after` names it. */
  readonly dataset: string;
  /** The partition that was loaded; null for a load without one. */
  readonly partition: string | null;
  /** A hash of the load's id and of what it loaded: the same however often, and by whomever, it is told. */
  readonly load: string;
}

/** A call of the webhook whose signature was right, and whose parameters the pipeline takes. */
export interface WebhookDelivery {
  /** The sender's, the same when it is sent again. */
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A file as it was found. */
export interface ArrivedFile {
  readonly path: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/** What became of one look at whether a pipeline is to be started. */
export const TRIGGER_OUTCOMES = ['started', 'waiting', 'duplicate', 'refused', 'failed'] as const;

export type TriggerOutcome = (typeof TRIGGER_OUTCOMES)[number];

/** One look at whether a pipeline is to be started, and what came of it. */
export interface TriggerEvaluation {
  /** The id of the trigger's workflow. */
  readonly trigger: string;
  /** Sorts by time within the trigger. */
  readonly id: string;
  readonly pipeline: string;
  readonly kind: TriggerKind;
  readonly partition: string | null;
  /** ISO. */
  readonly at: string;
  readonly outcome: TriggerOutcome;
  readonly code: string | null;
  /** Why no run was started, or which one was. */
  readonly reason: string | null;
  /** What it was decided by: datasets with their loads, files, an answer, a delivery. */
  readonly inputs: readonly string[];
  readonly workflowId: string | null;
  readonly runId: string | null;
}

/** A start that a trigger has decided on. */
export interface TriggeredStart {
  /** Names it within the trigger, so that it happens once however often it is tried. */
  readonly key: string;
  readonly kind: TriggerKind;
  readonly partition: string | null;
  /** What the trigger gives besides the settings' own. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  /** Files that count as seen once it has happened. */
  readonly files?: readonly ArrivedFile[];
  /** The run before, which this one does not overlap. */
  readonly after?: string;
}

/** What trying a start came to; `blockedBy` names the run that has to end before. */
export interface StartAttempt {
  readonly key: string;
  readonly workflowId: string | null;
  readonly blockedBy: string | null;
}

/** What the activity that starts and records is given. */
export interface ActOnTrigger {
  readonly trigger: string;
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly starts: readonly (TriggeredStart & { readonly evaluation: string })[];
  /** What is to be written down besides. */
  readonly evaluations: readonly TriggerEvaluation[];
}

/** What a look at files or a database has found. */
export type PollAnswer =
  | { readonly ok: true; readonly files: readonly ArrivedFile[]; readonly more: boolean }
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Who asks a trigger for something, and why. */
export interface TriggerRequest {
  readonly by: string;
  readonly reason?: string;
}

/** What the workflow of a pipeline's triggers is given. */
export interface TriggerInput {
  readonly pipeline: string;
  readonly settings: TriggerSettings;
  /** Only from the execution before, which has continued as new. */
  readonly carried?: TriggerCarried;
  /** Starts and records so often before it continues as new. @default when Temporal suggests it */
  readonly turnAfter?: number;
}

/** What the workflow of a pipeline's triggers takes along when it continues as new. */
export interface TriggerCarried {
  readonly versions: VersionsState;
  /** Starts that are decided on and have not happened. */
  readonly starts: readonly (readonly [lane: string, start: TriggeredStart])[];
  /** The latest run of each kind, which the next one does not overlap. */
  readonly runs: Readonly<Partial<Record<TriggerKind, string>>>;
  /** The latest deliveries of the webhook, by their ids. */
  readonly deliveries: readonly string[];
  /** What the database answered last. */
  readonly value: string | null;
  readonly paused: TriggerRequest | null;
  readonly number: number;
  readonly evaluations: readonly TriggerEvaluation[];
}

/** What the catalog still knows of a trigger whose workflow was ended from outside. */
export interface RecalledTrigger {
  /** Loads that partitions wait with for others. */
  readonly waiting: readonly DatasetEvent[];
  /** Loads that runs were started for. */
  readonly done: readonly DatasetEvent[];
  readonly paused: TriggerRequest | null;
}

/** What the relay's workflow is given. */
export interface RelayInput {
  readonly connections: readonly string[];
  /** ISO: loads from here on are told. */
  readonly since: string;
  readonly everyMs: number;
  /** Looks before it continues as new. @default when Temporal suggests it */
  readonly turnAfter?: number;
}

/** Which datasets have new versions, as it is carried from one execution to the next. */
export interface VersionsState {
  readonly sequence: number;
  /** Names that the others give by their places: there are thousands of those. */
  readonly datasets: readonly string[];
  /** Dataset, partition, loads heard of. */
  readonly heard: readonly (readonly [dataset: number, partition: string, loads: readonly string[]])[];
  /** Dataset, what its loads cover, number and name of the latest. */
  readonly versions: readonly (readonly [dataset: number, covers: string, number: number, load: string])[];
  readonly started: readonly (readonly [partition: string, number: number])[];
}

/** Where the catalog keeps how far the relay has got in a connection's ledger. */
export function relayMark(taskQueue: string, connection: string): string {
  return `relay/${taskQueue}/${connection}`;
}

/** Where the catalog keeps the files that a trigger has started runs for. */
export function filesMark(trigger: string): string {
  return `files/${trigger}`;
}

/** Where the catalog keeps when a trigger was last taken out of the config. */
export function removedMark(trigger: string): string {
  return `removed/${trigger}`;
}
