import { expect, test } from 'vitest';
import { inspectProject, loadProject } from '../../src/config/load.js';
import { problemLine } from '../../src/core/problems.js';
import { temporaryFolder } from '../support/folder.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

const CONFIG = 'millrace.config.ts';

test('a sound project has no problems', async () => {
  const { project, problems } = await inspectProject(writtenProject());
  expect(problems).toEqual([]);
  expect(project?.config.pipelines).toHaveProperty('sum');
});

test.each<{ title: string; change: FileChange; says: string }>([
  {
    title: 'a key that does not exist, with the one that is meant',
    change: ['connections: {', 'conections: {}, connections: {'],
    says: 'millrace.config.ts:8:3: conections: There is no such key. Did you mean "connections"? [CONFIG_INVALID]',
  },
  {
    title: 'a key of a pipeline that does not exist',
    change: ["partition: monthly('month', { from: '2024-01' })", "ownr: 'me'"],
    says: 'millrace.config.ts:18:7: pipelines.sum.ownr: There is no such key. Did you mean "owner"? [CONFIG_INVALID]',
  },
  {
    title: 'a pipeline named like one that Millrace brings',
    change: ['sum: {', 'replicate: {'],
    says: 'millrace.config.ts:16:5: pipelines.replicate: "replicate" is a pipeline that Millrace brings. Give yours another name. [CONFIG_INVALID]',
  },
  {
    title: 'a partition by a parameter that params lacks',
    change: ["monthly('month'", "monthly('moth'"],
    says: 'millrace.config.ts:18:7: pipelines.sum.partition: params has no "moth". Did you mean "month"? [CONFIG_INVALID]',
  },
  {
    title: 'a key column that the schema lacks, where the contract is written',
    change: ["key: ['id']", "key: ['ident']"],
    says: 'millrace.config.ts:4:73: contracts.Order.key: The schema has no column "ident". There are: id, amount. [CONFIG_INVALID]',
  },
  {
    title: 'a contract that is not listed',
    change: ['contracts: { Order, Total }', 'contracts: { Order }'],
    says: 'millrace.config.ts:13:77: transforms.totals.output: Its contract is not listed under `contracts`',
  },
  {
    title: 'the same in a config that is exported by a list, as compilers write it',
    change: `import { z } from 'zod';
const contracts = {};
const project = { connections: {}, contracts, transforms: {},
  pipelines: { sum: { params: z.object({}), partition: { kind: 'daily', parameter: 'day', from: '2024-01-01' } } } };
export { project as default };
`,
    says: 'millrace.config.ts:4:45: pipelines.sum.partition: params has no "day". There are none. [CONFIG_INVALID]',
  },
  {
    title: 'a pipeline that dev.runs names and nobody has',
    change: ['  pipelines: {', "  dev: { runs: [{ pipeline: 'summ' }] },\n  pipelines: {"],
    says: 'millrace.config.ts:15:19: dev.runs.0.pipeline: There is no pipeline "summ". Did you mean "sum"?',
  },
  {
    title: 'a pool without a slot',
    change: ['  pipelines: {', '  pools: { warehouse: 0 },\n  pipelines: {'],
    says: 'millrace.config.ts:15:12: pools.warehouse: Too small: expected number to be >=1',
  },
  {
    title: 'a key of a pool that does not exist',
    change: ['  pipelines: {', '  pools: { warehouse: { slots: 2, wieght: 1 } },\n  pipelines: {'],
    says: 'millrace.config.ts:15:',
  },
  {
    title: 'a priority that is none',
    change: ["partition: monthly('month', { from: '2024-01' })", 'priority: 9'],
    says: 'millrace.config.ts:18:7: pipelines.sum.priority: ',
  },
  {
    title: 'a key of fairness that is too long',
    change: ["partition: monthly('month', { from: '2024-01' })", "fairness: { key: 'ä'.repeat(40) }"],
    says: 'pipelines.sum.fairness.key: a key has at most 64 bytes',
  },
  {
    title: 'a syntax error',
    change: ['connections: {', 'connections: {{'],
    says: 'millrace.config.ts:8:17: Syntax error: ',
  },
  {
    title: 'an import of a file that is not there',
    change: ["import { z } from 'zod';", "import { z } from 'zod';\nimport './none.js';"],
    says: 'millrace.config.ts:3:1: It imports "./none.js", which is not there. Correct the path. [CONFIG_INVALID]',
  },
  {
    title: 'what the config throws by itself',
    change: ['export default', "throw new Error('not today');\nexport default"],
    says: ': It throws when it is imported: not today. [CONFIG_INVALID]',
  },
  {
    title: 'a config without a default export',
    change: ['export default', 'export const project ='],
    says: 'millrace.config.ts:1: There is no default export. End the file with: export default defineProject({ … })',
  },
])('the problem names file and line: $title', async ({ change, says }) => {
  const { problems } = await inspectProject(writtenProject({ [CONFIG]: change }));
  expect(problems.map(problemLine)).toEqual([expect.stringContaining(says)]);
});

test('loading a project names all of its problems, each with its own place', async () => {
  const folder = writtenProject({
    [CONFIG]: [
      "partition: monthly('month', { from: '2024-01' })",
      "partition: monthly('day', { from: '2024-01' }),\n }, other: { params: z.object({}), partition: monthly('x', { from: '2024-01' })",
    ],
  });
  await expect(loadProject(folder)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: [{ place: { line: 18 } }, { place: { line: 19 } }],
    message: expect.stringMatching(
      /^The project in .* has 2 problems:\n {2}- millrace\.config\.ts:18:7: pipelines\.sum/,
    ) as string,
  });
});

test('a folder without a config is told as what it is', async () => {
  const folder = temporaryFolder();
  await expect(loadProject(folder)).rejects.toMatchObject({
    message: expect.stringContaining(`No millrace.config.ts in ${folder}`) as string,
  });
});
