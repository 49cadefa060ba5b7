import type { PartitionStatus } from './backfill.js';

/** The mark of a partition on the map. */
export const MARKS: Readonly<Record<PartitionStatus, string>> = {
  waiting: '.',
  running: '>',
  completed: '#',
  failed: 'x',
  cancelled: '/',
  'left out': '-',
};

interface Marked {
  readonly partition: string;
  readonly status: PartitionStatus;
}

/**
 * Partitions as a text map, a mark each: a line a year for months, a line a month for days.
 *
 * @param partitions of one kind, in their order
 */
export function backfillMap(partitions: readonly Marked[]): string[] {
  const lines = new Map<string, string>();
  for (const { partition, status } of partitions) {
    const label = partition.slice(0, partition.lastIndexOf('-'));
    const column = Number(partition.slice(label.length + 1)) - 1;
    lines.set(label, (lines.get(label) ?? '').padEnd(column) + MARKS[status]);
  }
  return [...lines].map(([label, marks]) => `${label}  ${marks}`);
}

/** What the marks of a map mean: of the states that are on it. */
export function mapLegend(partitions: readonly Marked[]): string {
  const present = new Set(partitions.map(({ status }) => status));
  return (Object.keys(MARKS) as PartitionStatus[])
    .filter((status) => present.has(status))
    .map((status) => `${MARKS[status]} ${status}`)
    .join('   ');
}
