import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { OPERATIONS, type OperationId, type ResultOf } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { remoteOperations } from '../../src/client/http.js';
import { lastingFolder } from '../support/folder.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

let worker: ProjectWorker;
let service: ProjectService;
let catalog: Catalog;
/** One that rejected rows, and one that rejected none. */
let run: string;
let sound: string;

beforeAll(async () => {
  const lake = lastingFolder();
  await writeFile(path.join(lake, 'orders.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,,2024-01\n3,3,x,2024-01\n');
  await writeFile(path.join(lake, 'sound.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,20,2024-01\n');
  const project = path.resolve(import.meta.dirname, '../fixtures/audits');
  const env = { AUDITS_LAKE: lake, AUDITS_WAREHOUSE: 'postgres://nobody@127.0.0.1:1/none' };
  worker = await startProjectWorker(project, lastingFolder(), env);
  service = await startProjectService(worker.project);
  catalog = await openCatalog(worker.project.catalog);
  run = await finished('judgeOrders', { path: 'orders.csv' });
  sound = await finished('judgeOrders', { path: 'sound.csv' });
});

afterAll(async () => {
  await catalog?.close();
  await service?.stop();
  await worker?.stop();
});

/** Starts a run and waits for its end. */
async function finished(pipeline: string, params: Record<string, unknown>): Promise<string> {
  const { workflowId } = await service.operations.startRun({ pipeline, params });
  const ended = async () => (await service.operations.getRun({ run: workflowId })).status !== 'running';
  await vi.waitUntil(ended, { timeout: 45_000, interval: 200 });
  return workflowId;
}

/** Holds an answer against its schema, as strictly as OpenAPI tells it. */
function fits<Id extends OperationId>(id: Id, result: ResultOf<Id>): ResultOf<Id> {
  return OPERATIONS[id].result.parse(result) as ResultOf<Id>;
}

describe('datasets', () => {
  test('are listed by name and pipeline, page by page', async () => {
    const { listDatasets } = service.operations;
    const { items } = fits('listDatasets', await listDatasets({ pipeline: 'judgeOrders' }));
    expect(items.map(({ name }) => name)).toContain('orders');
    expect((await listDatasets({ name: 'nothing' })).items).toEqual([]);
    await expect(listDatasets({ pipeline: 'nothing' })).rejects.toMatchObject({ code: 'PIPELINE_UNKNOWN' });
    const pages: string[] = [];
    let cursor: string | null = null;
    do {
      const page: ResultOf<'listDatasets'> = await listDatasets({ limit: 1, ...(cursor !== null && { cursor }) });
      pages.push(...page.items.map(({ uri }) => uri));
      cursor = page.next;
    } while (cursor !== null);
    expect(pages).toEqual((await listDatasets({ limit: 200 })).items.map(({ uri }) => uri));
  });

  test('are shown with columns, lineage, quality and the steps that made them', async () => {
    const { items } = await service.operations.listDatasets({ name: 'orders' });
    const judged = items.find(({ contract }) => contract !== null);
    const [raw] = (await service.operations.getDataset({ dataset: judged?.uri ?? '' })).parents;
    const dataset = fits('getDataset', await service.operations.getDataset({ dataset: judged?.uri ?? '' }));
    expect(dataset).toMatchObject({ name: 'orders', parents: [{ uri: raw?.uri, name: 'orders' }], children: [], loads: [] });
    expect(dataset.columns.map(({ name }) => name)).toContain('amount');
    expect(dataset.quality).toMatchObject({ rowsRead: 2, accepted: 2, rejected: 0, reasons: [] });
    expect(dataset.steps).toMatchObject([{ workflowId: sound, pipeline: 'judgeOrders', step: 'validate:orders' }]);
    const source = await service.operations.getDataset({ dataset: raw?.uri ?? '' });
    expect(source.children).toMatchObject([{ uri: judged?.uri }]);
    await expect(service.operations.getDataset({ dataset: 'datasets/none' })).rejects.toMatchObject({ code: 'DATASET_UNKNOWN' });
  });
});

test('the quarantine of a run is shown by step, with some of its rows', async () => {
  const { listQuarantine } = service.operations;
  const { steps } = fits('listQuarantine', await listQuarantine({ run }));
  expect(steps).toMatchObject([{ step: 'validate:orders', rowsRead: 3, replays: [] }]);
  const [step] = steps;
  expect(step?.rejected).toBeGreaterThan(0);
  expect(step?.sample).toHaveLength(step?.rejected ?? 0);
  expect(step?.sample?.[0]).toMatchObject({ source: 'orders.csv', line: 3, reasons: [{ path: 'amount' }] });
  expect((await listQuarantine({ run, step: 'orders', limit: 1 })).steps[0]?.sample).toHaveLength(1);
  expect((await listQuarantine({ run, limit: 0 })).steps[0]?.sample).toEqual([]);
  await expect(listQuarantine({ run, step: 'other' })).rejects.toMatchObject({ code: 'QUARANTINE_UNKNOWN' });
  await expect(listQuarantine({ run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});

test('the log of a run is listed page by page', async () => {
  const { listRunLog } = service.operations;
  const { items } = fits('listRunLog', await listRunLog({ run, limit: 200 }));
  expect(items[0]?.id).toBe('begin');
  expect(items.at(-1)?.id).toBe('end');
  const first = await listRunLog({ run, limit: 2 });
  const rest = await listRunLog({ run, limit: 200, cursor: first.next ?? '' });
  expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(items.map(({ id }) => id));
});

test('a run that Temporal has terminated, and the catalog has as running, is listed as terminated', async () => {
  const handle = await worker.client.workflow.start('judgeOrders', {
    taskQueue: `${worker.taskQueue}-unpolled`,
    workflowId: 'gone',
    args: [{ path: 'orders.csv' }],
  });
  const key = { workflowId: 'gone', runId: handle.firstExecutionRunId };
  const scope = { pipeline: 'judgeOrders', loadScope: 'gone', taskQueue: worker.taskQueue, workerIdentity: 'nobody' };
  await catalog.recordRunStarted({ ...key, ...scope, firstRunId: key.runId, params: {}, startedAt: new Date().toISOString() });
  const listed = async (status?: 'running' | 'terminated') =>
    (await service.operations.listRuns({ pipeline: 'judgeOrders', limit: 1, ...(status && { status }) })).items;
  expect(await listed('running')).toMatchObject([{ workflowId: 'gone', status: 'running' }]);
  expect(await listed('terminated')).toEqual([]);
  await handle.terminate('for the test');
  await vi.waitUntil(async () => (await listed('terminated')).length > 0, { timeout: 30_000, interval: 200 });
  expect(await catalog.findRun('gone')).toMatchObject({ status: 'running' });
  expect(await listed()).toMatchObject([{ workflowId: 'gone', status: 'terminated', finishedAt: expect.any(String) }]);
  expect(await listed('running')).toEqual([]);
  expect(fits('getRun', await service.operations.getRun({ run: 'gone' }))).toMatchObject({ status: 'terminated' });
});

test('a history does not go on from a cursor that somebody has made up', async () => {
  const cursor = Buffer.from(JSON.stringify({ id: 0, token: 'AAAA' })).toString('base64url');
  await expect(service.operations.listRunHistory({ run, cursor })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

test('lists begin and end with a time in whole seconds too', async () => {
  const { startedAt } = await service.operations.getRun({ run });
  const second = `${startedAt?.slice(0, 19)}Z`;
  const after = new Date(Date.parse(second) + 1000).toISOString().replace('.000', '');
  const listed = async (range: object) =>
    (await service.operations.listRuns({ limit: 200, ...range })).items.some(({ workflowId }) => run.startsWith(workflowId));
  expect(await listed({ since: second, until: after })).toBe(true);
  expect(await listed({ until: second })).toBe(false);
  expect(await listed({ since: after })).toBe(false);
});

test('a dataset of others is not told from one that there is none of', async () => {
  const own = await finished('checkOrders', { path: 'none.csv' });
  const admin = await service.operations.createToken({ name: 'admin', role: 'admin' });
  const only = async (pipeline: string) => {
    const wanted = { name: pipeline, role: 'operator' as const, pipelines: [pipeline] };
    const { token } = await remoteOperations({ url: service.url, token: admin.token }).createToken(wanted);
    return remoteOperations({ url: service.url, token });
  };
  const other = await only('publish');
  expect((await other.listDatasets({})).items).toEqual([]);
  const [dataset] = await catalog.listDatasets({ limit: 1 });
  await expect(other.getDataset({ dataset: dataset?.uri ?? '' })).rejects.toMatchObject({ code: 'DATASET_UNKNOWN' });
  const mine = await only('checkOrders');
  const marked = { run: own, step: 'orders', dataset: dataset?.uri ?? '', reason: 'theirs' };
  await expect(mine.markStep(marked)).rejects.toMatchObject({
    code: 'DATASET_UNKNOWN',
  });
  await expect(other.listQuarantine({ run })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(other.listRunLog({ run })).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
