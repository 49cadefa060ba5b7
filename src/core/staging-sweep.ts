import { groupBy } from './group-by.js';

/** A dataset in staging, as its folder tells. */
export interface StagedDataset {
  /** The manifest's place, as `DatasetRef.uri`. */
  readonly uri: string;
  readonly name: string;
  readonly rows: number | null;
  /** Bytes of its folder. */
  readonly bytes: number;
  /** ISO. */
  readonly createdAt: string;
  /** ISO: when a step last made it, or found it and used it again. */
  readonly usedAt: string;
  /** Rejected rows that its folder holds. */
  readonly rejectedRows: number;
  /** Datasets, by uri, whose files it reads as its own. */
  readonly reads: readonly string[];
}

/** That a step of a run made a dataset, or found it and used it. An empty `uri` says only that the run is there. */
export interface DatasetUse {
  readonly uri: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Runs that take steps over from one another, by retry or reset, have the same. */
  readonly loadScope: string | null;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out' | 'continued' | 'forgotten';
  /** ISO; of a run that goes on, its start. */
  readonly at: string;
}

export interface SweepRequest {
  readonly datasets: readonly StagedDataset[];
  readonly uses: readonly DatasetUse[];
  /** ISO: what was used later is kept. */
  readonly before: string;
  /** Also remove datasets that hold rejected rows. */
  readonly quarantine: boolean;
  /** ISO: of datasets that hold rejected rows, those that were used later are kept. @default `before` */
  readonly rejectedBefore?: string;
}

/** Why a dataset stays. */
export type KeepReason = 'used by a running run' | 'used lately' | 'holds rejected rows' | 'another dataset reads its files';

export interface SweepDecision {
  readonly dataset: StagedDataset;
  /** Absent: it goes. */
  readonly keep?: KeepReason;
  /** Runs that could be retried and would then do this work anew; told of, whenever the dataset goes. */
  readonly retriesLose: readonly DatasetUse[];
}

/**
 * Decides which datasets may go: those that nothing has used since `before`. Never one that a running run needs (with all that
 * it took over from earlier runs), nor one whose files a dataset that stays reads.
 */
export function planSweep({ datasets, uses, before, quarantine, rejectedBefore = before }: SweepRequest): SweepDecision[] {
  const scopesAtWork = new Set(uses.filter(({ status }) => status === 'running').map(scopeOf));
  const usesOf = groupBy(uses, ({ uri }) => uri);
  const reasons = new Map<string, KeepReason>();
  for (const { uri, usedAt, rejectedRows } of datasets) {
    const own = usesOf.get(uri) ?? [];
    if (own.some((use) => scopesAtWork.has(scopeOf(use)))) reasons.set(uri, 'used by a running run');
    else if ([usedAt, ...own.map(({ at }) => at)].some((time) => time >= before)) reasons.set(uri, 'used lately');
    else if (rejectedRows > 0 && !quarantine) reasons.set(uri, 'holds rejected rows');
    else if (rejectedRows > 0 && [usedAt, ...own.map(({ at }) => at)].some((time) => time >= rejectedBefore))
      reasons.set(uri, 'holds rejected rows');
  }
  keepWhatIsRead(datasets, reasons);
  return datasets.map((dataset) => {
    const keep = reasons.get(dataset.uri);
    return { dataset, ...(keep && { keep }), retriesLose: (usesOf.get(dataset.uri) ?? []).filter(isRetriable) };
  });
}

function keepWhatIsRead(datasets: readonly StagedDataset[], reasons: Map<string, KeepReason>): void {
  const byUri = new Map(datasets.map((dataset) => [dataset.uri, dataset]));
  const waiting = datasets.filter(({ uri }) => reasons.has(uri));
  for (let dataset = waiting.pop(); dataset; dataset = waiting.pop()) {
    for (const uri of dataset.reads) {
      const read = byUri.get(uri);
      if (!read || reasons.has(uri)) continue;
      reasons.set(uri, 'another dataset reads its files');
      waiting.push(read);
    }
  }
}

function scopeOf({ loadScope, workflowId, runId }: DatasetUse): string {
  return loadScope ?? `${workflowId}@${runId}`;
}

function isRetriable({ status }: DatasetUse): boolean {
  return status !== 'running' && status !== 'completed' && status !== 'continued';
}
