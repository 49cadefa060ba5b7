import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { buildProject } from '../../src/build/build-project.js';
import { smallProject } from '../build/small-project.js';

/** Runs the function as a project's own script does, by the package's compiled code. */
const TRY = `
import { runTransform } from 'millrace/testing';
import project from './build/millrace.config.js';
const inputs = { orders: [{ id: 1, amount: 2 }, { id: 2, amount: -1 }] };
const tell = (work) => work.then(JSON.stringify, (error) => error.message).then(console.log);
await tell(runTransform(project, 'raised', { inputs: { orders: inputs.orders.slice(0, 1) }, directory: process.argv[2] }));
await tell(runTransform(project, 'raised', { inputs, directory: process.argv[2] }));
`;

test('a function works from TypeScript and from a build without sources, and tells its TypeScript line in both', async () => {
  const project = smallProject({
    'try.mjs': TRY,
    'transforms/raise.ts': `import type { RowsFunction } from 'millrace/config';
import type { Order } from '../contracts/order';
import { most } from '../contracts/numbers';

const raise: RowsFunction<{ orders: typeof Order }, typeof Order> = async function* ({ orders }) {
  for await (const batch of orders) for (const { id, amount } of batch) yield { id, amount: raised(amount) };
};
export default raise;

function raised(amount: number): number {
  if (amount < 0) throw new Error('below nothing');
  return Math.min(amount * 2, most);
}
`,
    'millrace.config.ts': `import { defineProject, files, rows } from 'millrace/config';
import { z } from 'zod';
import { Order } from './contracts/order';
export default defineProject({
  connections: { shop: files({ root: './data' }) },
  contracts: { Order },
  transforms: { raised: rows({ inputs: { orders: Order }, output: Order }, () => import('./transforms/raise')) },
  pipelines: { orders: { params: z.object({}) } },
});`,
    'workflows/index.ts': `import { pipeline } from './project';
export const orders = pipeline('orders', async (run) => {
  const orders = await run.validate(await run.extract('orders', { from: 'shop', path: 'orders.csv' }), 'Order');
  return run.load(await run.transform('raised', { orders }), { to: 'shop', path: 'raised.csv', mode: 'replace' });
});`,
  });
  const { directory } = await buildProject({ directory: project, typeCheck: false });
  const tried = async (where: string): Promise<string[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['try.mjs', where], { cwd: project });
    return stdout.trim().split('\n');
  };
  const thrown = /The function of transform "raised" threw \(transforms\/raise\.ts:11:\d+\): below nothing\./;
  expect(await tried('.')).toEqual(['[{"id":1,"amount":4}]', expect.stringMatching(thrown)]);
  for (const name of ['millrace.config.ts', 'contracts', 'transforms', 'node_modules/tsx', 'node_modules/typescript'])
    rmSync(path.join(project, name), { recursive: true });
  expect(await tried(directory)).toEqual(['[{"id":1,"amount":4}]', expect.stringMatching(thrown)]);
});
