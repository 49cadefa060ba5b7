import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { CheckpointName, LedgerLoad } from '../../../src/connectors/contract.js';
import type { LoadResult } from '../../../src/core/load.js';
import type { TargetManifest } from '../../../src/connectors/files/manifest.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { loadRequest, sampleRows, type SampleLoad } from '../../conformance/sample.js';
import { temporaryFolder } from '../../support/folder.js';
import { createTestBucket, type TestBucket } from '../../support/s3.js';

let bucket: TestBucket;
beforeAll(async () => {
  bucket = await createTestBucket();
});

/** @param dieAt where the process ends: nothing of the attempt is done after it */
async function load(one: SampleLoad, dieAt?: CheckpointName): Promise<LoadResult> {
  const connector = await openConnector('files', 'lake', { root: bucket.root, s3: bucket.s3 });
  const checkpoint = (name: CheckpointName) => (name === dieAt ? Promise.reject(new Error('killed')) : Promise.resolve());
  return withContext((context) => connector.destination!.load(loadRequest(one), context), { checkpoint });
}

async function ids(target: string): Promise<number[]> {
  const rows = await bucket.rows<{ id: number }>(
    `SELECT id::INTEGER AS id FROM read_parquet('${bucket.root}/${target}', hive_partitioning = false) ORDER BY id`,
  );
  return rows.map(({ id }) => id);
}

async function manifest(folder: string): Promise<TargetManifest> {
  return JSON.parse((await bucket.store.text(`${folder}/_millrace/manifest.json`))?.text ?? '{}') as TargetManifest;
}

async function ledger(target: string): Promise<LedgerLoad[]> {
  const connector = await openConnector('files', 'lake', { root: bucket.root, s3: bucket.s3 });
  const loads: LedgerLoad[] = [];
  for await (const each of connector.destination!.ledger!()) if (each.target === `lake.${target}`) loads.push(each);
  return loads;
}

const replace = (target: string, loadId: string, from: number, to: number): SampleLoad => ({
  target,
  mode: 'replace',
  rows: sampleRows(from, to),
  loadId,
});

test('a load whose process died before its file was there is not done, and is made by the next attempt', async () => {
  const target = 'before/x.parquet';
  const one = replace(target, 'one', 1, 3);
  await expect(load(one, 'load.before-commit')).rejects.toThrow('killed');
  expect(await ledger(target)).toEqual([]);
  expect(await bucket.store.head(target)).toBeUndefined();
  expect(await load(one)).toMatchObject({ alreadyDone: false, created: true });
  expect(await ids(target)).toEqual([1, 2, 3]);
  expect(await ledger(target)).toMatchObject([{ loadId: 'one', rows: 3 }]);
});

test('one whose process died right after its file was there is done, also when another load has replaced it since', async () => {
  const target = 'after/x.parquet';
  const one = replace(target, 'one', 1, 3);
  await expect(load(one, 'load.committed')).rejects.toThrow('killed');
  expect(await ledger(target)).toMatchObject([{ loadId: 'one', rows: 3 }]);
  expect(await load(replace(target, 'two', 10, 11))).toMatchObject({ alreadyDone: false, replaced: 3 });
  expect(await load(one)).toMatchObject({ alreadyDone: true, rows: 3 });
  expect(await ids(target)).toEqual([10, 11]);
  expect((await ledger(target)).map(({ loadId }) => loadId).toSorted()).toEqual(['one', 'two']);
  expect((await manifest('after')).files).toMatchObject([{ path: 'x.parquet', rows: 2, loadId: 'two' }]);
});

test('the next attempt of one that died there puts the file into the manifest', async () => {
  const one = replace('mended/x.parquet', 'one', 1, 3);
  await expect(load(one, 'load.committed')).rejects.toThrow('killed');
  expect(await manifest('mended')).toEqual({});
  expect(await load(one)).toMatchObject({ alreadyDone: true });
  const object = await bucket.store.head('mended/x.parquet');
  expect((await manifest('mended')).files).toMatchObject([
    { path: 'x.parquet', rows: 3, bytes: object?.bytes, loadId: 'one', columns: [{ name: 'id', type: 'BIGINT' }, {}, {}] },
  ]);
});

test('a load that died while it was applied again with other content stays what it was', async () => {
  const target = 'again/x.parquet';
  await load(replace(target, 'one', 1, 3));
  await expect(load(replace(target, 'one', 1, 4), 'load.before-commit')).rejects.toThrow('killed');
  expect(await load(replace(target, 'two', 7, 8))).toMatchObject({ replaced: 3 });
  expect(await load(replace(target, 'one', 1, 3))).toMatchObject({ alreadyDone: true });
  expect(await ledger(target)).toHaveLength(2);
  expect(await load(replace(target, 'one', 1, 4))).toMatchObject({ alreadyDone: false });
  expect(await ids(target)).toEqual([1, 2, 3, 4]);
});

test('a paused attempt that wakes after other loads does nothing', async () => {
  const target = 'paused/x.parquet';
  const connector = await openConnector('files', 'lake', { root: bucket.root, s3: bucket.s3 });
  const one = replace(target, 'one', 1, 3);
  let slept = false;
  const paused = withContext((context) => connector.destination!.load(loadRequest(one), context), {
    checkpoint: async (name) => {
      if (name !== 'load.before-commit' || slept) return;
      slept = true;
      expect(await load(one)).toMatchObject({ alreadyDone: false });
      await load(replace(target, 'two', 10, 11));
    },
  });
  expect(await paused).toMatchObject({ alreadyDone: true });
  expect(await ids(target)).toEqual([10, 11]);
});

test('loads at the same time all enter the manifest, which names exactly what a pattern finds', async () => {
  const loads = Array.from({ length: 6 }, (_, at) =>
    load({ target: 'many', mode: 'append', rows: sampleRows(at * 10, at * 10 + 4), loadId: `load ${at}` }),
  );
  await Promise.all(loads);
  const { files } = await manifest('many');
  expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(30);
  expect(files.map((file) => `many/${file.path}`)).toEqual(
    (await bucket.keys('many/')).filter((key) => key.endsWith('.parquet')),
  );
  expect(await ids('many/*.parquet')).toHaveLength(30);
});

test('a later append of the same partition takes the earlier one’s place in the manifest too', async () => {
  for (const [loadId, to] of [
    ['first', 3],
    ['second', 5],
  ] as const)
    await load({ target: 'months', mode: 'append', rows: sampleRows(1, to), loadId, runPartition: '2001-01' });
  expect((await manifest('months')).files).toMatchObject([{ rows: 5, loadId: 'second' }]);
});

test('a large file is uploaded in parts, and only where the condition holds', async () => {
  const file = path.join(temporaryFolder(), 'large');
  const bytes = 33 * 2 ** 20 + 5;
  await writeFile(file, randomBytes(bytes));
  const etag = await bucket.store.upload('large', file, { condition: { absent: true }, metadata: { note: 'first' } });
  expect(await bucket.store.head('large')).toMatchObject({ bytes, etag, metadata: { note: 'first' } });
  expect(await bucket.store.upload('large', file, { condition: { absent: true } })).toBeUndefined();
  expect(await bucket.store.upload('large', file, { condition: { etag: '"other"' } })).toBeUndefined();
  expect(await bucket.store.head('large')).toMatchObject({ metadata: { note: 'first' } });
});
