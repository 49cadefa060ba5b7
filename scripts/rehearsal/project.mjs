import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../run-quietly.mjs';

/** The versions of a small project: what differs between them is what a run of each can be told by. */
const VERSIONS = {
  // The contract of v2 refuses an order that v1 takes: its runs load two rows, those of v1 three.
  v1: { most: 1000, extract: 'orders' },
  v2: { most: 100, extract: 'orders' },
  // Another step: no run that has begun can go on with it.
  v3: { most: 100, extract: 'sales' },
};

const ORDERS = 'id,amount\n1,10\n2,20\n3,500\n';

/**
 * Writes the versions of the project, each in a folder of its own, over one task queue, staging and catalog.
 *
 * @param {string} folder
 * @param {string} taskQueue
 * @returns {{ v1: string, v2: string, v3: string }} their folders
 */
export function writeProjects(folder, taskQueue) {
  mkdirSync(join(folder, 'lake'), { recursive: true });
  writeFileSync(join(folder, 'lake', 'orders.csv'), ORDERS);
  const folders = Object.entries(VERSIONS).map(([version, { most, extract }]) => {
    const files = {
      'package.json': '{ "name": "rehearsal", "private": true, "type": "module" }\n',
      'millrace.config.js': config(folder, taskQueue, most),
      'workflows/index.js': workflows(version, extract),
    };
    const place = join(folder, version);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    return [version, place];
  });
  return Object.fromEntries(folders);
}

function config(folder, taskQueue, most) {
  const at = (name) => JSON.stringify(join(folder, name));
  return `import { contract, defineProject, files, monthly } from 'millrace/config';
import { z } from 'zod';

export default defineProject({
  connections: { lake: files({ root: ${at('lake')} }) },
  contracts: { Order: contract(z.object({ id: z.int(), amount: z.number().max(${most}) }), { key: ['id'] }) },
  transforms: {},
  pipelines: {
    rehearseCopy: { params: z.object({ into: z.string() }) },
    rehearseMonth: { params: z.object({ month: z.string() }), partition: monthly('month', { from: '2024-01' }) },
  },
  taskQueue: ${JSON.stringify(taskQueue)},
  staging: { root: ${at('staging')} },
  catalog: { path: ${at('catalog.db')} },
  engine: { memoryLimit: '300MB', threads: 1, spillDirectory: ${at('spill')} },
});
`;
}

function workflows(version, extract) {
  return `import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { pipelines } from 'millrace';

const pipeline = pipelines();

/** Reads, waits for the signal \`go\`, and loads: a run that is in flight for as long as somebody wants. */
async function copyTo(run, into) {
  let told = false;
  setHandler(defineSignal('go'), () => void (told = true));
  const raw = await run.extract('${extract}', { from: 'lake', path: 'orders.csv' });
  await condition(() => told);
  const orders = await run.validate(raw, 'Order', { as: 'judged' });
  const { rows } = await run.load(orders, { to: 'lake', path: into, mode: 'replace', as: 'copy' });
  return { version: '${version}', rows };
}

export const rehearseCopy = pipeline('rehearseCopy', (run, { into }) => copyTo(run, into));
export const rehearseMonth = pipeline('rehearseMonth', (run, { month }) => copyTo(run, 'month-' + month + '.parquet'));
`;
}
