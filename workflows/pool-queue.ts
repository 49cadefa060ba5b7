import { jsonBytes } from '../src/core/json-bytes.js';
import {
  MAX_QUEUED,
  MAX_QUEUED_BYTES,
  slotsUsed,
  type AcquireSignal,
  type FreeSignal,
  type GrantSignal,
  type HeldSlot,
  type PoolSize,
  type PoolBefore,
  type PoolState,
  type PoolSweep,
  type QueuedSlot,
  type ReleaseSignal,
} from '../src/core/pools.js';

/** Tokens that were given back of late: a request that was sent twice may come again after its end. */
const MOST_ENDED = 500;

/** About what a request takes as JSON, in bytes. */
export type Measure = (slot: QueuedSlot) => number;

/** What becomes of a request: a slot, or the reason why there will be none. */
export interface Answer {
  readonly to: Pick<QueuedSlot, 'workflowId'>;
  readonly grant: GrantSignal;
}

/**
 * Who has the slots of a pool, and who waits for them. The queue is in order of priority, then of time, and only its head is
 * served: a light request never passes a heavy one before it, so that the heavy one gets its turn. Knows no clock of its own.
 */
export class PoolQueue {
  private readonly held = new Map<string, HeldSlot>();
  private queued: QueuedSlot[] = [];
  private readonly ended = new Set<string>();
  private size: PoolSize;
  private changes: number;

  constructor(
    readonly pool: string,
    { slots, graceMs, held, queued, ended, change }: PoolSize & Partial<PoolState>,
    private readonly measure: Measure = bytesOf,
  ) {
    this.size = { slots, graceMs };
    for (const slot of held ?? []) this.held.set(slot.token, slot);
    this.queued = [...(queued ?? [])];
    this.remember(ended ?? []);
    this.changes = change ?? 0;
  }

  get graceMs(): number {
    return this.size.graceMs;
  }

  get holders(): readonly HeldSlot[] {
    return [...this.held.values()];
  }

  get waiting(): readonly QueuedSlot[] {
    return this.queued;
  }

  get change(): number {
    return this.changes;
  }

  get state(): Omit<PoolState, 'sweptAt'> {
    return { ...this.size, held: this.holders, queued: this.queued, ended: [...this.ended], change: this.changes };
  }

  /** Takes what pools before this one had, the latest first, with what had come to them and they had not done yet. */
  adopt(before: readonly PoolBefore[], now: number): void {
    for (const each of before) this.adoptFrom(each);
    for (const { recovering } of before.toReversed()) {
      for (const each of recovering?.released ?? []) this.release(each, now);
      for (const token of recovering?.freed ?? []) this.free({ token });
    }
  }

  private adoptFrom({ held, queued, ended, change }: PoolBefore): void {
    const isNew = ({ token }: QueuedSlot): boolean => !this.ended.has(token) && !this.held.has(token);
    for (const slot of held.filter(isNew)) this.held.set(slot.token, slot);
    this.remember(ended ?? []);
    const newer = this.queued.filter(isNew);
    this.queued = [];
    for (const slot of [...queued.filter(isNew), ...newer]) this.enqueue(slot);
    this.changes = Math.max(this.changes, change) + 1;
  }

  /** Lets a request wait; gives the refusal of one that would wait for ever. Told again, it is the same request. */
  acquire({ request, ...size }: AcquireSignal, at: string): Answer[] {
    const refused = this.resize(size);
    const { token } = request;
    if (this.held.has(token) || this.ended.has(token)) return refused;
    if (this.isFull && !this.queued.some((slot) => slot.token === token)) {
      const message = `${this.queued.length} steps wait for pool "${this.pool}" already; no more fit into its state.`;
      return [...refused, refusal(request, { code: 'POOL_QUEUE_FULL', message })];
    }
    this.enqueue({ ...request, askedAt: at });
    this.changes += 1;
    return [...refused, ...this.refuseTooHeavy()];
  }

  /** Gives out what is free: to the head of the queue, as long as there is enough for it. */
  grant(at: string): Answer[] {
    const granted: Answer[] = [];
    for (;;) {
      const [head] = this.queued;
      if (!head || slotsUsed(this.holders) + head.weight > this.size.slots) return granted;
      this.queued.shift();
      this.held.set(head.token, { ...head, since: at });
      this.changes += 1;
      granted.push({ to: head, grant: { token: head.token } });
    }
  }

  release({ token, runId, unsettled }: ReleaseSignal, now: number): void {
    const slot = this.held.get(token);
    if (!slot) {
      this.queued = this.queued.filter((each) => each.token !== token);
      this.end(token);
    } else if (slot.runId === runId) {
      if (unsettled === true) this.freeLater(slot, now + this.size.graceMs);
      else this.end(token);
    }
  }

  /** Somebody takes the slot away, or its run can't be told of it. */
  free({ token }: Pick<FreeSignal, 'token'>): void {
    this.queued = this.queued.filter((each) => each.token !== token);
    this.end(token);
  }

  isHeldBy(token: string, runId: string): boolean {
    return this.held.get(token)?.runId === runId;
  }

  /** Frees slots whose runs have closed: not before their activities have surely stopped. */
  sweep({ closed, size }: PoolSweep): Answer[] {
    for (const { runId, at } of closed) {
      for (const slot of this.holders.filter((each) => each.runId === runId)) {
        this.freeLater(slot, Date.parse(at) + this.size.graceMs);
      }
    }
    return size ? this.resize(size) : [];
  }

  /** Frees slots whose time has come. */
  expire(now: number): void {
    for (const { token, freeAt } of this.holders) {
      if (freeAt !== undefined && Date.parse(freeAt) <= now) this.end(token);
    }
  }

  /** When the next slot is free by itself. */
  get nextExpiry(): number | undefined {
    const times = this.holders.flatMap(({ freeAt }) => (freeAt === undefined ? [] : [Date.parse(freeAt)]));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  private get isFull(): boolean {
    // Only long queues are worth measuring.
    if (this.queued.length < MAX_QUEUED / 4) return false;
    return this.queued.length >= MAX_QUEUED || this.queued.reduce((sum, slot) => sum + this.measure(slot), 0) >= MAX_QUEUED_BYTES;
  }

  private resize(size: PoolSize): Answer[] {
    if (size.slots === this.size.slots && size.graceMs === this.size.graceMs) return [];
    this.size = size;
    this.changes += 1;
    return this.refuseTooHeavy();
  }

  private refuseTooHeavy(): Answer[] {
    const { slots } = this.size;
    const tooHeavy = this.queued.filter(({ weight }) => weight > slots);
    if (tooHeavy.length === 0) return [];
    this.queued = this.queued.filter(({ weight }) => weight <= slots);
    return tooHeavy.map((slot) => {
      this.end(slot.token);
      return refusal(slot, { code: 'POOL_TOO_SMALL', message: tooSmall(this.pool, slots, slot) });
    });
  }

  private enqueue(slot: QueuedSlot): void {
    if (this.queued.some(({ token }) => token === slot.token)) return;
    const behind = this.queued.findIndex(({ priority }) => priority > slot.priority);
    if (behind < 0) this.queued.push(slot);
    else this.queued.splice(behind, 0, slot);
  }

  private freeLater(slot: HeldSlot, at: number): void {
    if (slot.freeAt !== undefined) return;
    this.held.set(slot.token, { ...slot, freeAt: new Date(at).toISOString() });
    this.changes += 1;
  }

  private end(token: string): void {
    this.held.delete(token);
    this.remember([token]);
    this.changes += 1;
  }

  private remember(ended: readonly string[]): void {
    for (const token of ended) this.ended.add(token);
    for (const oldest of this.ended) {
      if (this.ended.size <= MOST_ENDED) break;
      this.ended.delete(oldest);
    }
  }
}

/** Each is asked about with every request that comes while it waits. */
const measured = new WeakMap<QueuedSlot, number>();

/** What a request takes as JSON. */
function bytesOf(slot: QueuedSlot): number {
  const bytes = measured.get(slot) ?? jsonBytes(slot);
  measured.set(slot, bytes);
  return bytes;
}

/** As pools measured that began before bytes were counted: too little for names that are not ASCII. */
export function charactersOf({ token, workflowId, runId, pipeline, step }: QueuedSlot): number {
  return token.length + workflowId.length + runId.length + pipeline.length + step.length + 170;
}

function refusal(to: Pick<QueuedSlot, 'workflowId' | 'token'>, refused: NonNullable<GrantSignal['refused']>): Answer {
  return { to, grant: { token: to.token, refused } };
}

function tooSmall(pool: string, slots: number, { step, weight }: QueuedSlot): string {
  return `Step ${step} asks for ${weight} slots of pool "${pool}", which has ${slots}. Give the step a smaller weight, or the pool more slots.`;
}
