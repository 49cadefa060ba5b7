import { expect, test } from 'vitest';
import type { BackfillHead, Catalog } from '../../src/catalog/index.js';
import type { BackfillRequest, PartitionChange } from '../../src/core/backfill.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at, loadFinished, runStarted } from './sample-facts.js';

const REQUEST: BackfillRequest = {
  pipeline: 'flightDelays',
  from: '2001-01',
  to: '2001-06',
  only: 'missing',
  concurrency: 2,
  params: { least: 1 },
  stopOnFailure: false,
  by: 'ann',
};

function head(changes: Partial<BackfillHead> = {}): BackfillHead {
  return { request: REQUEST, status: 'running', startedAt: at(0), finishedAt: null, error: null, change: 1, ...changes };
}

function change(partition: string, status: PartitionChange['status'], number: number, more: Partial<PartitionChange> = {}) {
  return { partition, status, attempts: 1, change: number, at: at(number), ...more };
}

async function run(catalog: Catalog, partition: string, second: number, end?: { status: 'completed' | 'failed'; after: number }) {
  const key = { workflowId: `flightDelays/${partition}`, runId: `${partition} ${second}` };
  await catalog.recordRunStarted(runStarted({ ...key, partition, startedAt: at(second) }));
  if (end) await catalog.recordRunFinished({ ...key, status: end.status, finishedAt: at(second + end.after) });
  return key;
}

onBothDatabases((fresh) => {
  test('a backfill is as its latest word has it, whatever comes late or twice', async () => {
    const { catalog } = await fresh();
    const backfill = 'backfill/flightDelays/1';
    const planned = [
      change('2001-01', 'waiting', 1),
      change('2001-02', 'waiting', 1),
      change('2001-03', 'left out', 1, { note: 'run x has completed' }),
    ];
    const facts = [
      { backfill, head: head(), partitions: planned },
      { backfill, partitions: [change('2001-01', 'running', 2, { runId: 'r1' })] },
      { backfill, partitions: [change('2001-01', 'failed', 3, { runId: 'r1', code: 'FILE_MISSING', message: 'no file' })] },
      { backfill, head: head({ status: 'paused', change: 4 }), partitions: [change('2001-02', 'running', 4)] },
    ];
    for (const fact of [...facts, facts[1], facts[0], facts[2]]) await catalog.recordBackfill(fact as (typeof facts)[number]);
    expect(await catalog.findBackfill(backfill)).toEqual({
      backfill,
      request: REQUEST,
      status: 'paused',
      startedAt: at(0),
      finishedAt: null,
      error: null,
      counts: { waiting: 0, running: 1, completed: 0, failed: 1, cancelled: 0 },
      leftOut: 1,
      change: 4,
    });
    expect(await catalog.listBackfillPartitions(backfill)).toEqual([
      {
        partition: '2001-01',
        status: 'failed',
        runId: 'r1',
        attempts: 1,
        changedAt: at(3),
        error: { code: 'FILE_MISSING', message: 'no file' },
        note: null,
      },
      { partition: '2001-02', status: 'running', runId: null, attempts: 1, changedAt: at(4), error: null, note: null },
      {
        partition: '2001-03',
        status: 'left out',
        runId: null,
        attempts: 1,
        changedAt: at(1),
        error: null,
        note: 'run x has completed',
      },
    ]);
    expect(await catalog.findBackfill('another')).toBeUndefined();
    expect(await catalog.listBackfillPartitions('another')).toEqual([]);
  });

  test('as many partitions as a backfill can have are kept at once', async () => {
    const { catalog } = await fresh();
    const partitions = Array.from({ length: 10_000 }, (_, index) => change(String(index).padStart(5, '0'), 'waiting', 1));
    await catalog.recordBackfill({ backfill: 'long', head: head(), partitions });
    expect((await catalog.findBackfill('long'))?.counts.waiting).toBe(10_000);
    expect((await catalog.listBackfillPartitions('long')).map(({ partition }) => partition)).toEqual(
      partitions.map(({ partition }) => partition),
    );
  });

  test('backfills are listed the latest first, in parts, by pipeline and state', async () => {
    const { catalog } = await fresh();
    const other = { ...REQUEST, pipeline: 'orders' };
    await catalog.recordBackfill({ backfill: 'a', head: head({ startedAt: at(1) }), partitions: [] });
    await catalog.recordBackfill({ backfill: 'b', head: head({ startedAt: at(2), status: 'completed' }), partitions: [] });
    await catalog.recordBackfill({ backfill: 'c', head: head({ startedAt: at(2), request: other }), partitions: [] });
    const list = async (filter: Partial<Parameters<Catalog['listBackfills']>[0]>): Promise<string[]> =>
      (await catalog.listBackfills({ limit: 10, ...filter })).map(({ backfill }) => backfill);
    expect(await list({})).toEqual(['c', 'b', 'a']);
    expect(await list({ after: { startedAt: at(2), backfill: 'c' } })).toEqual(['b', 'a']);
    expect(await list({ limit: 1 })).toEqual(['c']);
    expect(await list({ pipelines: ['flightDelays'] })).toEqual(['b', 'a']);
    expect(await list({ pipelines: [] })).toEqual([]);
    expect(await list({ status: 'completed' })).toEqual(['b']);
  });

  test('the latest run of each partition of a range is found, with the rows that it loaded', async () => {
    const { catalog } = await fresh();
    await run(catalog, '2001-01', 10, { status: 'failed', after: 5 });
    const latest = await run(catalog, '2001-01', 100, { status: 'completed', after: 30 });
    await run(catalog, '2001-02', 20);
    await run(catalog, '2001-07', 30, { status: 'completed', after: 5 });
    await catalog.recordStepFinished(loadFinished({ runId: latest.runId }));
    const found = await catalog.latestRunsOf(REQUEST);
    expect(found.toSorted((a, b) => a.partition.localeCompare(b.partition))).toEqual([
      { partition: '2001-01', ...latest, status: 'completed', startedAt: at(100), rows: 97 },
      {
        partition: '2001-02',
        workflowId: 'flightDelays/2001-02',
        runId: '2001-02 20',
        status: 'running',
        startedAt: at(20),
        rows: null,
      },
    ]);
    expect(await catalog.latestRunsOf({ ...REQUEST, pipeline: 'orders' })).toEqual([]);
    expect(await catalog.runDurations('flightDelays', 10)).toEqual([30_000, 5_000]);
    expect(await catalog.runDurations('flightDelays', 1)).toEqual([30_000]);
    expect(await catalog.runDurations('orders', 1)).toEqual([]);
  });
});
