import { mkdir, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { listDatasets, listStagedAttempts, removeDataset } from '../../src/engine/staging-inventory.js';
import { openFolderStaging } from '../../src/engine/folder-staging.js';
import { type DraftManifest, type StagedDataset } from '../../src/engine/staging.js';
import { temporaryFolder } from '../support/folder.js';

const MONTH_AGO = new Date('2026-01-01T00:00:00.000Z');

async function stage(root: string, key: string, changes: Partial<DraftManifest> = {}): Promise<StagedDataset> {
  const attempt = await openFolderStaging(root).begin(key.repeat(32), () => Promise.resolve());
  await writeFile(path.join(attempt.directory, 'part-0.parquet'), 'twelve bytes');
  await writeFile(path.join(attempt.directory, 'rejects.parquet'), 'rejects');
  const part = { path: './part-0.parquet', format: 'parquet', rows: 3, bytes: 0, fingerprint: '' } as const;
  const draft = { name: 'orders', rows: 3, columns: [], parents: [], reproducible: true, parts: [part], engine: 'duckdb 1.5.5' };
  return attempt.commit({ ...draft, ...changes });
}

async function backdate(root: string, uri: string): Promise<void> {
  await utimes(path.join(root, uri), MONTH_AGO, MONTH_AGO);
}

describe('the inventory of staging', () => {
  test('lists datasets with the size of their folder, longest unused first, and what they read of each other', async () => {
    const root = temporaryFolder();
    const { uri: first, manifest } = await stage(root, 'ab');
    const verdict = { rowsRead: 5, accepted: 3, rejected: 2, judgedBySql: 5, undecided: 0, judgedByZod: 2, reasons: [] };
    const { uri: second } = await stage(root, 'cd', {
      parts: manifest.parts,
      verdict: { ...verdict, rejects: './rejects.parquet' },
    });
    await backdate(root, second);
    const [old, young] = await listDatasets(root);
    expect(old).toMatchObject({
      uri: second,
      name: 'orders',
      rows: 3,
      usedAt: MONTH_AGO.toISOString(),
      rejectedRows: 2,
      reads: [first],
    });
    expect(young).toMatchObject({ uri: first, rejectedRows: 0, reads: [] });
    expect(young?.bytes).toBeGreaterThan('twelve bytes'.length + 'rejects'.length);
  });

  test('is empty for a folder that is not there', async () => {
    expect(await listDatasets('/nowhere')).toEqual([]);
    expect(await listStagedAttempts('/nowhere')).toEqual([]);
  });

  test('counts a dataset as used when a step finds it', async () => {
    const root = temporaryFolder();
    const { uri } = await stage(root, 'ab');
    await backdate(root, uri);
    expect(await openFolderStaging(root).find('ab'.repeat(32))).toBeDefined();
    expect(Date.now() - Date.parse((await listDatasets(root))[0]?.usedAt ?? '')).toBeLessThan(60_000);
  });

  test('tells attempts at work from dead ones, and says nothing of other hosts', async () => {
    const root = temporaryFolder();
    const names = {
      work: `${os.hostname()}-${process.pid}-a-1`,
      dead: `${os.hostname()}-999999999-a-1`,
      elsewhere: 'far.example-1-a-1',
    };
    for (const name of Object.values(names)) await mkdir(path.join(root, 'attempts', name), { recursive: true });
    const attempts = await listStagedAttempts(root);
    const stateOf = (name: string): unknown => attempts.find((attempt) => attempt.name === name)?.dead;
    expect([stateOf(names.work), stateOf(names.dead), stateOf(names.elsewhere)]).toEqual([false, true, undefined]);
  });
});

describe('a dataset', () => {
  test('is removed wholly', async () => {
    const root = temporaryFolder();
    await stage(root, 'ab');
    const [dataset] = await listDatasets(root);
    expect(dataset && (await removeDataset(root, dataset))).toBe(true);
    expect(await openFolderStaging(root).find('ab'.repeat(32))).toBeUndefined();
    expect(await listDatasets(root)).toEqual([]);
    expect(await listStagedAttempts(root)).toEqual([]);
  });

  test('that was used since it was listed stays', async () => {
    const root = temporaryFolder();
    const { uri } = await stage(root, 'ab');
    await backdate(root, uri);
    const [dataset] = await listDatasets(root);
    await openFolderStaging(root).find('ab'.repeat(32));
    expect(dataset && (await removeDataset(root, dataset))).toBe(false);
    expect(await openFolderStaging(root).find('ab'.repeat(32))).toBeDefined();
  });
});
