import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import {
  partitionRunId,
  type BackfillCarried,
  type BackfillPartition,
  type BackfillPlan,
  type BackfillResult,
  type BackfillStatus,
} from '../src/core/backfill.js';
import { backfillMap, mapLegend } from '../src/core/backfill-map.js';
import type { BackfillOrders } from './backfill-orders.js';
import { BackfillRecord } from './backfill-record.js';
import { BackfillState } from './backfill-state.js';
import { incompleteBackfill } from './incomplete-backfill.js';
import { awaitPartition, runPartition } from './partition-run.js';

/** Lines of the map that Temporal's UI shows: it takes some 20 kB. */
const MOST_LINES = 300;

type WorkEnd = { readonly result: BackfillResult } | { readonly carried: BackfillCarried };

/** The work of one execution of a backfill. */
export class BackfillWork {
  private readonly state: BackfillState;
  private readonly record: BackfillRecord;
  /** Partitions at work. */
  private readonly running = new Map<string, Promise<void>>();
  /** Runs whose start Temporal has not answered yet. */
  private starting = 0;
  /** Where runs are waited for: cancelling it asks those that the backfill has begun to stop. */
  private readonly runs = new CancellationScope();

  constructor(
    private readonly plan: BackfillPlan,
    private readonly orders: BackfillOrders,
  ) {
    this.record = new BackfillRecord(workflowInfo().workflowId, plan.changes);
    this.state = new BackfillState(plan, (each) => this.record.partition(each));
    orders.attach(this.state, () => this.tell(this.openStatus));
  }

  /** Works until the end, or until it is to be continued as new. */
  async execute(): Promise<WorkEnd> {
    if (this.orders.paused) this.tell(this.openStatus);
    this.adopt();
    for (;;) {
      await this.begin();
      if (this.orders.cancelled && !this.orders.leavesRuns) await this.stopRuns();
      if (this.wantsToContinue) return { carried: await this.carry() };
      this.tell(this.endStatus);
      await this.record.settled();
      await condition(allHandlersFinished);
      // A retry may have been asked for while the end was being told.
      if (this.isOver) return { result: this.conclude() };
      this.tell(this.openStatus);
    }
  }

  /** Begins partitions, so many at once, until nothing is left to do or to wait for. */
  private async begin(): Promise<void> {
    for (;;) {
      await condition(() => this.mayBegin || this.isOver || this.orders.cancelled || this.wantsToContinue);
      if (!this.mayBegin || this.orders.cancelled || this.wantsToContinue) return;
      const next = this.state.take();
      if (next) this.follow(next.partition, () => this.run(next));
    }
  }

  private get mayBegin(): boolean {
    const { concurrency } = this.plan.request;
    return this.state.hasWaiting && !this.orders.paused && !this.hasStopped && this.running.size < concurrency;
  }

  private get isOver(): boolean {
    if (this.orders.cancelled) return this.running.size === 0 || this.orders.leavesRuns;
    return this.running.size === 0 && (!this.state.hasWaiting || this.hasStopped);
  }

  private get hasStopped(): boolean {
    return this.plan.request.stopOnFailure && this.state.counts.failed > 0;
  }

  private get wantsToContinue(): boolean {
    return workflowInfo().continueAsNewSuggested && !this.orders.cancelled && this.state.hasWaiting && !this.hasStopped;
  }

  /** Waits for the runs that the execution before has begun. */
  private adopt(): void {
    for (const each of this.state.all) {
      if (each.status !== 'running') continue;
      const workflowId = partitionRunId(this.plan.request.pipeline, each.partition);
      this.follow(each.partition, async () => this.end(each, await awaitPartition(workflowId, each.runId)));
    }
  }

  private async run(taken: BackfillPartition): Promise<void> {
    this.starting += 1;
    const outcome = await runPartition(this.plan, taken.partition, (runId) => {
      this.starting -= 1;
      if (runId !== undefined) this.state.set({ ...taken, runId });
    });
    this.end(taken, outcome);
  }

  private end({ partition, attempts }: BackfillPartition, outcome: Awaited<ReturnType<typeof runPartition>>): void {
    this.state.set({ partition, attempts, ...outcome });
  }

  private follow(partition: string, work: () => Promise<void>): void {
    const done = this.runs.run(work).finally(() => {
      this.running.delete(partition);
      this.show();
    });
    this.running.set(partition, done);
    this.show();
  }

  private async stopRuns(): Promise<void> {
    this.runs.cancel();
    await Promise.all(this.running.values());
  }

  private async carry(): Promise<BackfillCarried> {
    await condition(() => this.starting === 0 && allHandlersFinished());
    await this.record.settled();
    return { ...this.plan, partitions: this.state.all, changes: this.record.latestChange, paused: this.orders.paused };
  }

  private get openStatus(): BackfillStatus {
    return this.orders.paused ? 'paused' : 'running';
  }

  private get endStatus(): BackfillStatus {
    if (this.orders.cancelled) return 'cancelled';
    return this.state.counts.completed === this.state.all.length ? 'completed' : 'failed';
  }

  private conclude(): BackfillResult {
    const status = this.endStatus;
    if (status === 'cancelled') throw new CancelledFailure('The backfill was cancelled.');
    if (status === 'failed') throw incompleteBackfill(workflowInfo().workflowId, this.state);
    return { completed: this.state.all.length, leftOut: this.plan.leftOut };
  }

  private tell(status: BackfillStatus): void {
    const { request, startedAt } = this.plan;
    const isEnd = status !== 'running' && status !== 'paused';
    const failure = status === 'failed' ? incompleteBackfill(workflowInfo().workflowId, this.state) : undefined;
    this.record.whole({
      request,
      status,
      startedAt,
      finishedAt: isEnd ? new Date().toISOString() : null,
      error: failure ? { code: failure.type ?? '', message: reasonOf(failure) } : null,
    });
    this.show();
  }

  private show(): void {
    const { pipeline, from, to } = this.plan.request;
    const lines = backfillMap(this.state.all).slice(-MOST_LINES);
    const title = `**${pipeline}** · ${from} to ${to} · ${this.openStatus}`;
    setCurrentDetails([title, '', '```', ...lines, '```', '', mapLegend(this.state.all)].join('\n'));
  }
}

// Where it is told, its code stands beside it.
function reasonOf({ message }: Error): string {
  return message.replace(/ \[[A-Z_]+\]$/, '');
}
