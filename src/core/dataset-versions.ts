import type { Partitioning } from './partitions.js';
import type { DatasetEvent, VersionsState } from './trigger.js';

/** Loads of one dataset and partition that are remembered, so that one told again counts once. */
const LOADS_OF_ONE = 4;
/** Datasets' partitions, and partitions that were started, that are remembered; the ones longest unheard of go first. */
const MOST_REMEMBERED = 10_000;

/** What an event comes to. */
export type Heard =
  | { readonly kind: 'known' }
  /** The partitions to look at: none where nothing that waits lies in what was loaded. */
  | { readonly kind: 'new'; readonly partitions: readonly string[] };

/**
 * Which datasets have a new version for which partition since a pipeline was last started for it.
 *
 * A load of a finer partition counts for the pipeline's partition it lies in (a day for its month); one of a coarser
 * partition, and one without any, for every partition inside it: it completes those that wait, and begins none. For a
 * pipeline without partitions every load counts. Its partition is the empty text.
 */
export class DatasetVersions {
  private sequence = 0;
  private readonly heard = new Map<string, readonly string[]>();
  private readonly versions = new Map<string, { readonly number: number; readonly load: string }>();
  private readonly started = new Map<string, number>();

  constructor(
    private readonly partitioning: Pick<Partitioning, 'kind'> | null,
    private readonly datasets: readonly string[],
    carried?: VersionsState,
    private readonly mostRemembered = MOST_REMEMBERED,
  ) {
    if (!carried) return;
    this.sequence = carried.sequence;
    const named = (index: number): string => carried.datasets[index] ?? '';
    for (const [dataset, partition, loads] of carried.heard) this.heard.set(keyOf(named(dataset), partition), loads);
    for (const [dataset, covers, number, load] of carried.versions) {
      this.versions.set(keyOf(named(dataset), covers), { number, load });
    }
    for (const [partition, number] of carried.started) this.started.set(partition, number);
  }

  take({ dataset, partition, load }: DatasetEvent): Heard {
    if (!this.datasets.includes(dataset)) return { kind: 'known' };
    const key = keyOf(dataset, partition ?? '');
    const loads = this.heard.get(key) ?? [];
    const covers = this.coverOf(partition ?? '');
    // What waits knows its own load, however many others were heard of since.
    if (loads.includes(load) || this.versions.get(keyOf(dataset, covers))?.load === load) return { kind: 'known' };
    remember(this.heard, key, [...loads, load].slice(-LOADS_OF_ONE), this.mostRemembered);
    this.sequence += 1;
    this.versions.set(keyOf(dataset, covers), { number: this.sequence, load });
    const partitions = this.isPartition(covers) ? [covers] : this.waiting().filter((each) => each.startsWith(covers));
    return { kind: 'new', partitions };
  }

  /** Notes a load that a run was started for: told again, it is nothing new. */
  know({ dataset, partition, load }: DatasetEvent): void {
    const key = keyOf(dataset, partition ?? '');
    remember(this.heard, key, [...(this.heard.get(key) ?? []), load].slice(-LOADS_OF_ONE), this.mostRemembered);
  }

  /** The partitions for which some dataset has a new version that names them. */
  waiting(): string[] {
    const found = new Set<string>();
    for (const [key, { number }] of this.versions) {
      const covers = coverIn(key);
      if (this.isPartition(covers) && number > (this.started.get(covers) ?? 0)) found.add(covers);
    }
    return [...found].toSorted();
  }

  /** The datasets that have no new version for a partition. */
  missing(partition: string): string[] {
    return this.datasets.filter((dataset) => this.newest(dataset, partition) === undefined);
  }

  /** The datasets that have a new version for a partition, each with its load. */
  present(partition: string): string[] {
    return this.datasets.flatMap((dataset) => {
      const newest = this.newest(dataset, partition);
      return newest ? [`${dataset} ${newest.load}`] : [];
    });
  }

  /** Notes that the pipeline is started for a partition: what was new until now is old. */
  start(partition: string): void {
    remember(this.started, partition, this.sequence, this.mostRemembered);
    // What named this partition alone is used up; what covers others too stays.
    if (this.partitioning) for (const dataset of this.datasets) this.versions.delete(keyOf(dataset, partition));
  }

  /**
   * Forgets the partition that has waited longest.
   * @returns its name; `undefined` while no more than so many versions wait
   */
  dropBeyond(most: number): string | undefined {
    if (this.versions.size <= most) return undefined;
    const oldest = [...this.versions.keys()].map(coverIn).find((covers) => covers !== '' && this.isPartition(covers));
    if (oldest !== undefined) for (const dataset of this.datasets) this.versions.delete(keyOf(dataset, oldest));
    return oldest;
  }

  state(): VersionsState {
    const datasets = [...new Set([...this.heard.keys(), ...this.versions.keys()].map(datasetIn))];
    const numbers = new Map(datasets.map((dataset, index) => [dataset, index]));
    const numberOf = (key: string): number => numbers.get(datasetIn(key)) ?? 0;
    return {
      sequence: this.sequence,
      datasets,
      heard: [...this.heard].map(([key, loads]) => [numberOf(key), coverIn(key), loads]),
      versions: [...this.versions].map(([key, { number, load }]) => [numberOf(key), coverIn(key), number, load]),
      started: [...this.started],
    };
  }

  private newest(dataset: string, partition: string): { readonly load: string } | undefined {
    const since = this.started.get(partition) ?? 0;
    const covers = new Set([partition, partition.slice(0, 7), '']);
    const found = [...covers].flatMap((each) => this.versions.get(keyOf(dataset, each)) ?? []);
    return found.filter(({ number }) => number > since).toSorted((a, b) => b.number - a.number)[0];
  }

  private coverOf(partition: string): string {
    if (!this.partitioning) return '';
    return this.partitioning.kind === 'monthly' ? partition.slice(0, 7) : partition;
  }

  private isPartition(covers: string): boolean {
    if (!this.partitioning) return true;
    return covers.length === (this.partitioning.kind === 'monthly' ? 7 : 10);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  // Set anew, so that the map is in order of use.
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}

const SEPARATOR = '\n';

function keyOf(dataset: string, partition: string): string {
  return `${dataset}${SEPARATOR}${partition}`;
}

function datasetIn(key: string): string {
  return key.slice(0, key.lastIndexOf(SEPARATOR));
}

function coverIn(key: string): string {
  return key.slice(key.lastIndexOf(SEPARATOR) + 1);
}
