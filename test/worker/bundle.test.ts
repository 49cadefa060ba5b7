import vm from 'node:vm';
import { expect, test } from 'vitest';
import { inspectProject, type LoadedProject } from '../../src/config/load.js';
import { problemLine, problemsOf } from '../../src/core/problems.js';
import { bundleProject } from '../../src/worker/index.js';
import { versionedBundle } from '../../src/worker/versioned-bundle.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

/** What bundling finds wrong with the sound project after some changes, a line each. */
async function problemsAfter(changes: Readonly<Record<string, FileChange>>): Promise<string[]> {
  const { project } = await inspectProject(writtenProject(changes));
  return bundleProject(project as LoadedProject).then(
    () => [],
    (error: unknown) => problemsOf(error).map(problemLine),
  );
}

const PROJECT = 'workflows/project.ts';
const SUM = 'workflows/sum.ts';
const INDEX = 'workflows/index.ts';
const WAY = 'workflows/index.ts → workflows/sum.ts → workflows/project.ts';

test('a sound project bundles, with files of its own from outside workflows/', async () => {
  const changes = {
    'names.ts': `export const PATH: string = 'x.csv';\n`,
    [SUM]: ['import {', "import '../names.js';\nimport {"],
  } as const;
  expect(await problemsAfter(changes)).toEqual([]);
});

test('an import of Node is told with its file, its line and the way to it', async () => {
  const found = await problemsAfter({
    [PROJECT]: ['export const', "import { readFile } from 'node:fs/promises';\nexport const read = readFile;\nexport const"],
    [SUM]: ['export const', "import os from 'os';\nexport const cores = os.cpus();\nexport const"],
  });
  expect(found).toEqual([
    expect.stringMatching(
      /^workflows\/sum\.ts:3:1: It imports "os", a module of Node, .* \(by way of workflows\/index\.ts → workflows\/sum\.ts\)\. .*\[WORKFLOW_IMPORT\]$/,
    ),
    expect.stringMatching(new RegExp(`^workflows/project\\.ts:4:1: It imports "node:fs/promises", .* \\(by way of ${WAY}\\)`)),
  ]);
});

test('packages, Millrace beside its workflow side, and the config as a value are refused', async () => {
  const lines = [
    "import pg from 'pg';",
    "import { z } from 'zod';",
    "import { Context } from '@temporalio/activity';",
    "import { files } from 'millrace/config';",
    "import config from '../millrace.config.js';",
    'export const used = [pg, z, Context, files, config];',
    'export const',
  ];
  const found = await problemsAfter({ [PROJECT]: ['export const', lines.join('\n')] });
  expect(found.toSorted()).toEqual([
    expect.stringMatching(
      /^workflows\/project\.ts:4:1: It imports "pg", a package that the workflow sandbox may not hold.*\[WORKFLOW_IMPORT\]$/,
    ),
    expect.stringMatching(/^workflows\/project\.ts:5:1: It imports "zod", a package/),
    expect.stringMatching(/^workflows\/project\.ts:6:1: It imports "@temporalio\/activity", a package/),
    expect.stringMatching(/^workflows\/project\.ts:7:1: It imports "millrace\/config", which is not for workflows/),
    expect.stringMatching(/^workflows\/project\.ts:8:1: It imports "\.\.\/millrace\.config\.js" as a value/),
  ]);
});

test('what throws in the sandbox alone, as globals of Node do, is told with its place', async () => {
  const found = await problemsAfter({ [PROJECT]: ['export const', 'const region = process.env.REGION;\nexport const'] });
  expect(found).toEqual([
    expect.stringMatching(
      /^workflows\/project\.ts:\d+:\d+: It throws when the workflow sandbox loads it: .*process is not defined\..*\[WORKFLOW_INVALID\]$/,
    ),
  ]);
});

test('what a run has when its sandbox loads the bundle, as the time, is not missed', async () => {
  const lines =
    'export const [year, chance] = [new Date().getFullYear(), Math.random()];\nexport const later = setTimeout;\nexport const';
  expect(await problemsAfter({ [PROJECT]: ['export const', lines] })).toEqual([]);
});

test('syntax errors in two files, and an import of what is not there, are told together', async () => {
  const found = await problemsAfter({
    [INDEX]: "export { sum } from './sum.js';\nimport './none.js';\n",
    [SUM]: ['async (run) => {', 'async (run) => {{'],
    [PROJECT]: ['pipelines<', 'const pipelines<'],
  });
  expect(found).toEqual([
    expect.stringMatching(/^workflows\/index\.ts:2:1: It imports "\.\/none\.js", which is not there\..*\[WORKFLOW_INVALID\]$/),
    expect.stringMatching(/^workflows\/sum\.ts:\d+:\d+: Syntax error: .*\[WORKFLOW_INVALID\]$/),
  ]);
});

test('the long-lived workflows go on with new code in a worker of a deployment, and say nothing of versions in any other', async () => {
  const { project } = await inspectProject(writtenProject({}));
  const bundle = await bundleProject(project as LoadedProject);
  const { code } = (await versionedBundle(bundle)) as { readonly code: string };
  const versioned = behavioursIn(code);
  expect(versioned).toMatchObject({
    'millrace.backfill': 'AUTO_UPGRADE',
    'millrace.start': 'AUTO_UPGRADE',
    default: 'AUTO_UPGRADE',
  });
  expect(versioned).toMatchObject({ sum: undefined, replicate: undefined, replayQuarantine: undefined });
  // Whatever else there is: a workflow of our own has a name that no pipeline can take.
  for (const [type, behaviour] of Object.entries(versioned)) {
    expect([type, behaviour]).toEqual([type, type.includes('.') || type === 'default' ? 'AUTO_UPGRADE' : undefined]);
  }
  expect(new Set(Object.values(behavioursIn(bundle.code)))).toEqual(new Set([undefined]));
});

interface BundledWorkflow {
  readonly workflowDefinitionOptions?: { readonly versioningBehavior?: string };
}

/** What the workflows of a bundle say of versions, loaded as a worker loads them. */
function behavioursIn(code: string): Record<string, string | undefined> {
  const sandbox = vm.createContext({ console, URL, TextEncoder, TextDecoder, __webpack_module_cache__: {} });
  vm.runInContext(code, sandbox);
  const { __TEMPORAL__: bundle } = sandbox as { __TEMPORAL__: { importWorkflows(): Record<string, BundledWorkflow> } };
  const entries = Object.entries(bundle.importWorkflows());
  return Object.fromEntries(entries.map(([type, workflow]) => [type, workflow.workflowDefinitionOptions?.versioningBehavior]));
}
