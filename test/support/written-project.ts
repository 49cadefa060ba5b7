import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SOUND: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "written", "type": "module" }\n',
  'millrace.config.ts': `import { contract, defineProject, files, monthly, sqlFile } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });
const Total = contract(z.object({ month: z.string(), amount: z.number() }), { key: ['month'] });

export default defineProject({
  connections: {
    lake: files({ root: '.' }),
  },
  contracts: { Order, Total },
  transforms: {
    totals: sqlFile('./transforms/totals.sql', { inputs: { orders: Order }, output: Total }),
  },
  pipelines: {
    sum: {
      params: z.object({ month: z.string() }),
      partition: monthly('month', { from: '2024-01' }),
    },
  },
});
`,
  'transforms/totals.sql': 'SELECT $month AS month, sum(amount) AS amount\nFROM orders\n',
  'workflows/project.ts': `import { pipelines } from 'millrace';
import type project from '../millrace.config.js';

export const pipeline = pipelines<typeof project>();
`,
  'workflows/sum.ts': `import { pipeline } from './project.js';

export const sum = pipeline('sum', async (run) => {
  const orders = await run.validate(await run.extract('orders', { from: 'lake', path: 'orders.csv' }), 'Order');
  return run.load(await run.transform('totals', { orders }), { to: 'lake', table: 'totals' as never, mode: 'replace' });
});
`,
  'workflows/index.ts': `export { sum } from './sum.js';\n`,
};

/** A change of a file: its whole text, or a word of it in the place of another. */
export type FileChange = string | readonly [found: string, replacement: string];

/**
 * Writes a small, sound project into a folder that goes when the running test ends, with some files changed or added.
 * It finds packages where this repository does. Gives the folder.
 */
export function writtenProject(changes: Readonly<Record<string, FileChange>> = {}): string {
  const folder = realpathSync(temporaryFolder());
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, text] of Object.entries({ ...SOUND, ...changed(changes) })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function changed(changes: Readonly<Record<string, FileChange>>): Record<string, string> {
  const texts = Object.entries(changes).map(([file, change]) => {
    if (typeof change === 'string') return [file, change];
    const before = SOUND[file] ?? '';
    if (!before.includes(change[0])) throw new Error(`${file} has no "${change[0]}" to replace`);
    return [file, before.replace(change[0], change[1])];
  });
  return Object.fromEntries(texts) as Record<string, string>;
}
