import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  log,
  patched,
  proxyActivities,
  proxyLocalActivities,
  proxySinks,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { messageOf } from '../src/core/errors.js';
import {
  GRANT_SIGNAL,
  MAX_QUEUED_TOLD,
  type AcquireSignal,
  type FreeSignal,
  type GrantSignal,
  type HoldsQuery,
  type PoolInput,
  type PoolSinks,
  type PoolState,
  type ReleaseSignal,
} from '../src/core/pools.js';
import { unwrap } from './failures.js';
import { poolDetails } from './pool-details.js';
import { charactersOf, PoolQueue, type Answer } from './pool-queue.js';

export const acquireSignal = defineSignal<[AcquireSignal]>('acquire');
export const releaseSignal = defineSignal<[ReleaseSignal]>('release');
export const freeSignal = defineSignal<[FreeSignal]>('free');
export const poolQuery = defineQuery<PoolState>('state');
/** Whether a run holds a slot; null while the pool does not know yet. */
export const holdsQuery = defineQuery<boolean | null, [HoldsQuery]>('holds');

const { sweepPool } = proxyLocalActivities<Pick<Activities, 'sweepPool'>>({
  scheduleToCloseTimeout: '10s',
  retry: { maximumAttempts: 2 },
});
const { recoverPool } = proxyActivities<Pick<Activities, 'recoverPool'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', maximumInterval: '10s' },
});
const { pool: told } = proxySinks<PoolSinks>();

/**
 * A pool: gives out slots to steps of any number of runs. Never ends: it continues as new when Temporal suggests it, and takes no
 * notice of being cancelled. One that was terminated is followed by another with the next request, which takes over from it.
 */
export async function pool(input: PoolInput): Promise<never> {
  const work = new PoolWork(input);
  work.listen();
  return CancellationScope.nonCancellable(async () =>
    continueAsNew<typeof pool>({ pool: input.pool, ...(await work.execute()) }),
  );
}

/** One execution of a pool. */
class PoolWork {
  private readonly queue: PoolQueue;
  private sweptAt: number;
  private isReady: boolean;
  private isSweeping = false;
  /** Grants whose signals Temporal has not taken yet. */
  private underway = 0;
  private toldChange = -1;
  /** What has come while it took over: it may be about what it did not know yet. */
  private readonly late: { readonly released: ReleaseSignal[]; readonly freed: string[] } = { released: [], freed: [] };

  constructor(private readonly input: PoolInput) {
    const measure = patched('pool-queue-in-bytes') ? undefined : charactersOf;
    this.queue = new PoolQueue(input.pool, { slots: input.slots, graceMs: input.graceMs, ...input.carried }, measure);
    this.sweptAt = input.carried ? Date.parse(input.carried.sweptAt) : Date.now();
    this.isReady = input.carried !== undefined;
  }

  /** Registers the handlers: before the first await. */
  listen(): void {
    setHandler(acquireSignal, (asked) => this.answer(this.queue.acquire(asked, new Date().toISOString())));
    setHandler(releaseSignal, (released) => {
      if (this.isReady) this.changeBy(() => this.queue.release(released, Date.now()));
      else this.late.released.push(released);
    });
    setHandler(freeSignal, (freed) => {
      log.warn(`Slot ${freed.token} of pool ${this.input.pool} was freed by ${freed.by}: ${freed.reason}`);
      if (this.isReady) this.changeBy(() => this.queue.free(freed));
      else this.late.freed.push(freed.token);
    });
    setHandler(poolQuery, () => this.state);
    setHandler(holdsQuery, ({ token, runId }) => (this.isReady ? this.queue.isHeldBy(token, runId) : null));
  }

  /** Works until it is to be continued as new. */
  async execute(): Promise<Omit<PoolInput, 'pool'>> {
    if (!this.isReady) await this.recover();
    this.isReady = true;
    this.serve();
    void this.keepSweeping();
    await condition(() => this.isFull && this.underway === 0 && !this.isSweeping && allHandlersFinished());
    const { slots, graceMs } = this.state;
    return { slots, graceMs, carried: this.state };
  }

  private get state(): PoolState {
    const recovering = this.isReady ? {} : { recovering: this.late };
    return { ...this.queue.state, sweptAt: new Date(this.sweptAt).toISOString(), ...recovering };
  }

  private get isFull(): boolean {
    return workflowInfo().continueAsNewSuggested;
  }

  /** Takes over from a pool that somebody has terminated: who holds its slots still does, and who waits has not to ask again. */
  private async recover(): Promise<void> {
    const { workflowId, runId } = workflowInfo();
    const before = await recoverPool({ poolId: workflowId, runId });
    const own = { held: [], queued: [], change: 0, recovering: this.late };
    this.queue.adopt([own, ...before], Date.now());
    // It may have been terminated before these had their answers.
    for (const slot of this.queue.holders) {
      // Where nobody is there any more, an activity may be still: that is for the sweep.
      void this.deliver({ to: slot, grant: { token: slot.token } });
    }
  }

  private changeBy(change: () => void): void {
    change();
    this.serve();
  }

  private answer(answers: readonly Answer[]): void {
    for (const each of answers) void this.send(each);
    this.serve();
  }

  private serve(): void {
    // Before it continues as new, it gives out no more: every answer is to be known by then.
    if (this.isReady && !this.isFull) {
      for (const each of this.queue.grant(new Date().toISOString())) void this.send(each);
    }
    this.tell();
  }

  private async send(answer: Answer): Promise<void> {
    // A slot that was given out just now and can't be used by anybody is free at once.
    this.underway += 1;
    if (!(await this.deliver(answer))) this.changeBy(() => this.queue.free(answer.grant));
    this.underway -= 1;
  }

  /**
   * Answers the workflow, whichever of its runs is open: one that was reset waits as the one before it did.
   *
   * @returns whether anybody was there
   */
  private async deliver({ to, grant }: Answer): Promise<boolean> {
    this.underway += 1;
    try {
      await getExternalWorkflowHandle(to.workflowId).signal<[GrantSignal]>(GRANT_SIGNAL, grant);
      return true;
    } catch {
      return false;
    } finally {
      this.underway -= 1;
    }
  }

  /** Looks from time to time, while slots are held, whether their runs are still open. */
  private async keepSweeping(): Promise<void> {
    for (;;) {
      if (this.queue.holders.length === 0) {
        await condition(() => this.queue.holders.length > 0);
        this.sweptAt = Date.now();
      }
      const due = Math.min(this.sweptAt + this.queue.graceMs, this.queue.nextExpiry ?? Number.POSITIVE_INFINITY);
      await sleep(Math.max(due - Date.now(), 1_000));
      this.isSweeping = true;
      await this.sweep();
      this.isSweeping = false;
    }
  }

  private async sweep(): Promise<void> {
    const runs = this.queue.holders.filter(({ freeAt }) => freeAt === undefined);
    try {
      const found = await sweepPool({
        pool: this.input.pool,
        runs: runs.map(({ workflowId, runId }) => ({ workflowId, runId })),
      });
      this.answer(this.queue.sweep(found));
    } catch (error) {
      log.warn(`Pool ${this.input.pool} could not look at the runs that hold its slots: ${messageOf(unwrap(error))}`);
    }
    this.sweptAt = Date.now();
    this.changeBy(() => this.queue.expire(Date.now()));
  }

  private tell(): void {
    const { change } = this.queue;
    // What it has not taken over yet is what the catalog would lose.
    if (change === this.toldChange || !this.isReady) return;
    this.toldChange = change;
    const { slots, held, queued } = this.state;
    told.tell({
      pool: this.input.pool,
      slots,
      held,
      queued: queued.slice(0, MAX_QUEUED_TOLD),
      queuedInAll: queued.length,
      change,
      at: new Date().toISOString(),
    });
    setCurrentDetails(poolDetails(this.input.pool, this.state));
  }
}
