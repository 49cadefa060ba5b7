import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransientError } from '../../src/core/errors.js';
import { describeRun, outcomeOf } from '../../src/temporal/describe-run.js';
import { tellTrigger } from '../../src/temporal/triggers.js';
import { openScene, patience, type TriggerScene } from './scene.js';

vi.setConfig({ testTimeout: 180_000 });
let scene: TriggerScene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);

afterAll(() => scene?.stop());

beforeEach(() => {
  scene.onCheckpoint = async () => undefined;
});

describe('a pipeline that waits for two datasets', () => {
  test('is started once when both have been loaded for a partition, and what it waited for can be told', async () => {
    await scene.begin('both');
    await scene.fill('orders', '2001-01');
    const [waiting] = await scene.cameTo('both', 'waiting', 1, '2001-01');
    expect(waiting).toMatchObject({ reason: 'No new version since the last start of: warehouse.customers.', kind: 'after' });
    await scene.fill('customers', '2001-01');
    const [started] = await scene.cameTo('both', 'started', 1, '2001-01');
    expect(started).toMatchObject({ workflowId: 'both/2001-01', times: 1, code: null });
    expect(started?.inputs).toEqual([
      expect.stringMatching(/^warehouse\.orders [0-9a-f]{16}$/),
      expect.stringMatching(/^warehouse\.customers [0-9a-f]{16}$/),
    ]);
    const run = { workflowId: 'both/2001-01', runId: String(started?.runId) };
    expect(await outcomeOf(scene.temporal, run)).toMatchObject({ ok: true, result: '2001-01' });
  });

  test('hears of a load whose first attempt failed right after its commit, from the attempt that finds it done', async () => {
    let failed = 0;
    scene.onCheckpoint = async (name) => {
      if (name !== 'load.committed' || failed > 0) return;
      failed += 1;
      throw new TransientError('CONNECTION_LOST', 'The worker lost its connection.');
    };
    await scene.fill('orders', '2001-02');
    expect(failed).toBe(1);
    await scene.fill('customers', '2001-02');
    expect(await scene.cameTo('both', 'started', 1, '2001-02')).toHaveLength(1);
    const rows = await scene.database.query(
      'SELECT 1 FROM orders WHERE _millrace_load IN (SELECT id FROM _millrace.ledger WHERE run_partition = $1)',
      ['2001-02'],
    );
    expect(rows).toHaveLength(2);
  });

  test('is started once for a load that is told again and again', async () => {
    const place = { taskQueue: scene.worker.taskQueue, pipeline: 'both' };
    const events = ['warehouse.orders', 'warehouse.customers'].map((dataset) => ({
      dataset,
      partition: '2001-03',
      load: 'the one',
    }));
    for (let time = 0; time < 5; time += 1) await tellTrigger(scene.temporal, place, 'loads', events);
    await scene.cameTo('both', 'started', 1, '2001-03');
    await tellTrigger(scene.temporal, place, 'loads', events);
    await tellTrigger(scene.temporal, place, 'loads', [{ dataset: 'warehouse.orders', partition: '2001-03', load: 'another' }]);
    const [waiting] = await scene.cameTo('both', 'waiting', 1, '2001-03');
    expect(waiting?.reason).toContain('warehouse.customers');
    expect(await scene.cameTo('both', 'started', 1, '2001-03')).toHaveLength(1);
  });

  test('keeps what happens while it is paused, and starts it when it is resumed', async () => {
    await scene.operations.pauseTrigger({ pipeline: 'both', reason: 'the warehouse is being moved' });
    expect(await scene.operations.getTrigger({ pipeline: 'both' })).toMatchObject({
      state: 'paused',
      note: expect.stringContaining('the warehouse is being moved') as unknown,
    });
    await scene.fill('orders', '2001-04');
    await scene.fill('customers', '2001-04');
    const told = await vi.waitUntil(
      async () => (await scene.evaluations('both', '2001-04')).find(({ reason }) => reason?.startsWith('The trigger is paused')),
      patience,
    );
    expect(told).toMatchObject({ outcome: 'waiting' });
    await scene.operations.resumeTrigger({ pipeline: 'both' });
    await scene.cameTo('both', 'started', 1, '2001-04');
    expect(await scene.operations.getTrigger({ pipeline: 'both' })).toMatchObject({ state: 'active', note: null });
  });

  test('goes on where it was when it has continued as new again and again', async () => {
    await scene.begin('exported', { turnAfter: 1 });
    const place = { taskQueue: scene.worker.taskQueue, pipeline: 'exported' };
    for (let load = 0; load < 5; load += 1) {
      const event = { dataset: 'lake.out/*.parquet', partition: null, load: `load ${load}` };
      await tellTrigger(scene.temporal, place, 'loads', [event]);
      await tellTrigger(scene.temporal, place, 'loads', [event]);
      await scene.cameTo('exported', 'started', load + 1);
    }
    expect(await scene.cameTo('exported', 'started', 5)).toHaveLength(5);
  });
});

test('a load that comes while the run of its partition goes on starts another when that has ended', async () => {
  await scene.begin('held');
  await scene.fill('slow', '2001-01');
  const [first] = await scene.cameTo('held', 'started');
  await scene.fill('slow', '2001-01');
  const [waiting] = await scene.cameTo('held', 'waiting');
  expect(waiting).toMatchObject({ code: 'RUN_ALREADY_RUNNING', workflowId: 'held/2001-01' });
  await scene.fill('slow', '2001-01');
  await scene.temporal.client.workflow.getHandle('held/2001-01').signal('go');
  const [, second] = await scene.cameTo('held', 'started', 2);
  expect(second?.runId).not.toBe(first?.runId);
  expect(second?.inputs.length).toBeGreaterThan(0);
  await scene.temporal.client.workflow.getHandle('held/2001-01').signal('go');
  expect(await describeRun(scene.temporal, { workflowId: 'held/2001-01', runId: String(first?.runId) })).toMatchObject({
    state: 'completed',
  });
});

describe('the relay', () => {
  test('finds the load of a run that was terminated between its commit and its word', async () => {
    const applied = await scene.operations.applyTriggers({});
    expect(applied.changes.map(({ pipeline, change }) => [pipeline, change])).toContainEqual(['both', 'unchanged']);
    const workflowId = `fill-${randomBytes(4).toString('hex')}`;
    const reached = new Promise<void>((resolve) => {
      scene.onCheckpoint = async (name) => {
        if (name !== 'load.committed') return;
        await scene.temporal.client.workflow.getHandle(workflowId).terminate('by a test');
        resolve();
        throw new TransientError('CONNECTION_LOST', 'Nobody hears of this load.');
      };
    });
    await scene.worker.start('fill', [{ month: '2001-05', table: 'orders' }], workflowId);
    await reached;
    scene.onCheckpoint = async () => undefined;
    await scene.fill('customers', '2001-05');
    const [waiting] = await scene.cameTo('both', 'waiting', 1, '2001-05');
    expect(waiting?.reason).toContain('warehouse.orders');
    await scene.operations.evaluateTrigger({ pipeline: 'both' });
    expect(await scene.cameTo('both', 'started', 1, '2001-05')).toHaveLength(1);
  });

  test('finds the load of a file whose run was terminated, in a folder', async () => {
    const before = await scene.evaluations('exported');
    const workflowId = `fill-${randomBytes(4).toString('hex')}`;
    const reached = new Promise<void>((resolve) => {
      scene.onCheckpoint = async (name) => {
        if (name !== 'load.committed') return;
        await scene.temporal.client.workflow.getHandle(workflowId).terminate('by a test');
        resolve();
        throw new TransientError('CONNECTION_LOST', 'Nobody hears of this load.');
      };
    });
    await scene.worker.start('fill', [{ month: '2001-05', table: 'out/rows.parquet' }], workflowId);
    await reached;
    await scene.operations.evaluateTrigger({ pipeline: 'exported' });
    const started = before.filter(({ outcome }) => outcome === 'started').length;
    expect(await scene.cameTo('exported', 'started', started + 1)).toHaveLength(started + 1);
  });

  test('tells of a load to a trigger that somebody has terminated, which goes on with what it had written down', async () => {
    await scene.fill('orders', '2001-06');
    await scene.cameTo('both', 'waiting', 1, '2001-06');
    const id = `millrace.trigger/${scene.worker.taskQueue}/both`;
    await scene.temporal.client.workflow.getHandle(id).terminate('by a test');
    await scene.fill('customers', '2001-06');
    await scene.temporal.client.workflow.getHandle(`millrace.relay/${scene.worker.taskQueue}`).signal('look');
    expect(await scene.cameTo('both', 'started', 1, '2001-06')).toHaveLength(1);
  });

  test('is ended, with the triggers, when the config has none any more, and runs go on', async () => {
    const { project } = scene.services;
    const pipelines = Object.fromEntries(
      Object.entries(project.pipelines).map(([name, { triggers: _none, ...rest }]) => [name, rest]),
    );
    const { localOperations } = await import('../../src/operations/perform.js');
    const { localCaller } = await import('../../src/access/local-caller.js');
    const without = localOperations({ ...scene.services, project: { ...project, pipelines } }, localCaller());
    const { changes } = await without.applyTriggers({});
    expect(changes).toContainEqual(expect.objectContaining({ pipeline: 'both', change: 'removed' }));
    const ended = await scene.temporal.client.workflow.getHandle(`millrace.relay/${scene.worker.taskQueue}`).describe();
    expect(ended.status.name).toBe('TERMINATED');
    await expect(scene.operations.pauseTrigger({ pipeline: 'both' })).rejects.toMatchObject({ code: 'TRIGGER_UNKNOWN' });
  });
});
