import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type Arrival } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { openScene, PROJECT, rowsOf, type ReplicateScene } from './replicate-scene.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let scene: ReplicateScene;

beforeAll(async () => {
  scene = await openScene();
});

afterAll(() => scene?.close());

async function inShop(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await scene.shop.query(statement);
}

async function inWarehouse(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await scene.warehouse.query(statement);
}

async function expectEqual(...tables: readonly string[]): Promise<void> {
  for (const table of tables) expect(await rowsOf(scene.warehouse, table), table).toEqual(await rowsOf(scene.shop, table));
}

/** The steps of a run that this very run did, each with its state. */
async function ownSteps(workflowId: string): Promise<string[]> {
  const steps = await scene.steps(workflowId);
  return steps
    .filter((step) => step.workflowId === workflowId)
    .map(({ step, status }) => `${step} ${status}`)
    .toSorted();
}

test('a column that is new in the source fails its table, is added, or is left out, as the run says', async () => {
  await inShop(
    'CREATE SCHEMA widened',
    'CREATE TABLE widened.items (id int PRIMARY KEY)',
    'INSERT INTO widened.items VALUES (1)',
  );
  await scene.replicate({ tables: ['widened.*'] });
  await inShop("ALTER TABLE widened.items ADD COLUMN colour text DEFAULT 'red'");

  const frozen = await scene.replicate({ tables: ['widened.*'] });
  expect(frozen.code).toBe('REPLICATE_INCOMPLETE');
  expect(frozen.message).toMatch(/widened\.items: .*"colour"/);

  await scene.replicate({ tables: ['widened.*'], evolution: 'discard', mode: 'merge' });
  expect(await rowsOf(scene.warehouse, 'widened.items')).toEqual(['1 × {"id" : "1"}']);

  await scene.replicate({ tables: ['widened.*'], evolution: 'evolve' });
  await expectEqual('widened.items');
  expect(await rowsOf(scene.warehouse, 'widened.items')).toEqual(['1 × {"colour" : "red", "id" : "1"}']);
});

test('tables that fail keep no other from being copied, and the end says which failed and why; a retry does only those again', async () => {
  await inShop(
    'CREATE SCHEMA mixed',
    ...['good', 'viewed', 'better'].flatMap((table) => [
      `CREATE TABLE mixed.${table} (id int PRIMARY KEY, text text)`,
      `INSERT INTO mixed.${table} SELECT i, 'row ' || i FROM generate_series(1, 100) i`,
    ]),
    'CREATE TABLE mixed.keyless (id int, text text)',
    'INSERT INTO mixed.keyless VALUES (1, NULL)',
    'CREATE TABLE mixed.void ()',
  );
  await inWarehouse('CREATE SCHEMA mixed', 'CREATE VIEW mixed.viewed AS SELECT 1 AS id');
  const ended = await scene.replicate({ tables: ['mixed.*'], mode: 'merge', concurrency: 2 });
  expect(ended.code).toBe('REPLICATE_INCOMPLETE');
  const lines = ended.message?.split('\n') ?? [];
  expect(lines[0]).toBe('3 of 5 tables of "shop" could not be copied to "warehouse"; the other 2 were.');
  expect(lines.slice(1, 4).toSorted()).toEqual([
    expect.stringMatching(
      /^ {2}- mixed\.keyless: It has no primary key, and no unique key without nulls, in connection "shop".*\[OPTION_INVALID\]$/,
    ),
    expect.stringMatching(
      /^ {2}- mixed\.viewed: Step load:warehouse\.mixed\.viewed failed: "mixed"\."viewed" in connection "warehouse" is not a table.*\[TARGET_UNSUITABLE\]$/,
    ),
    expect.stringMatching(/^ {2}- mixed\.void: It has no columns that could be loaded\..*\[OPTION_INVALID\]$/),
  ]);
  expect(lines.slice(4)).toEqual([
    `Mend the causes, then \`millrace retry ${ended.workflowId}\` copies these tables again and keeps the others. [REPLICATE_INCOMPLETE]`,
  ]);
  expect(ended.details?.[0]).toEqual({ tables: 5, failed: 3 });
  expect(
    ((ended.details ?? [])[1] as { table: string; code: string }[]).map(({ table, code }) => `${table} ${code}`).toSorted(),
  ).toEqual(['mixed.keyless OPTION_INVALID', 'mixed.viewed TARGET_UNSUITABLE', 'mixed.void OPTION_INVALID']);
  await expectEqual('mixed.good', 'mixed.better');
  expect(await ownSteps(ended.workflowId)).toContain('load:warehouse.mixed.viewed failed');

  await inWarehouse('DROP VIEW mixed.viewed');
  await inShop(
    'ALTER TABLE mixed.keyless ADD PRIMARY KEY (id)',
    'DROP TABLE mixed.void',
    `INSERT INTO mixed.good VALUES (200, 'late')`,
  );
  const retried = await scene.replicate({ tables: ['mixed.*'], mode: 'merge' }, { retryOf: { workflowId: ended.workflowId } });
  expect(retried).toMatchObject({ result: { tables: 4, created: 4 } });
  expect(await ownSteps(retried.workflowId)).toEqual([
    'discover:shop done',
    'extract:mixed.keyless done',
    'load:warehouse.mixed.keyless done',
    'load:warehouse.mixed.viewed done',
  ]);
  await expectEqual('mixed.viewed', 'mixed.keyless', 'mixed.better');
  expect(await scene.warehouse.query('SELECT 1 FROM mixed.good WHERE id = 200')).toEqual([]);
});

test('a target that others refer to is named with the constraint that keeps it from being replaced', async () => {
  await inShop('CREATE SCHEMA ref', 'CREATE TABLE ref.parent (id int PRIMARY KEY)', 'INSERT INTO ref.parent VALUES (2)');
  await inWarehouse(
    'CREATE SCHEMA ref',
    'CREATE TABLE ref.parent (id int PRIMARY KEY)',
    'INSERT INTO ref.parent VALUES (1)',
    'CREATE TABLE ref.child (parent int REFERENCES ref.parent)',
    'INSERT INTO ref.child VALUES (1)',
  );
  const ended = await scene.replicate({ tables: ['ref.parent'] });
  expect(ended.message).toMatch(
    /^1 of 1 tables of "shop" could not be copied to "warehouse"; none was\.\n {2}- ref\.parent: .*child_parent_fkey/s,
  );
  expect(await scene.warehouse.query('SELECT id FROM ref.parent')).toEqual([{ id: 1 }]);
});

test('a target that lacks a column of the source is named with the statement that mends it', async () => {
  await inShop('CREATE SCHEMA grown', 'CREATE TABLE grown.t (id int PRIMARY KEY, added text)');
  await inWarehouse('CREATE SCHEMA grown', 'CREATE TABLE grown.t (id int PRIMARY KEY)');
  const { message } = await scene.replicate({ tables: ['grown.*'] });
  expect(message).toMatch(/ALTER TABLE "grown"\."t" ADD COLUMN "added" text/);
});

test('many failures are told in a message that stays small', async () => {
  const tables = Array.from({ length: 30 }, (_, at) => `many.${'long_name_'.repeat(4)}${at}`);
  await inShop('CREATE SCHEMA many', ...tables.map((table) => `CREATE TABLE ${table} (id int)`));
  const ended = await scene.replicate({ tables: ['many.*'], mode: 'merge' });
  expect(ended.message).toMatch(/^30 of 30 tables/);
  expect(ended.message?.split('\n')).toHaveLength(23);
  expect(ended.message).toContain('\n  - and 10 more\n');
  expect(ended.message?.length).toBeLessThan(12_000);
});

test('a run that is cancelled is cancelled, and copies no further table', async () => {
  await inShop(
    'CREATE SCHEMA slow',
    ...['first', 'second'].map((table) => `CREATE TABLE slow.${table} (id int PRIMARY KEY)`),
    'INSERT INTO slow.first SELECT generate_series(1, 100)',
    'BEGIN',
    'LOCK TABLE slow.first IN ACCESS EXCLUSIVE MODE',
  );
  const handle = await scene.worker.start('replicate', [{ from: 'shop', to: 'warehouse', tables: ['slow.*'], concurrency: 1 }]);
  const describe = async () => (await handle.describe()).raw.pendingActivities ?? [];
  await until(
    async () =>
      (await describe()).some(({ activityId, heartbeatDetails }) => activityId === 'extract:slow.first' && heartbeatDetails),
    () => 'the extract is not at work',
  );
  await handle.cancel();
  const failure = await handle.result().catch((error: unknown) => error);
  await inShop('ROLLBACK');
  expect((failure as { cause?: { name?: string } }).cause?.name).toBe('CancelledFailure');
  expect((await ownSteps(handle.workflowId)).map((step) => step.split(' ')[0])).toEqual(['discover:shop', 'extract:slow.first']);
});

test('a worker that is killed in the middle of it loses no row and doubles none', async () => {
  const names = ['one', 'two', 'three', 'four'];
  await inShop(
    'CREATE SCHEMA killed',
    ...names.flatMap((table) => [
      `CREATE TABLE killed.${table} (id int, text text)`,
      `INSERT INTO killed.${table} SELECT i, 'row ' || i FROM generate_series(1, 2000) i`,
    ]),
  );
  const folder = lastingFolder();
  const bundlePath = path.join(folder, 'workflows.js');
  await writeFile(bundlePath, (await bundleProject(scene.worker.project)).code);
  const taskQueue = `${scene.worker.taskQueue}-killed`;
  const setup = { address: await temporalAddress(), taskQueue, bundlePath, folder, steps: 2 };
  const held: Arrival[] = [];
  const first = spawnCrashingWorker(PROJECT, {}, (arrival) => {
    const holds = ['load.before-commit', 'load.committed'].includes(arrival.checkpoint);
    if (holds) held.push(arrival);
    return holds;
  });
  await first.begin(setup);
  const handle = await scene.worker.client.workflow.start('replicate', {
    taskQueue,
    workflowId: `killed-${taskQueue}`,
    args: [{ from: 'shop', to: 'warehouse', tables: ['killed.*'] }],
  });
  await until(
    () => held.length === 2,
    () => `held: ${held.length}`,
  );
  // One of the two goes on until it has committed and not yet told.
  first.letGo(held[0] as Arrival);
  await until(
    () => held.length === 3,
    () => 'nothing was committed',
  );
  await first.kill();
  const second = spawnCrashingWorker(PROJECT, {}, () => false);
  await second.begin(setup);
  try {
    expect(await handle.result()).toMatchObject({ tables: 4, rows: 8000 });
  } finally {
    await second.stop();
  }
  await expectEqual(...names.map((name) => `killed.${name}`));
  const loads = await scene.warehouse.query(`SELECT target FROM _millrace.ledger WHERE target LIKE 'killed.%' ORDER BY target`);
  expect(loads.map(({ target }) => target)).toEqual(['killed.four', 'killed.one', 'killed.three', 'killed.two']);
});
