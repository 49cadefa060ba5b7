import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog, type StepRow } from '../../src/catalog/index.js';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { ledgersOf } from '../../src/rebuild/ledgers.js';
import { rebuildCatalog } from '../../src/rebuild/rebuild.js';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { openScene, type ReplicateScene } from '../e2e/replicate-scene.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

let scene: ReplicateScene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene?.close());

const facts = (steps: readonly StepRow[]) =>
  steps.map(({ step, kind, status, result, inputs }) => ({ step, kind, status, result, inputs }));

test('a catalog that was lost knows again which tables a replication found, and what became of them', async () => {
  await scene.shop.query('CREATE TABLE kept (id int PRIMARY KEY)');
  await scene.shop.query('INSERT INTO kept VALUES (1), (2)');
  const { workflowId, result } = await scene.replicate({ tables: ['kept'] });
  expect(result).toEqual({ tables: 1, rows: 2, created: 1 });
  const { project, taskQueue } = scene.worker;
  const temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  const catalog = await openCatalog({ path: path.join(lastingFolder(), 'again.db') });
  try {
    await rebuildCatalog({
      catalog,
      staging: openFolderStaging(project.staging.root),
      temporal,
      pipelines: Object.keys(project.pipelines),
      taskQueue,
      ledgers: ledgersOf(project),
      progress: () => undefined,
    });
    const run = await catalog.findRun(workflowId);
    expect(run).toMatchObject({ pipeline: 'replicate', status: 'completed', result });
    const again = facts(await catalog.listSteps(workflowId, run?.runId ?? ''));
    expect(again.map(({ step }) => step)).toEqual(['discover:shop', 'extract:public.kept', 'load:warehouse.public.kept']);
    expect(again).toEqual(facts(await scene.steps(workflowId)));
  } finally {
    await catalog.close();
    await temporal.close();
  }
});
