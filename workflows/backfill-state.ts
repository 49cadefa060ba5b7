import { defineQuery, defineUpdate } from '@temporalio/workflow';
import {
  countPartitions,
  partitionRunId,
  type BackfillCounts,
  type BackfillPartition,
  type BackfillPlan,
  type BackfillRetry,
  type BackfillSteered,
  type BackfillSteering,
  type BackfillView,
} from '../src/core/backfill.js';
import { TerminalError } from '../src/core/errors.js';

export const backfillQuery = defineQuery<BackfillView | undefined>('state');
export const pauseUpdate = defineUpdate<BackfillSteered, [BackfillSteering]>('pause');
export const resumeUpdate = defineUpdate<BackfillSteered, [BackfillSteering]>('resume');
export const retryUpdate = defineUpdate<BackfillSteered, [BackfillRetry]>('retryFailed');

/** Failed partitions whose reason is kept in the workflow; the catalog has all of them. */
const MOST_REASONS = 100;

/** The partitions of a backfill, in their order, and where each stands. */
export class BackfillState {
  private readonly partitions: Map<string, BackfillPartition>;
  private queue: string[];
  private reasons: number;

  /** @param changed is told of each partition that changes */
  constructor(
    readonly plan: BackfillPlan,
    private readonly changed: (partition: BackfillPartition) => void,
  ) {
    this.partitions = new Map(plan.partitions.map((each) => [each.partition, each]));
    this.reasons = plan.partitions.filter(({ message }) => message !== undefined).length;
    this.queue = plan.partitions.filter(({ status }) => status === 'waiting').map(({ partition }) => partition);
  }

  get hasWaiting(): boolean {
    return this.queue.length > 0;
  }

  get counts(): BackfillCounts {
    return countPartitions([...this.partitions.values()]);
  }

  get all(): readonly BackfillPartition[] {
    return [...this.partitions.values()];
  }

  /** Takes the next one that waits, as running. */
  take(): BackfillPartition | undefined {
    const partition = this.queue.shift();
    if (partition === undefined) return undefined;
    const attempts = (this.partitions.get(partition)?.attempts ?? 0) + 1;
    const taken: BackfillPartition = { partition, status: 'running', attempts };
    this.set(taken);
    return taken;
  }

  set(each: BackfillPartition): void {
    this.changed(each);
    const { message, ...others } = each;
    if (message !== undefined) this.reasons += 1;
    const kept = message !== undefined && this.reasons <= MOST_REASONS ? each : others;
    this.partitions.set(each.partition, kept);
  }

  /** @throws TerminalError BACKFILL_INVALID when there is nothing to retry */
  checkRetry({ partitions }: Pick<BackfillRetry, 'partitions'>): void {
    if (!partitions) {
      const { failed, cancelled } = this.counts;
      if (failed + cancelled > 0) return;
      throw new TerminalError('BACKFILL_INVALID', 'No partition of the backfill has failed, so there is nothing to retry.');
    }
    for (const partition of partitions) {
      const status = this.partitions.get(partition)?.status;
      if (status === 'failed' || status === 'cancelled') continue;
      const why = status === undefined ? 'is not the backfill’s to do' : `is ${status}`;
      throw new TerminalError(
        'BACKFILL_INVALID',
        `Partition ${partition} ${why}. Only failed and cancelled ones can be retried.`,
      );
    }
  }

  /** Lets partitions that failed or were cancelled wait again, before those that have not begun. */
  retry({ partitions }: Pick<BackfillRetry, 'partitions'>): void {
    const wanted = partitions && new Set(partitions);
    const again = this.all.filter(
      ({ partition, status }) => (status === 'failed' || status === 'cancelled') && (!wanted || wanted.has(partition)),
    );
    for (const { partition, attempts } of again) this.set({ partition, status: 'waiting', attempts });
    this.queue = [...again.map(({ partition }) => partition), ...this.queue];
  }

  view(paused: boolean): BackfillView {
    const { pipeline, from, to } = this.plan.request;
    const partitions = this.all.map((each) => ({ ...each, workflowId: partitionRunId(pipeline, each.partition) }));
    return { pipeline, from, to, status: paused ? 'paused' : 'running', counts: this.counts, partitions };
  }
}
