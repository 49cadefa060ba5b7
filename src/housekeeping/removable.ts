import type { SweepDecision } from '../core/staging-sweep.js';
import type { StagedAttempt } from '../engine/staging-inventory.js';

/** Nobody here knows whether a process of another host is alive: what it wrote must have rested for a day at least. */
const OTHER_HOST_MS = 86_400_000;

/** Whether nobody will go on with an attempt: its process is dead, or nothing has touched it for so long. */
export function isLeft({ dead, changedAt }: StagedAttempt, olderThanMs = OTHER_HOST_MS): boolean {
  if (dead !== undefined) return dead;
  return Date.now() - Date.parse(changedAt) > Math.max(olderThanMs, OTHER_HOST_MS);
}

/** Datasets before those whose files they read, so that none is ever there in part. */
export function inRemovalOrder(decisions: readonly SweepDecision[]): SweepDecision[] {
  return decisions.toSorted((a, b) => b.dataset.reads.length - a.dataset.reads.length);
}
