import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog, type Catalog, type RunRow } from '../../src/catalog/index.js';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { ledgersOf } from '../../src/rebuild/ledgers.js';
import { rebuildCatalog, type RebuildReport } from '../../src/rebuild/rebuild.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { contentsOfFile, type Contents } from '../catalog/fresh-catalog.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/shop');

let db: TestDatabase;
let worker: ProjectWorker;
let temporal: TemporalClient;
let file: string;
let before: Contents;
const ids: Record<string, string> = {};

beforeAll(async () => {
  db = await createTestDatabase();
  const [lake, folder] = [lastingFolder(), lastingFolder()];
  worker = await startProjectWorker(PROJECT, folder, { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url, SHOP_OUT: lastingFolder() });
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  file = path.join(folder, 'catalog.db');
  await writeOrders(lake, 'orders.csv', 50, ['51,,7.5,2024-01', '52,someone,-1,2024-01']);
  await writeOrders(lake, 'good.csv', 20);
  await writeOrders(lake, 'bad.csv', 3, ['4,,7.5,2024-01']);
  await doRuns();
  before = contentsOfFile(file);
  // A history does not keep a step that was at work when its run was terminated.
  before.step_runs = before.step_runs.filter((step) => step['workflow_id'] !== ids['terminated']);
}, 150_000);

afterAll(async () => {
  await temporal?.close();
  await worker?.stop();
  await db?.drop();
});

/** One run of each kind: loaded with rejects, by a watermark, transformed, of a partition, refused, retried, reset, terminated. */
async function doRuns(): Promise<void> {
  const run = async (name: string, pipeline: string, args: readonly unknown[]): Promise<void> => {
    const handle = await worker.start(pipeline, args);
    ids[name] = handle.workflowId;
    await handle.result().catch(() => undefined);
  };
  const where = { path: 'orders.csv', mode: 'append' };
  await run('loaded', 'loadOrders', [{ ...where, table: 'loaded' }]);
  await run('totalled', 'loadTotals', [{ ...where, path: 'good.csv', table: 'totals', mode: 'replace' }]);
  await run('month', 'loadMonth', [{ ...where, path: 'good.csv', table: 'months', month: '2024-02' }]);
  await run('refused', 'loadOrders', [{ ...where, path: 'bad.csv', table: 'refused', maxRejected: 0 }]);
  await run('retried', 'loadOrders', [
    { ...where, path: 'bad.csv', table: 'refused' },
    { retryOf: { workflowId: ids['refused'] } },
  ]);
  await run('joint', 'loadJointly', [{ ...where, table: 'joint' }]);
  await run('jointly refused', 'loadJointly', [{ ...where, path: 'bad.csv', table: 'joint', maxRejected: 0 }]);
  await run('misloaded', 'loadJointly', [{ ...where, table: 'nowhere.misloaded' }]);
  await db.query('CREATE TABLE public.changes AS SELECT 7::bigint AS id');
  await run('changed', 'copyChanges', [{ from: 'changes', cursor: 'id', table: 'changed' }]);
  await run('misstarted', 'loadOrders', [{ nonsense: true }]);
  await resetOne();
  await terminateOne();
}

/** What a person does who resets a run to before its load: another execution, which does that step alone. */
async function resetOne(): Promise<void> {
  const { client } = worker;
  const handle = client.workflow.getHandle(ids['month'] ?? '');
  const { events } = await handle.fetchHistory();
  const load = events?.find((event) => event.activityTaskScheduledEventAttributes?.activityId?.startsWith('load:'));
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
    workflowTaskFinishEventId: load?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId,
    requestId: randomUUID(),
  });
  expect(await handle.result()).toMatchObject({ alreadyDone: true });
}

/** A run whose end no worker sees: the worker's own reconciler closes it in the catalog. */
async function terminateOne(): Promise<void> {
  // By themselves: with BEGIN in the same query, nobody else would see the table.
  await db.query('CREATE TABLE public.held (id int)');
  await db.query('BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE');
  const handle = await worker.start('copyTable', [{ from: 'held', table: 'copied' }]);
  const { workflowId } = handle;
  ids['terminated'] = workflowId;
  await withCatalog(async (catalog) => {
    const run = await catalogHas(catalog, workflowId, (row) => row.status === 'running');
    await until(
      async () => (await catalog.listSteps(workflowId, run.runId)).length > 0,
      () => 'the step has begun',
    );
    await handle.terminate('enough');
    await db.query('ROLLBACK');
    await catalogHas(catalog, workflowId, (row) => row.status === 'terminated');
  });
}

async function catalogHas(catalog: Catalog, workflowId: string, isSo: (row: RunRow) => boolean): Promise<RunRow> {
  let row: RunRow | undefined;
  const look = async (): Promise<boolean> => (row = await catalog.findRun(workflowId)) !== undefined && isSo(row);
  await until(look, () => `the catalog has ${workflowId} so`);
  return row as unknown as RunRow;
}

function discard(): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

async function rebuild(withTemporal: TemporalClient | undefined): Promise<RebuildReport> {
  return withCatalog((catalog) =>
    rebuildCatalog({
      catalog,
      staging: openFolderStaging(worker.project.staging.root),
      temporal: withTemporal,
      pipelines: Object.keys(worker.project.config.pipelines),
      taskQueue: worker.taskQueue,
      ledgers: ledgersOf(worker.project),
      progress: () => undefined,
    }),
  );
}

async function withCatalog<T>(work: (catalog: Catalog) => Promise<T>): Promise<T> {
  const catalog = await openCatalog({ path: file });
  try {
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

/** Some columns of rows, in an order of their own. */
function rowsOf(rows: Contents['runs'], columns: readonly string[]): string[] {
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).toSorted((a, b) => a.localeCompare(b));
}

/** Rows without the times that a history and an activity measure at different moments, by milliseconds. */
function timeless(contents: Contents): Record<string, unknown> {
  const times = new Set(['started_at', 'finished_at', 'loaded_at', 'first_seen_at']);
  const blunt = (row: Contents['runs'][number]): Contents['runs'][number] =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, times.has(name) ? typeof value : value]));
  return Object.fromEntries(
    Object.entries(contents).map(([table, rows]) => [table, rowsOf(rows.map(blunt), Object.keys(rows[0] ?? {}))]),
  );
}

describe('from manifests, histories and ledgers', () => {
  let report: RebuildReport;

  test('a deleted catalog comes back, while the worker works', async () => {
    discard();
    report = await rebuild(temporal);
    expect(timeless(contentsOfFile(file))).toEqual(timeless(before));
  });

  test('times are those of the history, some moments off at most', () => {
    const runs = contentsOfFile(file).runs;
    for (const run of before.runs) {
      const again = runs.find((each) => each['run_id'] === run['run_id']);
      for (const column of ['started_at', 'finished_at']) {
        expect(Math.abs(Date.parse(String(again?.[column])) - Date.parse(String(run[column])))).toBeLessThan(2_000);
      }
    }
  });

  test('the report says what was found and what is nowhere', () => {
    expect(report).toMatchObject({
      runsOfManifests: 0,
      loadsOfLedgers: 0,
      lost: ['Logs of runs, backfills, and what people were asked to approve: they are nowhere else.'],
    });
    expect(report.runs).toBe(before.runs.length);
    expect(report.steps).toBe(before.step_runs.length);
    expect(report.datasets).toBe(before.datasets.length);
  });

  test('done again, it changes nothing', async () => {
    const once = contentsOfFile(file);
    expect(await rebuild(temporal)).toEqual(report);
    expect(contentsOfFile(file)).toEqual(once);
  });

  test('a run can be retried from what came back', async () => {
    const handle = await worker.start('loadOrders', [
      { path: 'orders.csv', mode: 'append', table: 'loaded' },
      { retryOf: { workflowId: ids['loaded'] }, from: 'load:warehouse.loaded' },
    ]);
    expect(await handle.result()).toMatchObject({ alreadyDone: true, rows: 50 });
  });
});

describe('without Temporal', () => {
  test('datasets, lineage, contracts, verdicts, quarantine and loads come back; a refused step stays refused', async () => {
    discard();
    const report = await rebuild(undefined);
    const after = timeless(contentsOfFile(file));
    const expected = timeless(before);
    for (const table of ['datasets', 'dataset_parents', 'contract_versions']) expect(after[table]).toEqual(expected[table]);
    await withCatalog(async (catalog) => {
      const run = await catalog.findRun(ids['loaded'] ?? '');
      const [quarantine] = await catalog.listQuarantine(run?.workflowId ?? '', run?.runId ?? '');
      expect(quarantine).toMatchObject({ step: 'validate:orders', rows: 2, contract: 'Order' });
      await expectRefused(catalog);
    });
    const columns = ['load_id', 'rows', 'target', 'mode'];
    expect(rowsOf(contentsOfFile(file).loads, columns)).toEqual(rowsOf(before.loads, columns));
    expect(report.lost[0]).toMatch(/^\d runs: neither Temporal nor the archive has a history of them/);
    expect(report.loadsOfLedgers).toBe(before.loads.length);
    const moved = contentsOfFile(file).loads.filter((load) => load['watermark'] !== null);
    expect(moved).toMatchObject([{ target: 'warehouse.public.changed' }]);
    expect(JSON.parse(String(moved[0]?.['watermark']))).toMatchObject({ column: 'id', after: null, upTo: '7' });
  });

  test('what was rebuilt without it is completed with it', async () => {
    await rebuild(temporal);
    const { runs, loads } = contentsOfFile(file);
    const columns = ['workflow_id', 'status', 'params'];
    expect(rowsOf(runs, columns)).toEqual(expect.arrayContaining(rowsOf(before.runs, columns)));
    expect(loads.filter((load) => load['attempt'] === 0)).toEqual([]);
  });
});

test('runs whose histories are gone come back by their datasets, forgotten', async () => {
  const workflowId = ids['refused'] ?? '';
  await temporal.client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId } });
  // Temporal deletes in its own time.
  const isGone = (): Promise<boolean> =>
    temporal.client.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => false,
        () => true,
      );
  await until(isGone, () => 'the history is gone');
  discard();
  const report = await rebuild(temporal);
  expect(report.runsOfManifests).toBeGreaterThan(0);
  await withCatalog(async (catalog) => {
    const run = await catalog.findRun(workflowId);
    expect(run).toMatchObject({ pipeline: 'loadOrders', status: 'forgotten', error: { code: 'RUN_FORGOTTEN' } });
    await expectRefused(catalog);
  });
});

/** The step that refused its rows is not taken for one that gave them on: no retry may reuse it. */
async function expectRefused(catalog: Catalog): Promise<void> {
  const run = await catalog.findRun(ids['refused'] ?? '');
  const { workflowId = '', runId = '' } = run ?? {};
  expect(await catalog.listSteps(workflowId, runId)).toMatchObject([
    { step: 'extract:orders', status: 'done' },
    { step: 'validate:orders', status: 'failed', result: null, error: { code: 'CONTRACT_BREACH' } },
  ]);
  expect(await catalog.listQuarantine(workflowId, runId)).toMatchObject([{ step: 'validate:orders', rows: 1 }]);
}
