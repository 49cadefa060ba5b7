import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TransientError } from '../../src/core/errors.js';
import { createTestBucket, type TestBucket } from '../support/s3.js';
import { openScene, patience, type TriggerScene } from './scene.js';

/** More than a server lists in one answer. */
const MANY = 1_100;

vi.setConfig({ testTimeout: 180_000 });
let bucket: TestBucket;
let scene: TriggerScene;

beforeAll(async () => {
  bucket = await createTestBucket();
  scene = await openScene(bucket);
}, 120_000);

afterAll(() => scene?.stop());

const started = async (pipeline: string) =>
  (await scene.evaluations(pipeline)).filter(({ outcome }) => outcome === 'started').length;

/** Waits until a pipeline's triggers have looked twice since. */
async function lookedAgain(pipeline: string): Promise<void> {
  const looks = async () => {
    const waits = (await scene.evaluations(pipeline)).filter(({ outcome }) => outcome === 'waiting');
    return waits.reduce((sum, { times }) => sum + times, 0);
  };
  const before = await looks();
  await vi.waitUntil(async () => (await looks()) >= before + 2, patience);
}

/** Runs `fill` into a file of the bucket, and terminates it when its load is there and nobody was told. */
async function fillUntold(table: string): Promise<void> {
  const workflowId = `fill-${randomBytes(4).toString('hex')}`;
  const reached = new Promise<void>((resolve) => {
    scene.onCheckpoint = async (name) => {
      if (name !== 'load.committed') return;
      await scene.temporal.client.workflow.getHandle(workflowId).terminate('by a test');
      resolve();
      throw new TransientError('CONNECTION_LOST', 'Nobody hears of this load.');
    };
  });
  await scene.worker.start('fill', [{ month: '2001-05', table }], workflowId);
  await reached;
  scene.onCheckpoint = async () => undefined;
}

describe('objects of a bucket', () => {
  test('start a run once each, and again when they are written with other bytes or come back', async () => {
    await bucket.put('inbox/a.csv', 'id\n1\n');
    await bucket.put('inbox/not-one.txt', 'id\n1\n');
    await bucket.put('elsewhere/b.csv', 'id\n1\n');
    await scene.begin('inbox');
    expect(await scene.results('inbox', 1)).toEqual([['inbox/a.csv']]);
    await lookedAgain('inbox');
    expect(await started('inbox')).toBe(1);
    await bucket.put('inbox/a.csv', 'id\n2\n');
    expect(await scene.results('inbox', 2)).toEqual([['inbox/a.csv'], ['inbox/a.csv']]);
    await bucket.store.remove('inbox/a.csv');
    await vi.waitUntil(
      async () => (await scene.catalog.readTriggerMark(`files/millrace.trigger/${scene.worker.taskQueue}/inbox`)) === '{}',
      patience,
    );
    await bucket.put('inbox/a.csv', 'id\n2\n');
    expect(await scene.results('inbox', 3)).toHaveLength(3);
  });

  test('that are written again with the bytes that they had are no new ones', async () => {
    await bucket.put('inbox/a.csv', 'id\n2\n');
    await lookedAgain('inbox');
    expect(await started('inbox')).toBe(3);
  });

  test('arrive each once, though there are more than one answer of the server lists', async () => {
    const names = Array.from({ length: MANY }, (_, index) => `inbox/many-${String(index).padStart(5, '0')}.csv`);
    const before = await started('inbox');
    for (let at = 0; at < MANY; at += 50) await Promise.all(names.slice(at, at + 50).map((name) => bucket.put(name, name)));
    const handed = await vi.waitUntil(async () => {
      const paths = (await scene.results('inbox', before + 1)).slice(before).flat();
      return paths.length >= MANY ? paths : undefined;
    }, patience);
    expect(new Set(handed)).toEqual(new Set(names));
    await lookedAgain('inbox');
    expect((await scene.results('inbox', before + 1)).slice(before).flat()).toHaveLength(MANY);
  });
});

describe('the relay', () => {
  test('finds the loads of files in a bucket whose runs were terminated before they could tell, each once', async () => {
    await scene.operations.applyTriggers({});
    await fillUntold('out/rows.parquet');
    await scene.operations.evaluateTrigger({ pipeline: 'exported' });
    await scene.cameTo('exported', 'started');
    await fillUntold('out/more.parquet');
    await scene.operations.evaluateTrigger({ pipeline: 'exported' });
    expect(await scene.cameTo('exported', 'started', 2)).toHaveLength(2);
    const mark = async () => scene.catalog.readTriggerMark(`relay/${scene.worker.taskQueue}/lake`);
    const noted = JSON.parse(String(await mark())) as { readonly loads: readonly string[] };
    expect(noted.loads).toHaveLength(2);
    await scene.operations.evaluateTrigger({ pipeline: 'exported' });
    await scene.fill('out/last.parquet', '2001-06');
    expect(await scene.cameTo('exported', 'started', 3)).toHaveLength(3);
  });
});
