import { describe, expect, test } from 'vitest';
import { planSweep, type DatasetUse, type StagedDataset, type SweepRequest } from '../../src/core/staging-sweep.js';

const BEFORE = '2026-11-01T00:00:00.000Z';
const OLD = '2026-10-01T00:00:00.000Z';
const YOUNG = '2026-11-02T00:00:00.000Z';

function dataset(uri: string, changes: Partial<StagedDataset> = {}): StagedDataset {
  return { uri, name: uri, rows: 1, bytes: 10, createdAt: OLD, usedAt: OLD, rejectedRows: 0, reads: [], ...changes };
}

function use(uri: string, changes: Partial<DatasetUse> = {}): DatasetUse {
  return { uri, workflowId: 'run', runId: '1', loadScope: 'run/1/0', status: 'completed', at: OLD, ...changes };
}

function plan(request: Partial<SweepRequest>): Record<string, string> {
  const decisions = planSweep({ datasets: [], uses: [], before: BEFORE, quarantine: false, ...request });
  return Object.fromEntries(decisions.map((decision) => [decision.dataset.uri, decision.keep ?? 'goes']));
}

describe('a sweep of staging', () => {
  test('removes what nobody has used since, also when no run is known', () => {
    const datasets = [dataset('old'), dataset('of a run'), dataset('young', { usedAt: YOUNG })];
    expect(plan({ datasets, uses: [use('of a run')] })).toEqual({ old: 'goes', 'of a run': 'goes', young: 'used lately' });
  });

  test('counts the end of a run as a use', () => {
    expect(plan({ datasets: [dataset('a')], uses: [use('a'), use('a', { runId: '2', at: YOUNG })] })).toEqual({
      a: 'used lately',
    });
  });

  test('keeps what a running run uses, however old', () => {
    expect(plan({ datasets: [dataset('a')], uses: [use('a', { status: 'running' })] })).toEqual({ a: 'used by a running run' });
  });

  test('keeps what a running run has taken over from the run that it retries', () => {
    const retry = use('b', { workflowId: 'other', status: 'running' });
    const datasets = [dataset('a'), dataset('b')];
    expect(plan({ datasets, uses: [use('a', { status: 'failed' }), retry] })).toEqual({
      a: 'used by a running run',
      b: 'used by a running run',
    });
  });

  test('keeps the files that a kept dataset reads, through any number of others', () => {
    const datasets = [
      dataset('a'),
      dataset('b', { reads: ['a'] }),
      dataset('c', { reads: ['b'], usedAt: YOUNG }),
      dataset('d', { reads: ['a'] }),
    ];
    expect(plan({ datasets })).toEqual({
      a: 'another dataset reads its files',
      b: 'another dataset reads its files',
      c: 'used lately',
      d: 'goes',
    });
  });

  test('keeps rejected rows unless it is told otherwise', () => {
    const datasets = [dataset('a', { rejectedRows: 3 })];
    expect([plan({ datasets }), plan({ datasets, quarantine: true })]).toEqual([{ a: 'holds rejected rows' }, { a: 'goes' }]);
  });

  test('names the failed and cancelled runs whose retry would have reused a dataset', () => {
    const uses = [use('a'), use('a', { runId: '2', status: 'failed' }), use('a', { runId: '3', status: 'cancelled' })];
    const [decision] = planSweep({ datasets: [dataset('a')], uses, before: BEFORE, quarantine: false });
    expect(decision?.retriesLose.map(({ runId }) => runId)).toEqual(['2', '3']);
  });
});
