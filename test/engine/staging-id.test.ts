import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openStaging } from '../../src/engine/open-staging.js';
import { temporaryFolder } from '../support/folder.js';

const open = (root: string) => openStaging({ root }, path.join(root, 'spill'));

test('a staging folder keeps the id that it got first, whoever asks and by whatever path', async () => {
  const folder = temporaryFolder();
  const root = path.join(folder, 'staging');
  const ids = await Promise.all(Array.from({ length: 8 }, () => open(root).id()));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}$/);
  symlinkSync(root, path.join(folder, 'mounted'));
  expect(await open(path.join(folder, 'mounted')).id()).toBe(ids[0]);
  expect(await open(path.join(folder, 'another')).id()).not.toBe(ids[0]);
});

test('an id that was cut off while it was written is written anew', async () => {
  const root = temporaryFolder();
  writeFileSync(path.join(root, 'staging-id'), '');
  const id = await open(root).id();
  expect(readFileSync(path.join(root, 'staging-id'), 'utf8')).toBe(id);
  expect(await open(root).id()).toBe(id);
});

test('the id is no dataset and takes no room of the quota that anybody would notice', async () => {
  const root = temporaryFolder();
  const staging = open(root);
  await staging.id();
  expect(await staging.inventory.datasets()).toEqual([]);
  expect(await staging.inventory.attempts()).toEqual([]);
  expect(await staging.usedBytes()).toBeLessThan(10);
});
