import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectProject, type LoadedProject } from '../../src/config/load.js';
import { problemLine } from '../../src/core/problems.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { readPipelineNames } from '../../src/worker/pipeline-names.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

async function problemsAfter(changes: Readonly<Record<string, FileChange>>): Promise<string[]> {
  const { project } = await inspectProject(writtenProject(changes));
  return (await readPipelineNames(project as LoadedProject)).problems.map(problemLine);
}

const NO_PIPELINES = `import { defineProject, files } from 'millrace/config';
export default defineProject({
  connections: { lake: files({ root: '.' }) },
  contracts: {},
  transforms: {},
  pipelines: {},
});
`;
const PROJECT = 'workflows/project.ts';
const SUM = 'workflows/sum.ts';
const INDEX = 'workflows/index.ts';

test('exports, names and config that agree are no problem', async () => {
  expect(await problemsAfter({})).toEqual([]);
});

test('a project without pipelines of its own needs no folder for them', async () => {
  const folder = writtenProject({ 'millrace.config.ts': NO_PIPELINES });
  rmSync(join(folder, 'workflows'), { recursive: true });
  const { project, problems } = await inspectProject(folder);
  expect(problems).toEqual([]);
  expect(Object.keys(project?.pipelines ?? {})).toEqual(['replicate', 'replayQuarantine', 'housekeeping']);
  expect(await readPipelineNames(project as LoadedProject)).toEqual({ names: [], isImported: true, problems: [] });
  const { code } = await bundleProject(project as LoadedProject);
  expect(code).toContain('REPLICATE_INCOMPLETE');
});

test('pipelines of the config and no folder for them is a problem', async () => {
  const folder = writtenProject();
  rmSync(join(folder, 'workflows'), { recursive: true });
  const { problems } = await inspectProject(folder);
  expect(problems.map(problemLine)).toEqual([expect.stringMatching(/workflows\/index\.ts is missing.*\[CONFIG_INVALID\]$/)]);
});

test.each<{ title: string; changes: Readonly<Record<string, FileChange>>; says: readonly (string | RegExp)[] }>([
  {
    title: 'a pipeline named like one that Millrace brings',
    changes: { [INDEX]: "export { sum } from './sum.js';\nexport { sum as replicate } from './sum.js';\n" },
    says: [
      /^workflows\/index\.ts:2:17: "replicate" is a pipeline that Millrace brings\. Give yours another name\. \[PIPELINE_NAME_MISMATCH\]$/,
    ],
  },
  {
    title: 'an export that pipeline() did not make',
    changes: { [INDEX]: "export { sum } from './sum.js';\nexport const LIMIT = 3;\n" },
    says: [/^workflows\/index\.ts:2:14: The export "LIMIT" is not made by pipeline\(\)\..*\[PIPELINE_NAME_MISMATCH\]$/],
  },
  {
    title: 'a default export',
    changes: { [INDEX]: "export { sum } from './sum.js';\nexport { sum as default } from './sum.js';\n" },
    says: [/^workflows\/index\.ts:2:17: It has a default export, which is no workflow type\./],
  },
  {
    title: 'a pipeline of the config that nobody exports, with the export that may be meant',
    changes: { [INDEX]: "export { sum as summ } from './sum.js';\n" },
    says: [
      /^workflows\/index\.ts:1:17: The export "summ" was given the name "sum" by pipeline\(\)/,
      /^workflows\/index\.ts:1:17: config\.pipelines has no "summ", which is exported here\. Did you mean "sum"\?/,
      /^millrace\.config\.ts:16:5: pipelines\.sum: workflows\/index\.ts exports no "sum"\. Did you mean "summ"\?/,
    ],
  },
  {
    title: 'another name given to pipeline()',
    changes: { [SUM]: ["pipeline('sum'", "pipeline('add' as 'sum'"] },
    says: [/^workflows\/index\.ts:1:10: The export "sum" was given the name "add" by pipeline\(\)\. Give both the same name/],
  },
  {
    title: 'a file that throws when it is imported',
    changes: { [PROJECT]: ['export const', "if (true) throw new Error('no luck');\nexport const"] },
    says: [/^workflows\/project\.ts:\d+:\d+: It throws when it is imported: no luck\. \[WORKFLOW_INVALID\]$/],
  },
  {
    title: 'a name that a file does not export',
    changes: { [SUM]: ['import { pipeline }', 'import { pipelin as pipeline }'] },
    says: [/^workflows\/sum\.ts:1: It does not load: .*'pipelin'.*\[WORKFLOW_INVALID\]$/],
  },
])('$title', async ({ changes, says }) => {
  const found = await problemsAfter(changes);
  expect(found).toEqual(says.map((each) => expect.stringMatching(each) as string));
});
