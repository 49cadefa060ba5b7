import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { CheckpointName } from '../../src/connectors/contract.js';
import { openCable, type Cable } from '../support/cable.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

const SHOP = path.resolve(import.meta.dirname, '../fixtures/shop');
const OUTAGE_MS = 7_000;

let db: TestDatabase;
let cable: Cable;
let worker: ProjectWorker;
let restoredAt = 0;
let cutAt: CheckpointName | undefined;

/** Cuts the worker off from the catalog, and lets it back after some seconds. */
function cut(): void {
  cutAt = undefined;
  cable.cutAfterBytes(1);
  setTimeout(() => {
    restoredAt = Date.now();
    cable.cutAfterBytes(Number.POSITIVE_INFINITY);
  }, OUTAGE_MS);
}

beforeAll(async () => {
  db = await createTestDatabase();
  cable = await openCable(new URL(db.url));
  const lake = lastingFolder();
  await writeOrders(lake, 'orders.csv', 20);
  const url = Object.assign(new URL(db.url), { port: String(cable.port) }).toString();
  const checkpoint = (name: CheckpointName): Promise<void> => Promise.resolve(name === cutAt ? cut() : undefined);
  const options = { catalog: { url, schema: 'millrace_catalog' }, checkpoint };
  worker = await startProjectWorker(SHOP, lastingFolder(), { SHOP_LAKE: lake, SHOP_WAREHOUSE: db.url }, options);
});

afterAll(async () => {
  await worker?.stop();
  cable?.close();
  await db?.drop();
});

test.each([
  { when: 'before its first step', table: 'beginning', at: undefined },
  { when: 'when its load is committed and not yet told', table: 'committed', at: 'load.committed' },
] as const)('a run whose catalog is cut off $when waits for it, and has all its facts then', async ({ table, at }) => {
  if (at === undefined) cut();
  else cutAt = at;
  const run = await worker.start('loadOrders', [{ path: 'orders.csv', table, mode: 'append' }]);
  expect(await run.result()).toMatchObject({ rows: 20, alreadyDone: false });
  expect(Date.now()).toBeGreaterThan(restoredAt);
  expect(restoredAt).toBeGreaterThan(0);
  restoredAt = 0;
  const catalog = await openCatalog({ url: db.url, schema: 'millrace_catalog' });
  try {
    const row = await catalog.findRun(run.workflowId);
    expect(row).toMatchObject({ status: 'completed', error: null, result: { rows: 20 } });
    const steps = await catalog.listSteps(run.workflowId, row?.runId ?? '');
    expect(steps.map(({ kind, status, attempts }) => [kind, status, attempts])).toEqual([
      ['extract', 'done', 1],
      ['validate', 'done', 1],
      ['load', 'done', 1],
    ]);
  } finally {
    await catalog.close();
  }
});
