import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { archive } from '../housekeeping/scenario.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

let project: LoadedProject;
let temporal: TemporalClient;
let catalog: Catalog;

beforeAll(async () => {
  const folder = lastingFolder();
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/shop'));
  const places = { staging: { root: path.join(folder, 'staging') }, catalog: { path: path.join(folder, 'catalog.db') } };
  project = { ...loaded, ...places, archive: {}, taskQueue: 'shop' };
  temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  catalog = await openCatalog(project.catalog);
});

afterAll(async () => {
  await catalog?.close();
  await temporal?.close();
});

async function historyOf(run: string) {
  const states = openTemporalStates(temporal, project.taskQueue);
  return localOperations({ project, catalog, temporal, states }, localCaller()).listRunHistory({ run });
}

test('a history whose run has left Temporal and the catalog is still read by the run’s id', async () => {
  const run = { workflowId: 'orders/2001-01', pipeline: 'loadOrders', closedAt: '2001-02-01T00:00:00.000Z' };
  const [runId, ofOther] = [randomUUID(), randomUUID()];
  await archive({ ...run, runId, taskQueue: 'shop' }, project.staging.root);
  await archive({ ...run, runId: ofOther, taskQueue: 'another project' }, project.staging.root);
  expect(await historyOf(`orders/2001-01@${runId}`)).toEqual({ items: [], next: null });
  for (const unknown of [
    `orders/2001-02@${runId}`,
    `orders/2001-01@${ofOther}`,
    `orders/2001-01@${randomUUID()}`,
    'orders/2001-01',
  ])
    await expect(historyOf(unknown), unknown).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});
