/** What is swept, in this order: what is known of runs goes last. */
export const SWEEPS = ['staging', 'logs', 'archive', 'catalog', 'audit'] as const;
export type Sweep = (typeof SWEEPS)[number];

/** What housekeeping has removed of one kind, or would. */
export interface Swept {
  readonly sweep: Sweep;
  readonly dryRun: boolean;
  /** How many of what, as `{ datasets: 3 }` or, for rows of the catalog, by table. */
  readonly removed: Readonly<Record<string, number>>;
  /** Bytes of files; rows of a database are not measured. */
  readonly bytes: number;
  /** How many were old enough and stay, by the reason. */
  readonly kept: Readonly<Record<string, number>>;
}

/** What a step that sweeps gives back. */
export interface SweepStepResult {
  readonly swept: Swept;
}

/** A run that is old enough to go, as far as that is to be decided. */
export interface AgedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** ISO. */
  readonly finishedAt: string;
  /** It has rejected rows. */
  readonly rejects: boolean;
  /** Nobody has said yet what became of its history. */
  readonly unarchived: boolean;
  /** The latest completed run of its pipeline and partition. */
  readonly latest: boolean;
  /** A backfill that goes on counts on it. */
  readonly inBackfill: boolean;
}

export interface RunsRequest {
  /** Runs that take steps over from one another: they go together or not at all. */
  readonly scopes: readonly (readonly AgedRun[])[];
  /** ISO: rejected rows of runs that ended later are kept. Absent: all are. */
  readonly rejectedBefore?: string | undefined;
  /** Whether histories are archived at all. */
  readonly archives: boolean;
}

export interface RunsDecision {
  readonly remove: readonly AgedRun[];
  readonly kept: Readonly<Record<string, number>>;
}

/** Decides which of the runs that are old enough go from the catalog. */
export function planRuns({ scopes, rejectedBefore, archives }: RunsRequest): RunsDecision {
  const remove: AgedRun[] = [];
  const kept: Record<string, number> = {};
  for (const runs of scopes) {
    const reason = runs.map(reasonToKeep).find((each) => each !== undefined);
    if (reason === undefined) remove.push(...runs);
    else kept[reason] = (kept[reason] ?? 0) + runs.length;
  }
  return { remove, kept };

  function reasonToKeep(run: AgedRun): string | undefined {
    if (run.latest) return 'latest completed of its pipeline and partition';
    if (run.inBackfill) return 'part of a backfill that goes on';
    if (run.rejects && (rejectedBefore === undefined || run.finishedAt >= rejectedBefore)) return 'has rejected rows';
    return archives && run.unarchived ? 'not archived yet' : undefined;
  }
}

export function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
