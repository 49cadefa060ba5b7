/** Which runs are listed. */
export interface RunFilter {
  readonly pipeline?: string;
  /** Only runs of these pipelines. @default of any */
  readonly pipelines?: readonly string[];
  readonly partition?: string;
  readonly owner?: string;
  /** Only runs that the catalog has in one of these states. @default in any */
  readonly statuses?: readonly string[];
  /** Only runs that started then or later, or before. */
  readonly since?: string;
  readonly until?: string;
  /** Only runs that come after this one in the list. */
  readonly after?: RunPlace;
  readonly limit: number;
}

/** Where a run stands in the list of runs. */
export interface RunPlace {
  readonly startedAt: string | null;
  readonly runId: string;
}
