import type { BackfillChoice } from './backfill.js';

/** The latest run of a partition, in the state that is true now. */
export interface LatestRun {
  readonly workflowId: string;
  readonly runId: string;
  /** As Temporal names it; `forgotten` where neither it nor the catalog knows the end. */
  readonly state: string;
  /** ISO. */
  readonly startedAt: string | null;
}

export interface SelectedPartitions {
  /** In their order. A live run of one of them is waited for. */
  readonly todo: readonly string[];
  readonly leftOut: readonly { readonly partition: string; readonly reason: string }[];
}

/** Whether a run has no end yet. */
export function isOpen(state: string): boolean {
  return state === 'running' || state === 'paused';
}

/** Decides what a backfill has to do, from the latest run of each partition. */
export function selectPartitions(
  partitions: readonly string[],
  only: BackfillChoice,
  latest: ReadonlyMap<string, LatestRun>,
): SelectedPartitions {
  const todo: string[] = [];
  const leftOut: { partition: string; reason: string }[] = [];
  for (const partition of partitions) {
    const reason = reasonToLeaveOut(only, latest.get(partition));
    if (reason === undefined) todo.push(partition);
    else leftOut.push({ partition, reason });
  }
  return { todo, leftOut };
}

function reasonToLeaveOut(only: BackfillChoice, run: LatestRun | undefined): string | undefined {
  if (only === 'all') return undefined;
  if (run?.state === 'completed') return `run ${run.workflowId} has completed`;
  if (only === 'missing') return undefined;
  if (!run) return 'it never ran';
  return isOpen(run.state) ? `run ${run.workflowId} is under way` : undefined;
}
