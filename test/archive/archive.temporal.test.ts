import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations, ResultOf } from '../../src/api/index.js';
import { archiveClosed } from '../../src/archive/archive-closed.js';
import { startArchiver } from '../../src/archive/archiver.js';
import { archiveKey } from '../../src/archive/document.js';
import { openArchive } from '../../src/archive/open-archive.js';
import type { ArchiveFiles } from '../../src/archive/files.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { archivePlace } from '../../src/config/archive-place.js';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { rebuildCatalog } from '../../src/rebuild/rebuild.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { replayHistories } from '../../src/testing/replay-histories.js';
import { lastingFolder, temporaryFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { runStarted } from '../catalog/sample-facts.js';

const SHOP = path.resolve(import.meta.dirname, '../fixtures/shop');

type Run = WorkflowHandleWithFirstExecutionRunId;

let db: TestDatabase;
let worker: ProjectWorker;
let temporal: TemporalClient;
let catalog: Catalog;
let files: ArchiveFiles;
const warned: string[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  const lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 50);
  await writeOrders(lake, 'bad.csv', 3, ['4,,7.5,2024-01']);
  worker = await startProjectWorker(SHOP, lastingFolder(), { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url });
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  catalog = await openCatalog(worker.project.catalog);
  files = openArchive(placeOfArchive(), worker.project.engine.spillDirectory);
}, 150_000);

afterAll(async () => {
  await catalog?.close();
  await temporal?.close();
  await worker?.stop();
  await db?.drop();
});

function placeOfArchive() {
  const place = archivePlace({ archive: {}, staging: worker.project.staging });
  if (!place) throw new Error('There is no archive');
  return place;
}

function operations(): Operations {
  const states = openTemporalStates(temporal, worker.taskQueue);
  return localOperations({ project: { ...worker.project, archive: {} }, catalog, temporal, states }, localCaller());
}

/** What the worker's own loop does, once. */
async function archive(): Promise<void> {
  const warn = (message: string, facts?: Record<string, unknown>): void =>
    void warned.push(`${message} ${JSON.stringify(facts)}`);
  const mayGoOn = (): Promise<boolean> => Promise.resolve(true);
  await archiveClosed({ catalog, temporal, files, log: { info: () => undefined, warn }, mayGoOn });
}

async function archived(run: Run): Promise<void> {
  const { workflowId, firstExecutionRunId: runId } = run;
  await until(
    async () => {
      await archive();
      return (await catalog.findArchive({ workflowId, runId }))?.state === 'archived';
    },
    () => `the run is archived; ${warned.join('; ')}`,
  );
}

/** As retention does, sooner. */
async function forget({ workflowId, firstExecutionRunId: runId }: Run): Promise<void> {
  const { client } = temporal;
  await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId, runId } });
  const handle = client.workflow.getHandle(workflowId, runId);
  const isGone = (): Promise<boolean> =>
    handle.fetchHistory().then(
      () => false,
      () => true,
    );
  await until(isGone, () => 'Temporal has forgotten the run');
}

async function historyOf(run: string): Promise<ResultOf<'listRunHistory'>['items']> {
  const { listRunHistory } = operations();
  const found: ResultOf<'listRunHistory'>['items'] = [];
  let cursor: string | undefined;
  do {
    const page = await listRunHistory({ run, limit: 7, cursor });
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

function fileOf({ firstExecutionRunId }: Run): string {
  return path.join(files.root, archiveKey(firstExecutionRunId));
}

const where = { path: 'orders.csv', mode: 'append' };

describe('a run that Temporal has forgotten', () => {
  let failed: Run;
  /** Its retry has the same workflow id. */
  let address: string;
  let history: Awaited<ReturnType<typeof historyOf>>;
  let log: ResultOf<'listRunLog'>;
  let shown: ResultOf<'getRun'>;

  beforeAll(async () => {
    failed = await worker.start('loadOrders', [{ ...where, path: 'bad.csv', table: 'late', maxRejected: 0 }]);
    await failed.result().catch(() => undefined);
    address = `${failed.workflowId}@${failed.firstExecutionRunId}`;
    await archived(failed);
    history = await historyOf(address);
    shown = await operations().getRun({ run: address });
    log = await operations().listRunLog({ run: address, limit: 200 });
    await forget(failed);
  }, 90_000);

  test('is shown as before, with how many events it had', async () => {
    const again = await operations().getRun({ run: address });
    expect(again).toMatchObject({
      status: 'failed',
      error: { code: 'CONTRACT_BREACH' },
      params: shown.params,
      historyEvents: history.length,
      archive: { state: 'archived', events: history.length },
    });
    expect(again.steps).toEqual(shown.steps);
    expect(again.archive?.bytes).toBeGreaterThan(100);
  });

  test('has its history, event by event, page by page', async () => {
    expect(history.length).toBeGreaterThan(10);
    expect(history[0]).toMatchObject({ id: 1, type: 'WorkflowExecutionStarted' });
    expect(await historyOf(address)).toEqual(history);
  });

  test('has its log', async () => {
    expect(await operations().listRunLog({ run: address, limit: 200 })).toEqual(log);
  });

  test('is retried like any other, and takes over what it had done', async () => {
    await writeOrders(process.env['SHOP_LAKE'] ?? '', 'good.csv', 4);
    const { workflowId, runId } = await operations().retryRun({
      run: address,
      params: { ...where, path: 'bad.csv', table: 'late', maxRejected: 5 },
    });
    expect(await temporal.client.workflow.getHandle(workflowId, runId).result()).toMatchObject({ rows: 3 });
    const again = await operations().getRun({ run: workflowId });
    expect(again.retryOf).toMatchObject({ runId: failed.firstExecutionRunId });
    expect(again.steps[0]).toMatchObject({ step: 'extract:orders', status: 'reused' });
  });

  test('replays from the archive with the code of today', async () => {
    const [replayed] = await replayHistories({ histories: [fileOf(failed)], directory: SHOP });
    expect(replayed).toMatchObject({ workflowId: failed.workflowId, pipeline: 'loadOrders' });
  });

  test('comes back into a catalog that is made anew', async () => {
    const fresh = await openCatalog({ path: path.join(temporaryFolder(), 'catalog.db') });
    onTestFinished(() => fresh.close());
    const sources = {
      catalog: fresh,
      staging: openFolderStaging(worker.project.staging.root),
      archive: files,
      pipelines: Object.keys(worker.project.config.pipelines),
      taskQueue: worker.taskQueue,
      ledgers: [],
      progress: () => undefined,
    };
    const report = await rebuildCatalog(sources);
    expect(report.archivedRuns).toBeGreaterThan(0);
    const row = await fresh.findRun(failed.workflowId, failed.firstExecutionRunId);
    expect(row).toMatchObject({ status: 'failed', params: shown.params, error: { code: 'CONTRACT_BREACH' } });
    const steps = await fresh.listSteps(failed.workflowId, failed.firstExecutionRunId);
    expect(steps.map(({ step, status }) => [step, status])).toEqual(shown.steps.map(({ step, status }) => [step, status]));
    expect(await fresh.findArchive({ workflowId: failed.workflowId, runId: failed.firstExecutionRunId })).toMatchObject({
      state: 'archived',
    });
    expect((await rebuildCatalog(sources)).archivedRuns).toBe(report.archivedRuns);
  });

  test('with a damaged archive says which file it is, and is shown all the same', async () => {
    const file = fileOf(failed);
    const whole = readFileSync(file);
    const damages: Readonly<Record<string, () => void>> = {
      'cut off': () => truncateSync(file, whole.length - 40),
      'no gzip': () => writeFileSync(file, 'nothing'),
      'no archive': () => writeFileSync(file, gzipSync('{"events":[]}')),
      empty: () => truncateSync(file, 0),
      'of another run': () =>
        writeFileSync(
          file,
          gzipSync(gunzipSync(whole).toString().replaceAll(failed.firstExecutionRunId, failed.firstExecutionRunId.slice(1))),
        ),
      'without its end': () => writeFileSync(file, gzipSync(gunzipSync(whole).toString().replace('\n]}', ''))),
    };
    for (const [what, damage] of Object.entries(damages)) {
      damage();
      await expect(historyOf(address), what).rejects.toMatchObject({
        code: 'ARCHIVE_DAMAGED',
        message: expect.stringContaining(file) as string,
      });
      expect((await operations().getRun({ run: address })).status, what).toBe('failed');
    }
    rmSync(file);
    await expect(historyOf(address)).rejects.toMatchObject({ code: 'HISTORY_FORGOTTEN' });
  });
});

test('a history is archived once, and the same again by whoever does it again', async () => {
  const run = await worker.start('loadOrders', [{ ...where, table: 'twice' }]);
  await run.result();
  await archived(run);
  const text = gunzipSync(readFileSync(fileOf(run))).toString();
  const document = JSON.parse(text) as { archive: object; events: unknown[] };
  expect(document.archive).toMatchObject({
    workflowId: run.workflowId,
    pipeline: 'loadOrders',
    status: 'completed',
    searchAttributes: { MillracePipeline: { data: expect.any(String) as string } },
  });
  const before = readFileSync(fileOf(run));
  await catalog.recordArchive({
    workflowId: run.workflowId,
    runId: run.firstExecutionRunId,
    state: 'archived',
    at: new Date().toISOString(),
  });
  await archive();
  expect(readFileSync(fileOf(run)).equals(before)).toBe(true);
});

test('a run that was forgotten before it was archived is told of in an alert, once, and what is known of it stays', async () => {
  const workflowId = `long-gone-${Date.now()}`;
  const runId = '01a2246d-0000-7000-8000-000000000000';
  await catalog.recordRunStarted({ ...runStarted({ workflowId, runId }), namespace: 'default' });
  const finishedAt = new Date().toISOString();
  await catalog.recordRunFinished({ workflowId, runId, status: 'completed', finishedAt, result: 7 });
  await archive();
  expect(await catalog.findArchive({ workflowId, runId })).toMatchObject({ state: 'missed' });
  const alert = await catalog.findAlert(`archive missed/default/${finishedAt.slice(0, 10)}`);
  expect(alert).toMatchObject({
    kind: 'housekeeping',
    severity: 'critical',
    text: expect.stringContaining(workflowId) as string,
  });
  expect(await operations().getRun({ run: workflowId })).toMatchObject({ result: 7, archive: { state: 'missed' } });
  await expect(historyOf(workflowId)).rejects.toMatchObject({ code: 'HISTORY_FORGOTTEN' });
});

test('a worker archives what has closed by itself, also what closed while it was away', async () => {
  const run = await worker.start('loadOrders', [{ ...where, table: 'alone' }]);
  await run.result();
  const log = { info: () => undefined, warn: (message: string) => void warned.push(message) };
  const loop = startArchiver({ catalog, temporal, files, log, intervalMs: 100, patienceMs: 1_000 });
  onTestFinished(() => loop.stop());
  const second = startArchiver({ catalog, temporal, files, log, intervalMs: 100, patienceMs: 1_000 });
  onTestFinished(() => second.stop());
  const { workflowId, firstExecutionRunId: runId } = run;
  const isArchived = async (): Promise<boolean> => (await catalog.findArchive({ workflowId, runId }))?.state === 'archived';
  await until(isArchived, () => warned.join('; '));
  await loop.stop();
  expect(gunzipSync(readFileSync(fileOf(run))).toString()).toContain(runId);
});

test('a run that goes on is not archived', async () => {
  const handle = await temporal.client.workflow.start('loadOrders', {
    taskQueue: `nobody-${Date.now()}`,
    workflowId: `open-${Date.now()}`,
  });
  const { workflowId, firstExecutionRunId: runId } = handle;
  await catalog.recordRunStarted({ ...runStarted({ workflowId, runId }), namespace: 'default' });
  // As when a worker dies between telling the catalog of the end and telling Temporal.
  await catalog.recordRunFinished({ workflowId, runId, status: 'completed', finishedAt: new Date().toISOString() });
  await archive();
  expect(await catalog.findArchive({ workflowId, runId })).toBeUndefined();
  await handle.terminate();
});
