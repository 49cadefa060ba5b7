import type { RunKey } from './facts.js';

/** So many runs are remembered; a worker has fewer at work. */
const MOST = 1_000;

/**
 * The runs of which this process itself has written that they began. Their steps need not make sure that the run has a row,
 * which takes longer than to write the step.
 */
export class AnnouncedRuns {
  /** By what was open when it was written: of a database that was put in its place they say nothing. */
  private readonly byDatabase = new WeakMap<object, Set<string>>();

  add(opened: object, run: RunKey): void {
    const runs = this.byDatabase.get(opened) ?? new Set();
    if (runs.size >= MOST) runs.clear();
    this.byDatabase.set(opened, runs.add(nameOf(run)));
  }

  has(opened: object, run: RunKey): boolean {
    return this.byDatabase.get(opened)?.has(nameOf(run)) ?? false;
  }
}

function nameOf({ workflowId, runId }: RunKey): string {
  return `${runId} ${workflowId}`;
}
