import type { Configurable } from './env.js';
import type { SqlExpression } from './sql.js';

/** Files whose arrival starts a pipeline. */
export interface FilesTrigger {
  /** The connection that holds them. */
  readonly connection: string;
  /** A path or pattern below the connection's root, as `inbox/*.csv`. */
  readonly path: string;
  /** How often it is looked. @default '1 minute' */
  readonly every?: string;
  /**
   * The parameter that gets the paths of the new files, as a list. A pipeline with partitions has one run for each partition
   * that the paths name. @default none
   */
  readonly parameter?: string;
}

/** A question to a database whose answer starts a pipeline. */
export interface SqlTrigger {
  /** The connection that is asked. */
  readonly connection: string;
  /**
   * A SELECT in the database's own SQL; the first column of its first row counts. False, null, zero, an empty text and no row
   * say no; everything else starts a run, once for each value. Of a pipeline with partitions the answer names the partition.
   */
  readonly query: SqlExpression;
  /** How often it is asked. @default '1 minute' */
  readonly every?: string;
  /** The parameter that gets the answer, as text. @default none */
  readonly parameter?: string;
}

/** Signed calls that start a pipeline: `POST /v1/hooks/<pipeline>` of the client service. */
export interface WebhookTrigger {
  /** What the sender signs with, as `env('ORDERS_HOOK_SECRET')`: at least 24 bytes, or `whsec_` and their base64. */
  readonly secret: Configurable;
}

/** What starts a pipeline by itself, besides a schedule; each of them by itself is enough. `millrace apply` makes it so. */
export interface TriggersConfig {
  /**
   * Datasets, as `connection.target`: when all of them have a new version for a partition since the pipeline was last started
   * for it. `*` in a target stands for any part of a name.
   * @default none
   */
  readonly after?: readonly `${string}.${string}`[];
  /** Files that arrive. @default none */
  readonly files?: FilesTrigger;
  /** A condition in a database. @default none */
  readonly sql?: SqlTrigger;
  /** Signed calls. @default none */
  readonly webhook?: WebhookTrigger;
  /** The parameters of each run, besides its partition and what the trigger gives. @default none */
  readonly params?: Readonly<Record<string, unknown>>;
}
