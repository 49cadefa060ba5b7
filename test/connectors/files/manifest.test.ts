import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CheckpointName } from '../../../src/connectors/contract.js';
import type { TargetManifest } from '../../../src/connectors/files/manifest.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { loadRequest, sampleRows, type SampleLoad } from '../../conformance/sample.js';
import { temporaryFolder } from '../../support/folder.js';

async function load(root: string, one: SampleLoad, checkpoint?: (name: CheckpointName) => Promise<void>) {
  const connector = await openConnector('files', 'lake', { root });
  return withContext((context) => connector.destination!.load(loadRequest(one), context), checkpoint ? { checkpoint } : {});
}

function manifest(folder: string): TargetManifest {
  return JSON.parse(readFileSync(join(folder, '_millrace', 'manifest.json'), 'utf8')) as TargetManifest;
}

test('the manifest names each data file with its rows, bytes, hash, load and columns', async () => {
  const root = temporaryFolder();
  const loads = ['one', 'two', 'three'].map((loadId, at) =>
    load(root, { target: 'orders', mode: 'append', rows: sampleRows(at * 10, at * 10 + at), loadId }),
  );
  await Promise.all(loads);
  const { files } = manifest(join(root, 'orders'));
  expect(files.map((file) => file.path)).toEqual(readdirSync(join(root, 'orders')).filter((name) => name.endsWith('.parquet')));
  expect(files.map(({ rows, loadId }) => `${loadId} ${rows}`).toSorted()).toEqual(['one 1', 'three 3', 'two 2']);
  for (const { path, bytes, sha256, columns } of files) {
    const content = readFileSync(join(root, 'orders', path));
    expect({ bytes, sha256 }).toEqual({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    expect(columns.map(({ type }) => type)).toEqual(['BIGINT', 'VARCHAR', 'DECIMAL(12,2)']);
  }
});

test('a file that is replaced, alone or in a partition, is named once', async () => {
  const root = temporaryFolder();
  await load(root, { target: 'x.parquet', mode: 'replace', rows: sampleRows(1, 2) });
  await load(root, { target: 'x.parquet', mode: 'replace', rows: sampleRows(1, 5) });
  expect(manifest(root).files).toMatchObject([{ path: 'x.parquet', rows: 5 }]);
  for (const to of [3, 4]) await load(root, { target: 'p', mode: 'replace', rows: sampleRows(1, to), region: 'north' });
  expect(manifest(join(root, 'p')).files).toMatchObject([{ path: 'the%20%22region%22=north/data.parquet', rows: 4 }]);
});

test('a load whose process died before it could name its file is named by its next attempt', async () => {
  const root = temporaryFolder();
  const one: SampleLoad = { target: 'x.parquet', mode: 'replace', rows: sampleRows(1, 3), loadId: 'one' };
  const die = (name: CheckpointName) => (name === 'load.committed' ? Promise.reject(new Error('killed')) : Promise.resolve());
  await expect(load(root, one, die)).rejects.toThrow('killed');
  expect(await load(root, one)).toMatchObject({ alreadyDone: true });
  expect(manifest(root).files).toMatchObject([{ path: 'x.parquet', rows: 3, loadId: 'one' }]);
});
