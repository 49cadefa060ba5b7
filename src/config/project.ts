import type { z } from 'zod';
import type { Partitioning } from '../core/partitions.js';
import type { AlertsConfig, PipelineAlerts, SloConfig } from './alerts.js';
import type { Fairness, Priority } from '../core/step-policy.js';
import type { CheckSet } from './check-set.js';
import type { ArchiveConfig, RetentionConfig } from './retention.js';
import type { Configurable } from './env.js';
import type { Contract } from './contract.js';
import type { PoolConfig } from './pools.js';
import type { S3Options } from './s3.js';
import type { ScheduleConfig } from './schedule.js';
import type { Transform } from './transform.js';
import type { TriggersConfig } from './trigger.js';

/** A connection as written: which connector, and its options. Made by `files()`, `postgres()` … */
export interface ConnectionConfig {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Which options are folders: relative ones count from the config's folder. */
  readonly folders?: readonly string[];
}

/** What the operator decides about one pipeline. */
export interface PipelineConfig<S extends z.ZodObject = z.ZodObject> {
  /** The run's parameters. Unknown ones are refused. */
  readonly params: S;
  /** How its work is cut into partitions: `monthly()` or `daily()`. */
  readonly partition?: Partitioning;
  /** Who answers for it: a mail address or a team. */
  readonly owner?: string;
  /** Words by which people and tokens find it. @default none */
  readonly tags?: readonly string[];
  /**
   * What a start does while a run of its id is running: `'reuse'` gives that run, `'reject'` refuses, `'replace'` stops that
   * run and starts another.
   * @default 'reject'
   */
  readonly onConflict?: 'reuse' | 'reject' | 'replace';
  /** When it runs by itself. @default never */
  readonly schedule?: ScheduleConfig;
  /** What it promises: a breach is told while it lasts. @default nothing */
  readonly slo?: SloConfig;
  /** When it is an alert that rows were rejected, where that is otherwise than `alerts` has it. */
  readonly alerts?: PipelineAlerts;
  /**
   * Which of the runs, and of their steps, that wait for a worker or a pool goes first: 1 before 5. The runs of a backfill have 5
   * whatever is said here.
   * @default 3
   */
  readonly priority?: Priority;
  /** Whose runs they are, where the Temporal server can share its workers fairly between tenants. @default nobody's in particular */
  readonly fairness?: Fairness;
  /** What starts it besides: loads, files, a condition, signed calls. @default nothing */
  readonly triggers?: TriggersConfig;
  /** The task queue whose workers do its steps; the run itself, as all runs, is on the project's. @default the project's `taskQueue` */
  readonly stepQueue?: string;
  /** What it does, in a sentence. */
  readonly description?: string;
}

/** `millrace.config.ts` as written. */
export interface ProjectConfig {
  /** The systems that data comes from and goes to, by the names that steps use. */
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  /** What rows must be, by the names that `run.validate` uses. */
  readonly contracts: Readonly<Record<string, Contract>>;
  /** How datasets are made from others, by the names that `run.transform` uses. */
  readonly transforms: Readonly<Record<string, Transform>>;
  /** Checks of whole datasets, by the names that `run.check` and the `audit` of a load use. @default none */
  readonly checks?: Readonly<Record<string, CheckSet>>;
  /** The pipelines: exactly those that `workflows/index.ts` exports; with none, that file may be missing. `replicate`, `replayQuarantine` and `housekeeping` are there besides. */
  readonly pipelines: Readonly<Record<string, PipelineConfig>>;
  /**
   * Limits across all runs, by the names that the option `pool` of steps uses: how many slots there are for steps that are at work
   * at once. @default none
   */
  readonly pools?: Readonly<Record<string, PoolConfig>>;
  /** The task queue of the project's worker. @default 'millrace' */
  readonly taskQueue?: Configurable;
  readonly staging?: {
    /** Folder for datasets, or `s3://bucket/prefix`. @default '.millrace/staging' beside the config */
    readonly root?: Configurable;
    /** With a root on `s3://`: the server and the keys. @default Amazon S3, with the credentials of the environment */
    readonly s3?: S3Options;
    /** Most bytes that staging may hold; a step that would go beyond fails with STAGING_FULL. @default no limit */
    readonly maxBytes?: number;
  };
  /**
   * Where histories of closed runs are kept beyond Temporal's retention; `false` keeps none.
   * @default a folder `archive` in staging
   */
  readonly archive?: false | ArchiveConfig;
  /**
   * How long Millrace keeps what it has written; what a run could still need stays in any case. `millrace apply` then schedules
   * the pipeline `housekeeping`.
   * @default everything is kept
   */
  readonly retention?: RetentionConfig;
  readonly engine?: {
    /** DuckDB's memory for one step, in its own words. @default '1GB', or less where the worker's steps would not fit in its memory */
    readonly memoryLimit?: string;
    /** DuckDB's threads for one step. @default the processors of the machine, or fewer where the memory limit is small */
    readonly threads?: number;
    /** Where DuckDB puts what does not fit in memory. @default '.millrace/spill' beside the config */
    readonly spillDirectory?: Configurable;
    /** A folder with DuckDB's extensions, for machines without a network. */
    readonly extensionsDirectory?: Configurable;
  };
  readonly steps?: {
    /** How long the server waits for a sign of life of a running step before it starts another attempt. @default '15s' */
    readonly heartbeatTimeout?: string;
  };
  readonly worker?: {
    /**
     * Steps at work at once in one worker, on all its task queues together. Fewer than the threads of Node's pool (the
     * environment's `UV_THREADPOOL_SIZE`).
     * @default the processors of the machine, at least 2, or fewer where they would not fit in its memory
     */
    readonly steps?: number;
    /** Runs that a worker keeps in memory between their steps. @default 120 for each GiB of memory, at most 1,000 */
    readonly cachedRuns?: number;
    /** How long steps at work may go on when a worker is told to stop, before they are interrupted. @default '25s' */
    readonly grace?: string;
  };
  readonly catalog?: {
    /** The SQLite file. @default '.millrace/catalog.db' beside the config */
    readonly path?: Configurable;
    /**
     * A PostgreSQL database instead, for workers on several machines: `postgres://user:password@host:port/database`. Usually
     * `env('…')`, since it holds the password. The environment's `MILLRACE_CATALOG_URL` goes before both.
     */
    readonly url?: Configurable;
    /** The schema that holds the catalog in that database; made when missing. @default 'millrace_catalog' */
    readonly schema?: string;
  };
  readonly service?: {
    /** An issuer of OpenID Connect whose JWTs are taken beside the tokens of `millrace tokens create`. */
    readonly oidc?: {
      /** As its tokens have it in `iss`. */
      readonly issuer: Configurable;
      /** What its tokens must have in `aud`. */
      readonly audience: Configurable;
      /** Where its public keys are. @default what its `/.well-known/openid-configuration` says */
      readonly jwksUri?: Configurable;
      /** The claim with roles or groups; dots lead into objects, as in `realm_access.roles`. @default 'roles' */
      readonly rolesClaim?: string;
      readonly roles?: {
        /** Values of that claim that give the role viewer. @default 'viewer' */
        readonly viewer?: readonly string[];
        /** Values of that claim that give the role operator. @default 'operator' */
        readonly operator?: readonly string[];
        /** Values of that claim that give the role admin. @default 'admin' */
        readonly admin?: readonly string[];
      };
      readonly scope?: {
        /** The claim with owners: only their pipelines are for whoever has it. @default everybody has to do with all pipelines */
        readonly owners?: string;
        /** The claim with tags of pipelines. */
        readonly tags?: string;
        /** The claim with names of pipelines. */
        readonly pipelines?: string;
      };
    };
    readonly rateLimit?: {
      /** Requests that one caller may make in a second, in the long run. @default 500 */
      readonly perSecond?: number;
      /** Requests that one caller may make at once, after a pause. @default 1000 */
      readonly burst?: number;
    };
    /**
     * Addresses or networks (`10.0.0.0/8`) of the proxies before the service: what they say in `X-Forwarded-For` is where a
     * call came from. @default none
     */
    readonly proxies?: readonly string[];
  };
  /** Who hears of failures, breaches and whatever else is to be told. @default nobody; `millrace alerts list` lists them */
  readonly alerts?: AlertsConfig;
  readonly dev?: {
    /** Environment variables that `millrace dev` sets to the address of a Postgres database it starts. */
    readonly postgres?: readonly string[];
    /** Runs that `millrace dev` starts. */
    readonly runs?: readonly DevRun[];
    /** How many of them at a time. @default 2 */
    readonly concurrency?: number;
  };
}

export interface DevRun {
  /** A pipeline of the config. */
  readonly pipeline: string;
  /** First and last partition, both included; every one between them is run. */
  readonly partitions?: readonly [first: string, last: string];
  /** The run's parameters, or those besides the partition. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A project, with every name and type its workflows are checked against. */
export type Project = ProjectConfig;

/**
 * Declares a project. Connections stay descriptors and drivers stay unloaded: importing the config costs nothing.
 *
 * @throws TerminalError CONFIG_INVALID naming every unknown or wrong key, when the config is loaded by a worker or the CLI
 */
export function defineProject<const C extends ProjectConfig>(config: C): C {
  return config;
}
