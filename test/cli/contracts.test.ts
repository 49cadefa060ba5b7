import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contract } from 'millrace/config';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openCatalog } from '../../src/catalog/index.js';
import { contractHash } from '../../src/contracts/hash.js';
import { ROOT } from '../architecture/imports.js';
import { lastingFolder } from '../support/folder.js';
import { jsonLines, millrace } from './millrace.js';

const CONFIG = `import { contract, defineProject, sqlFile } from 'millrace/config';
import { z } from 'zod';
const Order = contract(z.object({ id: z.int(), amount: z.number().min(1), note: z.string().optional() }), { key: ['id'] });
const Same = contract(z.object({ id: z.int() }));
const Fresh = contract(z.object({ id: z.int() }));
export default defineProject({
  connections: {},
  contracts: { Order, Same, Fresh },
  transforms: { totals: sqlFile('./totals.sql', { inputs: { orders: Order }, output: Same }) },
  pipelines: {},
});
`;
/** As a run used it before the config was changed. */
const BEFORE = contract(z.object({ id: z.int(), amount: z.number() }), { key: ['id'] });
const SAME = contract(z.object({ id: z.int() }));

let project: string;

beforeAll(async () => {
  project = lastingFolder();
  mkdirSync(join(project, '.millrace'));
  writeFileSync(join(project, 'millrace.config.ts'), CONFIG);
  writeFileSync(join(project, 'totals.sql'), 'SELECT id FROM orders');
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  const catalog = await openCatalog({ path: join(project, '.millrace', 'catalog.db') });
  const record = (name: string, version: ReturnType<typeof contract>): Promise<void> => {
    const { hash, definition } = contractHash(version);
    return catalog.recordContract({ name, hash, definition });
  };
  await record('Order', BEFORE);
  await record('Same', SAME);
  await record('Gone', SAME);
  await catalog.close();
});

const run = (...args: string[]) => millrace(['contracts', ...args, '--project', project]);

test('contracts are listed with how they stand to what was recorded, and the transforms that name them', async () => {
  const listed = await run();
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/Order +\w{12} +changed +3 +- +totals/);
  expect(listed.stdout).toMatch(/Same +\w{12} +as recorded +1 +- +totals/);
  expect(listed.stdout).toMatch(/Fresh +\w{12} +new +1/);
});

test('a diff tells what is breaking, and exits with 0 unless it is told to fail', async () => {
  const shown = await run('diff', 'Order');
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^Order: breaking changes \(\w{12} → \w{12}\)$/m);
  expect(shown.stdout).toMatch(/breaking +narrower +amount minimum was none, is 1/);
  expect(shown.stdout).toMatch(/added +note is new: string, may be missing/);
  expect(shown.stdout).toMatch(/transforms: totals/);
  expect((await run('diff', 'Order', '--fail-on-breaking')).code).toBe(1);
  expect((await run('diff', 'Same', '--fail-on-breaking')).code).toBe(0);
});

test('a diff of all has those that were recorded, and one that the config has no longer is breaking', async () => {
  const all = await run('diff', '--json');
  const diffs = jsonLines(all.stdout) as { name: string; breaking: boolean; to: string | null }[];
  expect(diffs.map(({ name }) => name).toSorted()).toEqual(['Gone', 'Order', 'Same']);
  expect(diffs.find(({ name }) => name === 'Gone')).toMatchObject({ breaking: true, to: null });
});

test('a version is named by the beginning of its hash; what is none says so', async () => {
  const { hash } = contractHash(BEFORE);
  const diff = await run('diff', 'Order', '--against', hash.slice(0, 8), '--json');
  expect(jsonLines(diff.stdout)).toMatchObject([{ name: 'Order', from: hash, breaking: true }]);
  expect(await run('diff', 'Order', '--against', 'nobody')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/"nobody" is neither .*\[RUN_UNKNOWN\]/) as string,
  });
  expect(await run('diff', 'Ordr')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Did you mean "Order"\? \[CONTRACT_UNKNOWN\]/) as string,
  });
});

test('a contract that no run has used has nothing to be held against', async () => {
  expect((await run('diff', 'Fresh')).stdout).toContain('Fresh: no run has used it yet.');
});
