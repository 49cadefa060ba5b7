import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { saveHistory, type ServerHistory } from '../../src/replay/server-histories.js';
import { temporaryFolder } from '../support/folder.js';

test('runs of one workflow id that began within a minute are kept in files of their own', async () => {
  const folder = temporaryFolder();
  const run = { workflowId: 'orders/2024-01', pipeline: 'orders', open: false, events: [], history: { events: [] } };
  for (const runId of ['01a227f9-4604-729c-b9f7-0ae1526f5124', '01a227f9-4e83-7a27-9c1a-6062ed061e19']) {
    await saveHistory(folder, { ...run, runId } satisfies ServerHistory);
  }
  expect(readdirSync(folder).toSorted()).toEqual(['orders_2024-01-0ae1526f5124.json', 'orders_2024-01-6062ed061e19.json']);
});
