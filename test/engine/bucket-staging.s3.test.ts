import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { checkQuota } from '../../src/engine/quota.js';
import { openStaging } from '../../src/engine/open-staging.js';
import { referenceTo, type DraftManifest, type Staging, type StagingAttempt } from '../../src/engine/staging.js';
import { withContext } from '../conformance/context.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestBucket, type TestBucket } from '../support/s3.js';

const KEY = 'ab'.padEnd(64, '0');
const FOLDER = `datasets/ab/${KEY}`;
const proceed = () => Promise.resolve();
let bucket: TestBucket;
let staging: Staging;
let scratch: string;

beforeEach(async () => {
  bucket = await createTestBucket();
  scratch = temporaryFolder();
  staging = openStaging(bucket, scratch);
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

async function begin(content: string, key = KEY, checkpoint = proceed): Promise<StagingAttempt> {
  const attempt = await staging.begin(key, checkpoint);
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), content);
  return attempt;
}

async function stage(content: string, key = KEY) {
  return (await begin(content, key)).commit(draft());
}

test('a dataset can be found by its key once it is committed, and not before', async () => {
  const seen: unknown[] = [];
  const attempt = await begin('rows', KEY, async () => void seen.push(await staging.find(KEY)));
  expect(await staging.find(KEY)).toBeUndefined();
  const { uri, manifest } = await attempt.commit(draft());
  expect(seen).toEqual([undefined]);
  expect(uri).toBe(`${FOLDER}/manifest.json`);
  expect((await staging.find(KEY))?.manifest).toEqual(manifest);
  expect(await staging.read(uri)).toEqual(manifest);
  expect(manifest.parts[0]).toMatchObject({ bytes: 4 });
  expect((await bucket.store.text(manifest.parts[0]!.path))?.text).toBe('rows');
  expect(existsSync(attempt.directory)).toBe(false);
  expect(Buffer.byteLength(JSON.stringify(referenceTo({ uri, manifest })))).toBeLessThan(600);
});

test('of two attempts at one key the first counts, the second gets its dataset and leaves nothing of its own', async () => {
  const [one, two] = [await begin('first'), await begin('second')];
  const first = await one.commit(draft());
  const second = await two.commit(draft());
  expect(second.manifest).toEqual(first.manifest);
  expect((await bucket.keys(FOLDER)).filter((key) => key.endsWith('.parquet'))).toEqual([first.manifest.parts[0]?.path]);
});

test('two attempts that commit at the same time give one dataset', async () => {
  const attempts = await Promise.all(Array.from({ length: 6 }, (_, index) => begin(`attempt ${index}`)));
  const staged = await Promise.all(attempts.map((attempt) => attempt.commit(draft())));
  expect(new Set(staged.map(({ manifest }) => manifest.content)).size).toBe(1);
  expect((await bucket.keys(FOLDER)).filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
});

test('an attempt that is interrupted before its manifest is there leaves nothing once it is abandoned', async () => {
  const attempt = await begin('rows', KEY, () => Promise.reject(new Error('stop')));
  await expect(attempt.commit(draft())).rejects.toThrow('stop');
  expect(await bucket.keys(FOLDER)).toHaveLength(1);
  expect(await staging.find(KEY)).toBeUndefined();
  await attempt.abandon();
  expect(await bucket.keys(FOLDER)).toEqual([]);
});

test('the content hash is that of the same dataset in a folder', async () => {
  const folder = openStaging({ root: temporaryFolder() }, scratch);
  const attempt = await folder.begin(KEY, proceed);
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), 'rows');
  const inFolder = await attempt.commit(draft());
  expect((await stage('rows')).manifest.content).toBe(inFolder.manifest.content);
});

test('a dataset may share the files of another, and is not whole without them', async () => {
  const { manifest } = await stage('rows');
  const other = 'cd'.padEnd(64, '0');
  const attempt = await staging.begin(other, proceed);
  await writeFile(path.join(attempt.directory, 'deletes.parquet'), 'numbers');
  const shared = await attempt.commit(draft({ parts: [{ ...manifest.parts[0]!, deletes: './deletes.parquet' }] }));
  expect(shared.manifest.parts[0]?.path).toBe(manifest.parts[0]?.path);
  expect(await staging.find(other)).toBeDefined();
  await bucket.store.remove(manifest.parts[0]!.path);
  expect(await staging.find(other)).toBeUndefined();
  await expect(staging.read(shared.uri)).rejects.toMatchObject({ code: 'STAGING_MISSING' });
});

test('a dataset that somebody has cut into is not found, and can be made again', async () => {
  const { manifest } = await stage('rows');
  await bucket.put(manifest.parts[0]!.path, '');
  expect(await staging.find(KEY)).toBeUndefined();
  await stage('rows');
  expect((await staging.find(KEY))?.manifest.content).toBe(manifest.content);
});

test('staged Parquet is read where it is, other files as copies; what is gone is named', async () => {
  const attempt = await staging.begin(KEY, proceed);
  await withContext(({ session }) =>
    session.run(`COPY (SELECT 7 AS id) TO '${path.join(attempt.directory, 'part-0.parquet')}' (FORMAT parquet)`),
  );
  await writeFile(path.join(attempt.directory, 'part-1.csv'), 'id\n8\n');
  const part = { rows: 1, bytes: 0, fingerprint: '' };
  const parts = [
    { ...part, path: './part-0.parquet', format: 'parquet' as const },
    { ...part, path: './part-1.csv', format: 'csv' as const },
  ];
  const [parquet, csv] = (await attempt.commit(draft({ parts }))).manifest.parts as [never, never];
  await withContext(async (context) => {
    const url = await staging.remote!.place(parquet, context);
    expect(url).toBe(`${bucket.root}/${(parquet as { path: string }).path}`);
    expect(await context.session.rows(`FROM '${url}'`)).toEqual([{ id: 7 }]);
    const copy = await staging.remote!.place(csv, context);
    expect(await context.session.rows(`FROM '${copy}'`)).toEqual([{ id: 8n }]);
    await staging.remote!.verify(csv, context.signal);
    await bucket.store.remove((csv as { path: string }).path);
    for (const use of [() => staging.remote!.verify(csv, context.signal), () => staging.remote!.place(csv, context)])
      await expect(use()).rejects.toMatchObject({
        code: 'STAGING_MISSING',
        message: expect.stringContaining('part-1.csv') as string,
      });
  });
});

test('a quota counts what the bucket holds and what the attempt has written', async () => {
  await stage('x'.repeat(5000));
  const attempt = await begin('x'.repeat(3000), 'cd'.padEnd(64, '0'));
  await checkQuota(staging, 7000);
  await expect(checkQuota(staging, 7000, attempt.directory)).rejects.toMatchObject({
    code: 'STAGING_FULL',
    message: expect.stringContaining(bucket.root) as string,
  });
});

test('the inventory tells datasets from what attempts have left', async () => {
  const { manifest, uri } = await stage('rows');
  const dead = `${os.hostname()}-4194305-abc-1`;
  const foreign = 'another-host-1-abc-1';
  await bucket.put(`${FOLDER}/${dead}/part-0.parquet`, 'left');
  await bucket.put(`datasets/cd/${'cd'.padEnd(64, '0')}/${foreign}/part-0.parquet`, 'left too');
  await begin('alive', 'ef'.padEnd(64, '0'));
  expect(await staging.inventory.datasets()).toMatchObject([{ uri, name: 'orders', rows: 1, reads: [], rejectedRows: 0 }]);
  const attempts = await staging.inventory.attempts();
  expect(attempts.map(({ name, bytes, dead: isDead }) => [path.basename(name), bytes, isDead])).toEqual([
    [dead, 4, true],
    [foreign, 8, undefined],
  ]);
  for (const { name } of attempts) await staging.inventory.removeAttempt(name);
  // One that was committed after it was listed stays.
  await staging.inventory.removeAttempt(path.dirname(manifest.parts[0]!.path));
  expect(await staging.inventory.attempts()).toEqual([]);
  expect(await staging.find(KEY)).toBeDefined();
});

test('a dataset is removed wholly, unless a step has used it since it was listed', async () => {
  await stage('rows');
  const [listed] = await staging.inventory.datasets();
  const used = { ...listed!, usedAt: new Date(Date.parse(listed!.usedAt) - 60_000).toISOString() };
  expect(await staging.inventory.removeDataset(used)).toBe(false);
  expect(await staging.find(KEY)).toBeDefined();
  const [now] = await staging.inventory.datasets();
  expect(await staging.inventory.removeDataset(now!)).toBe(true);
  expect(await bucket.keys(FOLDER)).toEqual([]);
  expect(await staging.find(KEY)).toBeUndefined();
});

test('finding a dataset while it is removed either keeps it or misses it, and never loses its files', async () => {
  for (let round = 0; round < 12; round++) {
    const key = round.toString(16).padStart(2, '0').padEnd(64, '0');
    await stage('rows', key);
    const listed = (await staging.inventory.datasets()).find(({ uri }) => uri.includes(key))!;
    const later = { ...listed, usedAt: new Date(Date.now() + 60_000).toISOString() };
    const [found, removed] = await Promise.all([staging.find(key), staging.inventory.removeDataset(later)]);
    // Both may miss it (it was put back, or another step makes it anew); both having it is what must not be.
    expect(found !== undefined && removed).toBe(false);
    if (found) expect((await bucket.store.text(found.manifest.parts[0]!.path))?.text).toBe('rows');
  }
});

test('a listing gives every manifest, and tells of the damaged ones', async () => {
  await stage('rows');
  await bucket.put('datasets/ff/damaged/manifest.json', '{');
  const damaged: string[] = [];
  const names: string[] = [];
  for await (const { manifest } of staging.list((uri) => damaged.push(uri))) names.push(manifest.name);
  expect({ names, damaged }).toEqual({ names: ['orders'], damaged: ['datasets/ff/damaged/manifest.json'] });
});

test('what a killed process of this host has left in the scratch folder goes with the next attempt', async () => {
  const dead = path.join(scratch, 'attempts', `${os.hostname()}-4194305-abc-1`);
  await mkdir(dead, { recursive: true });
  await begin('rows');
  expect(await readdir(path.join(scratch, 'attempts'))).toHaveLength(1);
  expect(existsSync(dead)).toBe(false);
});

test('options that do not fit are told by name and without a value', () => {
  const open = (root: string, s3?: Record<string, unknown>) => () => openStaging({ root, s3 }, scratch);
  expect(open('s3://', {})).toThrow(/staging\.root: must be s3:\/\/bucket/);
  expect(open('s3://bucket/a/../b', {})).toThrow(/`\.\.`/);
  expect(open('s3://bucket', { accessKeyId: 'my-key-id' })).toThrow(
    /^(?!.*my-key-id).*accessKeyId and secretAccessKey go together/,
  );
  expect(open('s3://bucket', { endpoint: 'http://user:pass@host' })).toThrow(/^(?!.*pass@).*staging\.s3\.endpoint/);
  expect(open('s3://bucket', { key: 'x' })).toThrow(/staging\.s3: .*"key"/);
  expect(open('/folder', {})).toThrow(/only goes with a root s3:/);
});
