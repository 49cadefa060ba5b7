import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { replayHistories } from '../../src/testing/index.js';

/*
 * Histories of runs of the shop fixture, as released code recorded them: runs that were open then go on with today's code. To
 * record one: `temporal workflow show --output json`, then take out machine names.
 */
test('runs that began before they could be paused and steps could wait replay with today’s code', async () => {
  const replayed = await replayHistories({
    histories: path.resolve(import.meta.dirname, '../fixtures/histories'),
    directory: path.resolve(import.meta.dirname, '../fixtures/shop'),
  });
  expect(replayed.map(({ file, pipeline }) => `${path.basename(file)} ${pipeline}`).toSorted()).toEqual([
    'cancelled.json copyTable',
    'caught.json goesOn',
    'completed.json loadTotals',
    'failed.json loadOrders',
    'joint.json loadJointly',
    'retried.json loadOrders',
  ]);
});

/* Histories of the released project: each folder is of the code of one release, recorded by scripts/record-histories.mjs. */
const RELEASED = path.resolve(import.meta.dirname, '../fixtures/histories');
const releases = readdirSync(RELEASED, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const KINDS = [
  'approved',
  'asking',
  'backfill',
  'cancelled',
  'completed',
  'decided',
  'failed',
  'housekeeping',
  'joint',
  'paused',
  'pool',
  'pooled',
  'relay',
  'replayed',
  'replicated',
  'reset',
  'retried',
  'skipped',
  'start',
  'trigger',
  'waiting',
];

test('every kind of run was recorded with the code of some release', () => {
  const recorded = releases.flatMap((release) => readdirSync(path.join(RELEASED, release)).map((file) => path.parse(file).name));
  expect([...new Set(recorded)].toSorted()).toEqual(KINDS);
});

test.each(releases)('runs that %s began replay with today’s code', async (release) => {
  const histories = path.join(RELEASED, release);
  const replayed = await replayHistories({ histories, directory: path.resolve(import.meta.dirname, '../fixtures/released') });
  expect(replayed.map(({ file }) => path.basename(file)).toSorted()).toEqual(readdirSync(histories).toSorted());
});
