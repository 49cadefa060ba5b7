import { CancellationScope, log, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

import type { BackfillHead, BackfillPartition, PartitionChange } from '../src/core/backfill.js';
import { messageOf } from '../src/core/errors.js';
import { unwrap } from './failures.js';

// As a run's admission: one event where the catalog answers at once, and a wait without events where it is down.
const quick = proxyLocalActivities<Pick<Activities, 'recordBackfill'>>({
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '250ms', maximumAttempts: 3 },
});
const patient = proxyActivities<Pick<Activities, 'recordBackfill'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

/** Partitions that are told at once. */
const MOST_AT_ONCE = 500;

/** Tells the catalog how the backfill stands: one word after the other, each with all that has changed since the one before. */
export class BackfillRecord {
  private head: Omit<BackfillHead, 'change'> | undefined;
  private readonly partitions = new Map<string, BackfillPartition & { readonly at: string }>();
  private work: Promise<void> | undefined;

  constructor(
    private readonly backfill: string,
    /** The number of the latest change. */
    private changes: number,
  ) {}

  get latestChange(): number {
    return this.changes;
  }

  partition(each: BackfillPartition): void {
    this.partitions.set(each.partition, { ...each, at: new Date().toISOString() });
    this.begin();
  }

  whole(head: Omit<BackfillHead, 'change'>): void {
    this.head = head;
    this.begin();
  }

  /** Until everything is told. */
  async settled(): Promise<void> {
    while (this.work) await this.work;
  }

  private begin(): void {
    this.work ??= CancellationScope.nonCancellable(() => this.tell()).finally(() => (this.work = undefined));
  }

  private async tell(): Promise<void> {
    // What changes in the same turn is told together.
    await Promise.resolve();
    while (this.head || this.partitions.size > 0) {
      const change = ++this.changes;
      const changed = [...this.partitions.values()].slice(0, MOST_AT_ONCE);
      for (const { partition } of changed) this.partitions.delete(partition);
      const head = this.head && { ...this.head, change };
      this.head = undefined;
      await this.send({
        backfill: this.backfill,
        ...(head && { head }),
        partitions: changed.map((each): PartitionChange => ({ ...each, change })),
      });
    }
  }

  private async send(fact: Parameters<Activities['recordBackfill']>[0]): Promise<void> {
    try {
      await quick.recordBackfill(fact);
    } catch {
      try {
        await patient.recordBackfill(fact);
      } catch (error) {
        // The backfill itself knows all of it; its runs matter more than what is told of them.
        log.error(`The catalog refuses to be told of the backfill: ${messageOf(unwrap(error))}`);
      }
    }
  }
}
