/*
 * Pools: named limits across runs. A pool is one long-lived workflow that gives out slots; the words are those of its signals, of
 * its query, of the catalog and of whoever calls.
 */

/** The workflow type. No pipeline can have such a name. */
export const POOL_WORKFLOW = 'millrace.pool';

/** The id of a pool's workflow: each task queue, that is each project, has its own. */
export function poolId(taskQueue: string, pool: string): string {
  return `${POOL_WORKFLOW}/${taskQueue}/${pool}`;
}

/** Where a step is in the queue unless it or its run says otherwise; 1 goes first. */
export const DEFAULT_PRIORITY = 3;

/** Requests that one pool lets wait, and what they may take: all have to fit into one payload of Temporal's, of 2 MiB. */
export const MAX_QUEUED = 4_000;
export const MAX_QUEUED_BYTES = 1_500_000;

/** What a step asks of a pool. */
export interface PoolClaim {
  readonly pool: string;
  /** How many of the pool's slots it takes. */
  readonly weight: number;
}

/** A step that asks for slots. */
export interface SlotRequest {
  /** Names this request alone, however often it is told. */
  readonly token: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly pipeline: string;
  /** The step; of two that share an activity, both: `validate:orders+load:warehouse.orders`. */
  readonly step: string;
  readonly weight: number;
  /** 1 goes first. */
  readonly priority: number;
}

/** What the activity that asks for a slot is told. */
export interface AcquireInput {
  readonly pool: string;
  /** The pool's workflow, and its task queue. */
  readonly poolId: string;
  readonly taskQueue: string;
  readonly request: SlotRequest;
}

/** What the activity that gives a slot back is told. */
export interface ReleaseInput extends Pick<AcquireInput, 'pool' | 'poolId' | 'taskQueue'> {
  readonly released: ReleaseSignal;
}

/** A request as the pool keeps it. */
export interface QueuedSlot extends SlotRequest {
  /** Since when it waits. ISO. */
  readonly askedAt: string;
}

/** A slot that is given out. */
export interface HeldSlot extends QueuedSlot {
  /** Since when it is held. */
  readonly since: string;
  /** When it is free again, whatever happens: its step ended without its activity having surely stopped, or its run has closed. */
  readonly freeAt?: string;
}

/** A pool's size, as the config of the worker says it that tells. */
export interface PoolSize {
  readonly slots: number;
  /** How long an activity whose run has closed may still be at work: longer than a heartbeat's timeout and an interruption. */
  readonly graceMs: number;
}

/** The signal `acquire`. */
export interface AcquireSignal extends PoolSize {
  readonly request: SlotRequest;
}

/** The signal `release`: gives a slot back, or takes a request back that waits. */
export interface ReleaseSignal {
  readonly token: string;
  /** The run that holds it. A run that was reset does not free what the one before it may still use. */
  readonly runId: string;
  /** The activity may still be at work for a moment: the slot stays taken for the pool's grace. */
  readonly unsettled?: boolean;
}

/** The signal `free`, by which a person takes a slot away. */
export interface FreeSignal {
  readonly token: string;
  readonly by: string;
  readonly reason: string;
}

/** The signal with which a pool answers a run. */
export interface GrantSignal {
  readonly token: string;
  /** Why there will be no slot. */
  readonly refused?: { readonly code: 'POOL_TOO_SMALL' | 'POOL_QUEUE_FULL'; readonly message: string };
}

export const GRANT_SIGNAL = 'millrace.granted';

/** The argument of the pool's query `holds`. */
export interface HoldsQuery {
  readonly token: string;
  readonly runId: string;
}

/** What a step's activity shows to prove that it may begin. */
export interface SlotProof {
  readonly pool: string;
  /** The pool's workflow. */
  readonly poolId: string;
  readonly token: string;
}

/** A pool as it stands. */
export interface PoolState extends PoolSize {
  readonly held: readonly HeldSlot[];
  /** In the order in which they are served. */
  readonly queued: readonly QueuedSlot[];
  /** Tokens that were given back of late, the oldest first. @default none: of a pool of an earlier release */
  readonly ended?: readonly string[];
  /** Grows with each change, so that an earlier word that comes late changes nothing. */
  readonly change: number;
  /** When it last looked whether the runs of its slots are open. ISO. */
  readonly sweptAt: string;
  /** There while it takes over from the pool before it, and has not all yet: what was given back and freed meanwhile. */
  readonly recovering?: { readonly released: readonly ReleaseSignal[]; readonly freed: readonly string[] };
}

/** What a pool takes over from those before it: `recovering` is what these had heard and not done yet. */
export type PoolBefore = Pick<PoolState, 'held' | 'queued' | 'ended' | 'change' | 'recovering'>;

/** The argument of the pool's workflow. */
export interface PoolInput extends PoolSize {
  readonly pool: string;
  /** Of a pool that continues as new. @default a pool that begins, and looks whether there was one before it */
  readonly carried?: PoolState;
}

/** What a pool finds out about itself from outside. */
export interface PoolSweep {
  /** Runs that have closed, with the ISO time. */
  readonly closed: readonly { readonly runId: string; readonly at: string }[];
  /** As the config of the worker says it that looked; absent when it has no such pool. */
  readonly size?: PoolSize;
}

/** Queued requests that the catalog is told of one by one; it knows the number of all. */
export const MAX_QUEUED_TOLD = 200;

/** What the catalog is told of a pool. */
export interface PoolTold {
  readonly pool: string;
  readonly slots: number;
  readonly held: readonly HeldSlot[];
  /** The first {@link MAX_QUEUED_TOLD}. */
  readonly queued: readonly QueuedSlot[];
  readonly queuedInAll: number;
  readonly change: number;
  /** ISO. */
  readonly at: string;
}

/** Where a pool tells how it stands. A type, not an interface: Temporal's sinks have an index signature. */
export type PoolSinks = {
  readonly pool: { tell(told: PoolTold): void };
};

/** What a step shows while it has no slot. */
export function waitsForPool(pool: string): string {
  return `waiting for pool ${pool}`;
}

/** How many slots are taken. */
export function slotsUsed(held: readonly Pick<HeldSlot, 'weight'>[]): number {
  return held.reduce((sum, { weight }) => sum + weight, 0);
}
