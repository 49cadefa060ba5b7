import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { loadProject } from '../../src/config/load.js';
import type { bundleProject } from '../../src/worker/index.js';
import { ROOT } from './imports.js';

/** What may be in the sandbox, each with its reason. */
const ALLOWED: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^workflows\/[a-z-]+\.ts$/, 'our deterministic code'],
  [/^src\/core\/([a-z-]+\/)?[a-z-]+\.ts$/, 'pure, so that workflows may use it'],
  [/^examples\/flights\/workflows\/[a-z-]+\.ts$/, 'the pipelines of the project'],
  [/^examples\/flights\/\.millrace\/workflow-entry-[^/]+\.[cm]js$/, 'the list of its pipelines that was made for the bundler'],
  [/^node_modules\/@temporalio\/(workflow|common)\//, 'the workflow library'],
  [/^node_modules\/(nexus-rpc|long|ms)\//, 'what the workflow library pulls in'],
  [/^webpack\//, 'the bundler’s own few lines'],
];

test('the workflow bundle of the compiled code holds our workflow code, core and Temporal’s library, and nothing else', async () => {
  const { loadProject: load } = await compiled<{ loadProject: typeof loadProject }>('src/config/load.js');
  const { bundleProject: bundle } = await compiled<{ bundleProject: typeof bundleProject }>('src/worker/bundle.js');
  const { code } = await bundle(await load(join(ROOT, 'examples', 'flights')));
  const modules = modulesOf(code);
  expect(modules).toContain('workflows/pipeline.ts');
  expect(modules).toContain('examples/flights/workflows/flight-delays.ts');
  expect(modules.filter((module) => !ALLOWED.some(([pattern]) => pattern.test(module)))).toEqual([]);
});

/** `npm test` has built it: what users get is compiled, and a type imported like a value shows only there. */
async function compiled<M>(file: string): Promise<M> {
  return (await import(pathToFileURL(join(ROOT, 'dist', file)).href)) as M;
}

/** The files a bundle was made from, relative to the repository. */
function modulesOf(code: string): string[] {
  const encoded = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(code)?.[1] ?? '';
  const { sources } = JSON.parse(Buffer.from(encoded, 'base64').toString()) as { sources: readonly string[] };
  const real = sources.filter((source) => !source.startsWith('ignored|'));
  return real.map((source) => (source.startsWith('/') ? relative(ROOT, source) : source));
}
