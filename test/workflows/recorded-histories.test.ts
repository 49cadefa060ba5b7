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
