import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = `import { isMainThread } from 'node:worker_threads';
import { contract, defineProject, env, files } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({
  id: z.int().positive(),
  code: z.string().refine((code) => {
    if (code === 'bad') throw new Error('no such code');
    return !isMainThread && code !== 'odd';
  }),
}));

export default defineProject({
  connections: { lake: files({ root: env('CONTRACT_LAKE', '.') }) },
  contracts: { Order },
  transforms: {},
  pipelines: { judgeOrders: { params: z.object({ path: z.string() }) } },
});
`;
const WORKFLOW = `import { pipeline } from './project.js';

export const judgeOrders = pipeline('judgeOrders', async (run, { path }) =>
  run.load(await run.validate(await run.extract('orders', { from: 'lake', path }), 'Order'), { to: 'lake', path: 'judged.csv', mode: 'replace' }));
`;

let worker: ProjectWorker | undefined;
afterAll(() => worker?.stop());

test('a validate step runs the functions of its contract in a thread, and fails with the row where one throws', async () => {
  const folder = lastingFolder();
  const lake = path.join(folder, 'lake');
  mkdirSync(lake);
  writeFileSync(path.join(lake, 'good.csv'), 'id,code\n1,a\n2,odd\n0,b\n3,c\n');
  writeFileSync(path.join(lake, 'bad.csv'), 'id,code\n1,a\n2,bad\n');
  const directory = writtenProject({
    'millrace.config.ts': CONFIG,
    'workflows/judge-orders.ts': WORKFLOW,
    'workflows/index.ts': "export { judgeOrders } from './judge-orders.js';\n",
  });
  worker = await startProjectWorker(directory, folder, { CONTRACT_LAKE: lake });
  expect(await (await worker.start('judgeOrders', [{ path: 'good.csv' }])).result()).toMatchObject({ rows: 2 });
  const failed = await worker.start('judgeOrders', [{ path: 'bad.csv' }]);
  const error = (await failed.result().catch((thrown: unknown) => thrown)) as WorkflowFailedError;
  expect(error.cause).toMatchObject({
    type: 'CONTRACT_FUNCTION',
    message: expect.stringMatching(
      /A function of column "code" of contract "Order" threw at line 3 of bad\.csv \(millrace\.config\.ts:8:\d+\): no such code\./,
    ) as string,
  });
});
