import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { requireKnownRuns } from '../../src/housekeeping/known-runs.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { runStarted } from '../catalog/sample-facts.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

const MANY = 230;
let project: LoadedProject;
let temporal: TemporalClient;
let catalog: Catalog;

beforeAll(async () => {
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/shop'));
  const catalogPlace = { path: path.join(lastingFolder(), 'catalog.db') };
  project = { ...loaded, taskQueue: `many-${randomUUID().slice(0, 8)}`, catalog: catalogPlace };
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  catalog = await openCatalog(project.catalog);
});

afterAll(async () => {
  await catalog?.close();
  await temporal?.close();
});

async function begin(name: string) {
  const { taskQueue } = project;
  const workflowId = `${taskQueue}/${name}`;
  const handle = await temporal.client.workflow.start('loadOrders', { taskQueue, workflowId, args: [{}] });
  return { workflowId, runId: handle.firstExecutionRunId, handle };
}

test('a catalog that has lost the oldest of many open runs is not believed', async () => {
  const lost = await begin('lost');
  const others = [];
  for (let at = 0; at < MANY; at += 1) {
    const { workflowId, runId, handle } = await begin(String(at));
    await catalog.recordRunStarted(runStarted({ workflowId, runId }));
    others.push(handle);
  }
  const query = `TaskQueue = '${project.taskQueue}' AND ExecutionStatus = 'Running'`;
  await vi.waitUntil(async () => (await temporal.client.workflow.count(query)).count > MANY, { timeout: 30_000 });
  try {
    // Of a run that has just begun, the catalog need not know.
    const check = requireKnownRuns(catalog, temporal, project, Date.now() + 120_000);
    await expect(check).rejects.toMatchObject({ code: 'CATALOG_INCOMPLETE', details: { workflowId: lost.workflowId } });
  } finally {
    await Promise.all([lost.handle, ...others].map((handle) => handle.terminate()));
  }
}, 120_000);
