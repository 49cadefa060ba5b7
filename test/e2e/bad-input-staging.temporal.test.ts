import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { expectTerminal, failedRun } from './bad-input-failure.js';
import { attemptsLeft, openScene, stagingTablesLeft, type Scene } from './bad-input-scene.js';

const MAX_BYTES = 100_000_000;
const DISK_BYTES = 6 << 20;
const folder = lastingFolder();
const staging = path.join(folder, 'staging');
// Where datasets are: what else is in the folder does not count.
const ballast = path.join(staging, 'datasets', 'ballast');
let scene: Scene;
let hasDisk: boolean;

beforeAll(async () => {
  await mkdir(staging);
  hasDisk = mountSmallDisk();
  await mkdir(path.dirname(ballast), { recursive: true });
  scene = await openScene({ folder, maxBytes: MAX_BYTES });
  const lines = Array.from(
    { length: 60_000 },
    (_, index) => `${index + 1},customer-${Math.sin(index)},${Math.abs(Math.cos(index))}`,
  );
  await writeFile(path.join(scene.lake, 'large.csv'), ['id,customer,amount', ...lines, ''].join('\n'));
  await writeFile(path.join(scene.lake, 'small.csv'), 'id,customer,amount\n1,Ann,1.5\n');
  await scene.db.query(`CREATE TABLE orders AS SELECT 0::bigint AS id, 'there before' AS customer, 0::float8 AS amount`);
  await scene.db.query(
    `CREATE TABLE large AS SELECT i AS id, md5(i::text) AS customer, random() AS amount FROM generate_series(1, 100000) AS i`,
  );
});

afterAll(async () => {
  await scene?.close();
  if (hasDisk) spawnSync('umount', [staging]);
});

/** A disk of its own for staging, which only root may have: without it the tests of the quota remain. */
function mountSmallDisk(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', staging]).status === 0;
}

async function datasets(): Promise<string[]> {
  return (await readdir(staging, { recursive: true })).filter((name) => name.endsWith('.parquet') || name.endsWith('.json'));
}

/** A file that has a size and takes no room. */
async function writeHollow(bytes: number): Promise<void> {
  await writeFile(ballast, '');
  await truncate(ballast, bytes);
}

/** Fills the disk but for about `room` bytes. */
async function fillDisk(room: number): Promise<void> {
  // The write that asks for more than there is takes what there is.
  await writeFile(ballast, Buffer.alloc(room === 0 ? 2 * DISK_BYTES : DISK_BYTES - room)).catch(() => undefined);
}

async function expectFull(params: Readonly<Record<string, unknown>>, step: string, says: readonly string[]): Promise<void> {
  const before = await datasets();
  const failure = await failedRun(scene, { table: 'orders', ...params });
  await expectTerminal(scene, failure, { code: 'STAGING_FULL', step, says: [...says, 'then retry the run'] });
  // What an earlier step of the run has finished may stay: it is whole, and a retry reuses it.
  expect((await datasets()).filter((name) => !before.includes(name) && name.endsWith('.parquet'))).toEqual([]);
  expect(await attemptsLeft(scene)).toEqual([]);
}

describe('a staging quota', () => {
  const QUOTA = [
    'Staging holds',
    `of the ${MAX_BYTES} it may (staging.maxBytes, folder ${staging})`,
    'Free space there or raise the quota',
  ];

  test('that is full lets no step begin', async () => {
    await writeHollow(MAX_BYTES + 1);
    await expectFull({ path: 'small.csv' }, 'extract:orders', QUOTA);
  });

  test('that a validate step goes beyond ends it, and what it wrote goes', async () => {
    await writeHollow(MAX_BYTES - 50_000);
    await expectFull({ path: 'large.csv' }, 'validate:orders', QUOTA);
  });

  test('that an extract step goes beyond ends it, and what it wrote goes', async () => {
    await writeHollow(MAX_BYTES - 50_000);
    await expectFull({ from: 'warehouse', fromTable: 'large' }, 'extract:orders', QUOTA);
  });

  test('that has room again lets the same run pass', async () => {
    await rm(ballast);
    const run = await scene.worker.start('carry', [{ path: 'small.csv', table: 'small_orders' }]);
    expect(await run.result()).toMatchObject({ rows: 1 });
  });
});

// Without a disk of its own, which takes root, there is none that could be filled without harm.
test('a disk that is full ends each step that writes, and what it wrote goes', async () => {
  if (!hasDisk) return;
  await fillDisk(300_000);
  await expectFull({ path: 'large.csv' }, 'validate:orders', [
    'The disk is full',
    staging,
    'No space left on device',
    'Free space',
  ]);
  await expectFull({ from: 'warehouse', fromTable: 'large' }, 'extract:orders', ['The disk is full', staging, 'Free space']);
  await fillDisk(0);
  await writeFile(path.join(scene.lake, 'unseen.csv'), 'id,customer,amount\n2,Bob,2.5\n');
  await expectFull({ path: 'unseen.csv' }, 'extract:orders', [
    `The disk of the staging folder ${staging} is full`,
    'Free space there',
  ]);
  await rm(ballast);
});

test('nothing is left of any of these runs', async () => {
  expect(await scene.db.query('SELECT id::int FROM orders')).toEqual([{ id: 0 }]);
  expect(await stagingTablesLeft(scene)).toEqual([]);
});
