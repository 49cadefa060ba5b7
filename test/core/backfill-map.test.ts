import { expect, test } from 'vitest';
import { backfillMap, mapLegend } from '../../src/core/backfill-map.js';
import { countPartitions, reasonText, type PartitionStatus } from '../../src/core/backfill.js';
import { selectPartitions } from '../../src/core/backfill-selection.js';
import { partitionsBetween } from '../../src/core/partitions.js';

const marked = (from: string, to: string, status: (index: number) => PartitionStatus) =>
  partitionsBetween(from, to).map((partition, index) => ({ partition, status: status(index) }));

test('months are a line a year, each in the column of its month', () => {
  const states: PartitionStatus[] = ['left out', 'completed', 'failed', 'cancelled', 'running', 'waiting'];
  const partitions = marked('2023-11', '2024-04', (index) => states[index] as PartitionStatus);
  expect(backfillMap(partitions)).toEqual(['2023            -#', '2024  x/>.']);
  expect(mapLegend(partitions)).toBe('. waiting   > running   # completed   x failed   / cancelled   - left out');
});

test('days are a line a month, and a legend names what is on the map', () => {
  const partitions = marked('2024-02-28', '2024-03-02', () => 'completed');
  expect(backfillMap(partitions)).toEqual([`2024-02  ${' '.repeat(27)}##`, '2024-03  ##']);
  expect(mapLegend(partitions)).toBe('# completed');
  expect([backfillMap([]), mapLegend([])]).toEqual([[], '']);
});

test.each([
  ['missing', ['a', 'b', 'c', 'e'], ['d']],
  ['failed', ['b', 'c'], ['a', 'd', 'e']],
  ['all', ['a', 'b', 'c', 'd', 'e'], []],
] as const)('of partitions in every state, "%s" selects %j', (only, todo, leftOut) => {
  const run = (state: string) => ({ workflowId: 'w', runId: 'r', state, startedAt: null });
  const latest = new Map([
    ['b', run('failed')],
    ['c', run('forgotten')],
    ['d', run('completed')],
    ['e', run('running')],
  ]);
  const selected = selectPartitions(['a', 'b', 'c', 'd', 'e'], only, latest);
  expect(selected.todo).toEqual(todo);
  expect(selected.leftOut.map(({ partition }) => partition)).toEqual(leftOut);
});

test('the reason of a failure is kept without its code, and cut', () => {
  expect(reasonText('X_Y', 'It failed. [X_Y]')).toBe('It failed.');
  expect(reasonText('X_Y', 'x'.repeat(1_000))).toHaveLength(401);
});

test('partitions are counted by their state, but for those that are left out', () => {
  const partitions = marked('2024-01', '2024-03', (index) => (index === 0 ? 'left out' : 'failed'));
  expect(countPartitions(partitions)).toEqual({ waiting: 0, running: 0, completed: 0, failed: 2, cancelled: 0 });
});
