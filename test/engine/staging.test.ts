import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { referenceTo, type DraftManifest, type Staging } from '../../src/engine/staging.js';
import { checkQuota } from '../../src/engine/quota.js';
import { temporaryFolder } from '../support/folder.js';

const KEY = 'ab'.padEnd(64, '0');
const proceed = () => Promise.resolve();
let staging: Staging;

beforeEach(async () => {
  staging = openFolderStaging(temporaryFolder());
});

function draft(overrides: Partial<DraftManifest> = {}): DraftManifest {
  return {
    name: 'orders',
    rows: 1,
    columns: [{ name: 'id', type: 'BIGINT', nullable: false }],
    parents: [],
    reproducible: true,
    parts: [{ path: './part-0.parquet', format: 'parquet', rows: 1, bytes: 0, fingerprint: '' }],
    engine: 'test',
    ...overrides,
  };
}

async function stage(content: string, key = KEY) {
  const attempt = await staging.begin(key, proceed);
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), content);
  return attempt.commit(draft());
}

test('a dataset can be found by its key once it is committed, and not before', async () => {
  const attempt = await staging.begin(KEY, proceed);
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), 'rows');
  expect(await staging.find(KEY)).toBeUndefined();
  const { uri, manifest } = await attempt.commit(draft());
  expect((await staging.find(KEY))?.uri).toBe(uri);
  expect(manifest.parts[0]).toMatchObject({ path: `datasets/ab/${KEY}/part-0.parquet`, bytes: 4 });
  expect((await stat(path.join(staging.root, manifest.parts[0]!.path))).size).toBe(4);
});

test('of two attempts at one key the first counts, and the second gets its dataset', async () => {
  const first = await stage('first');
  const second = await stage('second');
  expect(second.manifest).toEqual(first.manifest);
  expect(await readdir(path.join(staging.root, 'attempts'))).toEqual([]);
});

test('the same bytes give the same content hash, other bytes another', async () => {
  const one = await stage('rows', 'aa'.padEnd(64, '0'));
  const same = await stage('rows', 'bb'.padEnd(64, '0'));
  const other = await stage('swor', 'cc'.padEnd(64, '0'));
  expect(same.manifest.content).toBe(one.manifest.content);
  expect(other.manifest.content).not.toBe(one.manifest.content);
});

test('an abandoned attempt leaves nothing', async () => {
  const attempt = await staging.begin(KEY, proceed);
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), 'rows');
  await attempt.abandon();
  expect(await readdir(path.join(staging.root, 'attempts'))).toEqual([]);
});

test('what a dead process left is removed by the next attempt; a living one’s work is not', async () => {
  const attempts = path.join(staging.root, 'attempts');
  const dead = `${os.hostname()}-4194305-abc-1`;
  const foreign = `another-host-1-abc-1`;
  for (const name of [dead, foreign]) await mkdir(path.join(attempts, name), { recursive: true });
  const alive = await staging.begin(KEY, proceed);
  const names = await readdir(attempts);
  expect(names).not.toContain(dead);
  expect(names).toEqual(expect.arrayContaining([foreign, path.basename(alive.directory)]));
  await utimes(alive.directory, 0, 0);
});

test('a reference stays under 2 KB or says that it cannot', async () => {
  const small = await stage('rows');
  expect(Buffer.byteLength(JSON.stringify(referenceTo(small)))).toBeLessThan(600);
  const parents = Array.from({ length: 200 }, (_, index) => ({ name: `p${index}`, uri: 'u', content: 'f'.repeat(64) }));
  expect(() => referenceTo({ ...small, manifest: { ...small.manifest, parents } })).toThrow(
    /at most 2048 may enter a run's history/,
  );
});

test('a dataset that is gone is a coded error that says what to do', async () => {
  await expect(staging.read('datasets/00/gone/manifest.json')).rejects.toMatchObject({
    code: 'STAGING_MISSING',
    message: expect.stringContaining('Retry the run'),
  });
});

test('a full quota names the folder, what it holds and what it may', async () => {
  await stage('x'.repeat(5000));
  await expect(checkQuota(staging, 1000)).rejects.toMatchObject({
    code: 'STAGING_FULL',
    message: expect.stringContaining('of the 1000 it may'),
  });
  await expect(checkQuota(staging, 1_000_000)).resolves.toBeUndefined();
});

test('a dataset that somebody has cut into is not found, and can be made again', async () => {
  const { manifest } = await stage('rows');
  await rm(path.join(staging.root, manifest.parts[0]!.path));
  expect(await staging.find(KEY)).toBeUndefined();
  await stage('rows');
  expect((await staging.find(KEY))?.manifest.content).toBe(manifest.content);
});

test('a dataset whose part a crash has emptied is not found either', async () => {
  const { manifest } = await stage('rows');
  await writeFile(path.join(staging.root, manifest.parts[0]!.path), '');
  expect(await staging.find(KEY)).toBeUndefined();
});
