import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DevRun, Project } from '../../src/config/project.js';
import { partitionsBetween } from '../../src/core/partitions.js';
import { plannedRuns } from '../../src/dev/planned-runs.js';

test('each partition from the first to the last is one run with a workflow id of its own', () => {
  const runs = plannedRuns(project([{ pipeline: 'sales', partitions: ['2001-11', '2002-01'], params: { deep: true } }]));
  expect(runs.map((run) => run.workflowId)).toEqual(['sales/2001-11', 'sales/2001-12', 'sales/2002-01']);
  expect(runs[0]?.params).toEqual({ deep: true, month: '2001-11' });
});

test('a pipeline without partitions is one run', () => {
  expect(plannedRuns(project([{ pipeline: 'plain', params: { n: 1 } }]))).toMatchObject([
    { pipeline: 'plain', params: { n: 1 } },
  ]);
});

test.each([
  [{ pipeline: 'nowhere' }, /dev\.runs\[0\] names the pipeline "nowhere"\. The config has sales, plain/],
  [{ pipeline: 'plain', partitions: ['2001-01', '2001-02'] }, /pipelines\.plain has none/],
  [{ pipeline: 'sales', partitions: ['2001-02', '2001-01'] }, /the earlier one first/],
  [{ pipeline: 'sales', partitions: ['2001-02', '2001-02-05'] }, /no range of partitions/],
] as const)('%j is refused', (run, message) => {
  expect(() => plannedRuns(project([run]))).toThrow(message);
});

test('days are counted over the ends of months and years', () => {
  expect(partitionsBetween('2000-02-28', '2000-03-01')).toEqual(['2000-02-28', '2000-02-29', '2000-03-01']);
  expect(partitionsBetween('1999-12-31', '2000-01-01')).toEqual(['1999-12-31', '2000-01-01']);
  expect(partitionsBetween('2001-05', '2001-05')).toEqual(['2001-05']);
});

function project(runs: readonly DevRun[]): Project {
  const params = z.object({});
  return {
    connections: {},
    contracts: {},
    transforms: {},
    pipelines: { sales: { params, partition: { kind: 'monthly', parameter: 'month', from: '2000-01' } }, plain: { params } },
    dev: { runs },
  };
}
