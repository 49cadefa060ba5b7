import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

let db: TestDatabase;
let worker: ProjectWorker;
let service: ProjectService;

beforeAll(async () => {
  db = await createTestDatabase();
  const lake = lastingFolder();
  await writeFile(path.join(lake, 'sound.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,20,2024-01\n');
  await writeFile(path.join(lake, 'customers.csv'), 'id,since\n1,2020-01-01\n2,2024-01-01\n');
  const project = path.resolve(import.meta.dirname, '../fixtures/audits');
  worker = await startProjectWorker(project, lastingFolder(), { AUDITS_LAKE: lake, AUDITS_WAREHOUSE: db.url });
  service = await startProjectService(worker.project);
});

afterAll(async () => {
  await service?.stop();
  await worker?.stop();
  await db?.drop();
});

test('a run that is started by HTTP is listed, and shown with its steps and its result', async () => {
  const { operations } = service;
  const started = await operations.startRun({ pipeline: 'checkOrders', params: { path: 'sound.csv' } });
  expect(started).toMatchObject({ pipeline: 'checkOrders', taskQueue: worker.taskQueue, started: true, worker: true });
  const address = { run: `${started.workflowId}@${started.runId}` };
  await vi.waitUntil(async () => (await operations.getRun(address)).status === 'completed', { timeout: 30_000, interval: 200 });
  const run = await operations.getRun(address);
  expect(run.steps.map(({ step, status }) => [step, status])).toContainEqual(['extract:orders', 'done']);
  expect((await operations.listRuns({ pipeline: 'checkOrders' })).items[0]).toMatchObject({
    workflowId: started.workflowId,
    status: 'completed',
    error: null,
  });
  const again = { run: started.workflowId, params: { file: 'sound.csv' } };
  await expect(operations.retryRun(again)).rejects.toMatchObject({ code: 'PARAMETERS_INVALID' });
  expect(await operations.getRun({ run: started.workflowId })).toMatchObject({ runId: started.runId });
});

test('what is wrong is told as a problem document, with its code', async () => {
  const response = await fetch(`${service.url}/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pipeline: 'checkOrder' }),
  });
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({
    code: 'PIPELINE_UNKNOWN',
    status: 404,
    detail: expect.stringContaining('"checkOrders"'),
  });
  await expect(service.operations.startRun({ pipeline: 'checkOrders', params: {} })).rejects.toMatchObject({
    code: 'PARAMETERS_INVALID',
  });
  await expect(service.operations.getRun({ run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});
