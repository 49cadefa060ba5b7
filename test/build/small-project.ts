import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "small", "private": true, "type": "module", "imports": { "#limits": "./limits.json" } }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'ES2023',
      module: 'ESNext',
      moduleResolution: 'bundler',
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      resolveJsonModule: true,
      paths: { '@/*': ['./*'] },
    },
    include: ['millrace.config.ts', 'workflows'],
  }),
  'limits.json': '{ "most": 100 }',
  'contracts/order.ts': `import { contract } from 'millrace/config';
import { z } from 'zod';
import { most } from '@/contracts/numbers';
export const Order = contract(z.object({ id: z.int(), amount: z.number().max(most) }), { key: ['id'] });`,
  'contracts/numbers.ts': `import limits from '#limits';\nexport const most: number = limits.most;`,
  'transforms/doubled.sql': 'SELECT id, amount * 2 AS amount FROM orders',
  'transforms/tidied.ts': `import type { RowsFunction } from 'millrace/config';
import type { Order } from '../contracts/order';
const tidied: RowsFunction<{ orders: typeof Order }, typeof Order> = async function* ({ orders }) {
  for await (const batch of orders) yield batch;
};
export default tidied;`,
  'millrace.config.ts': `import { defineProject, files, rows, sqlFile } from 'millrace/config';
import { z } from 'zod';
import { Order } from './contracts/order';
export default defineProject({
  connections: { shop: files({ root: './data' }) },
  contracts: { Order },
  transforms: {
    doubled: sqlFile('./transforms/doubled.sql', { inputs: { orders: Order }, output: Order }),
    tidied: rows({ inputs: { orders: Order }, output: Order }, () => import('./transforms/tidied')),
  },
  pipelines: { orders: { params: z.object({}) } },
});`,
  'workflows/project.ts': `import { pipelines } from 'millrace';
import type project from '../millrace.config';
export const pipeline = pipelines<typeof project>();`,
  'workflows/index.ts': `import { pipeline } from './project';
export const orders = pipeline('orders', async (run) => {
  const orders = await run.validate(await run.extract('orders', { from: 'shop', path: 'orders.csv' }), 'Order');
  return run.load(await run.transform('doubled', { orders }), { to: 'shop', path: 'doubled.csv', mode: 'replace' });
});`,
};

/** A project of a user in a fresh folder, which goes when the running test ends. `changes` replace or add files. */
export function smallProject(changes: Readonly<Record<string, string>> = {}, packages = ['typescript', 'tsx', 'zod']): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries({ ...FILES, ...changes })) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of packages) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'millrace'));
  return folder;
}
