import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveFiles } from '../archive/files.js';
import type { Catalog } from '../catalog/index.js';
import type { Retention } from '../config/retention.js';
import { addCounts, type Swept } from '../core/retention.js';
import type { StagingInventory } from '../engine/staging-inventory.js';

/** What a sweep works with. */
export interface SweepContext {
  readonly catalog: Catalog;
  readonly inventory: StagingInventory;
  /** Absent for a project without an archive. */
  readonly archive?: ArchiveFiles | undefined;
  /** Whose runs these are: several projects may share an archive. */
  readonly project: { readonly namespace: string; readonly taskQueue: string };
  readonly retention: Retention;
  /** Only says what would go. */
  readonly dryRun: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** Told how many things were looked at so far. */
  readonly progress: (done: number) => void;
}

/** What a sweep has to tell. */
export type Tidied = Pick<Swept, 'removed' | 'bytes' | 'kept'>;

export const NOTHING: Tidied = { removed: {}, bytes: 0, kept: {} };

/** Things of one batch: small, so that nobody waits for the catalog and a sweep that is stopped has lost little. */
export const BATCH = 50;

/** ISO: what ended or was used before is old; `undefined` where everything is kept. */
export function limitOf(context: Pick<SweepContext, 'now'>, ageMs: number): string;
export function limitOf(context: Pick<SweepContext, 'now'>, ageMs: number | undefined): string | undefined;
export function limitOf({ now }: Pick<SweepContext, 'now'>, ageMs: number | undefined): string | undefined {
  return ageMs === undefined ? undefined : new Date(now - ageMs).toISOString();
}

/** Between two batches: a catalog in a file answers without a wait, and nothing else of the worker, heartbeats too, would get on. */
export async function breathe(): Promise<void> {
  await sleep(1);
}

/** Removes batch by batch, until nothing is left of it or the sweep is to stop; gives what went, by its kind. */
export async function removeAll(
  signal: AbortSignal,
  removeBatch: () => Promise<Readonly<Record<string, number>>>,
): Promise<Record<string, number>> {
  let removed: Record<string, number> = {};
  while (!signal.aborted) {
    const gone = await removeBatch();
    if (Object.keys(gone).length === 0) break;
    removed = addCounts(removed, gone);
    await breathe();
  }
  return removed;
}
