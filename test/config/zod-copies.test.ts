import { cpSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { z as earlier } from 'zod-4.6.5';
import { checkProject } from '../../src/config/check.js';
import { contract, defineProject } from '../../src/config/index.js';
import { loadProject } from '../../src/config/load.js';
import { zodWarnings } from '../../src/config/zod-copies.js';
import { judgeCsv } from '../../src/testing/index.js';
import { ROOT } from '../architecture/imports.js';
import { smallProject } from '../build/small-project.js';
import { temporaryFolder } from '../support/folder.js';

const CSV = 'id,name\n1,Ann\n2,\nthree,Bob\n4,Mallory\n';

function project(schema: z.ZodObject) {
  return defineProject({ connections: {}, contracts: { Person: contract(schema) }, transforms: {}, pipelines: {} });
}

// What the test is about: the same definition by whichever zod, types of which differ by their version alone.
function person(from: typeof z): z.ZodObject {
  return from.object({
    id: from.int(),
    name: from
      .string()
      .min(1)
      .refine(async (name) => (await Promise.resolve(name)) !== 'Mallory', 'is not welcome'),
  });
}

test('one copy of the proven release is nothing to speak of', () => {
  expect(zodWarnings(project(person(z)), ROOT)).toEqual([]);
});

test('the example, whose config is loaded apart from Millrace, has one copy', async () => {
  expect((await loadProject(path.join(ROOT, 'examples/flights'))).warnings).toEqual([]);
});

test('another release gives the same verdict through zod itself, with a warning that says what to do', async () => {
  const schema = person(earlier as unknown as typeof z);
  expect(zodWarnings(project(schema), ROOT)).toEqual([
    expect.stringMatching(/^The contracts Person are made with zod 4\.6\.5\. .*zod@4\.6\.7` in the project\. \[ZOD_UNPROVEN\]$/),
  ]);
  const [found, proven] = await Promise.all([judgeCsv(contract(schema), CSV), judgeCsv(contract(person(z)), CSV)]);
  expect(found).toEqual(proven);
  expect(found.accepted).toEqual([{ id: 1, name: 'Ann' }]);
  expect(found.rejected.map(({ line, reasons }) => [line, reasons[0]?.path])).toEqual([
    [3, 'name'],
    [4, 'id'],
    [5, 'name'],
  ]);
});

test('a second copy of the proven release is told of, and changes no verdict', async () => {
  const folder = temporaryFolder();
  const copy = path.join(folder, 'node_modules', 'zod');
  cpSync(path.join(ROOT, 'node_modules/zod'), copy, { recursive: true });
  const other = ((await import(pathToFileURL(path.join(copy, 'index.js')).href)) as { readonly z: typeof z }).z;
  const schema = person(other);
  expect(zodWarnings(project(schema), folder)).toEqual([expect.stringMatching(/two copies of zod 4\.6\.7.*\[ZOD_TWICE\]$/)]);
  expect(await judgeCsv(contract(schema), CSV)).toEqual(await judgeCsv(contract(person(z)), CSV));
});

test('a project with another release loads, and says so before anything starts', async () => {
  const folder = smallProject({}, ['typescript', 'tsx']);
  cpSync(path.join(ROOT, 'node_modules/zod-4.6.5'), path.join(folder, 'node_modules/zod'), { recursive: true });
  expect((await loadProject(folder)).warnings).toEqual([expect.stringContaining('The contracts Order are made with zod 4.6.5')]);
});

test('an object of zod 3 is refused with the way out', () => {
  const folder = smallProject({
    'contracts/order.ts': `import { contract } from 'millrace/config';
import { z } from 'zod/v3';
export const Order = contract(z.object({ id: z.number() }) as never, { key: [] });`,
  });
  return expect(loadProject(folder)).rejects.toMatchObject({ message: expect.stringContaining('zod 3') as string });
});

test('what is no schema at all is refused as before', () => {
  const { problems } = checkProject(project({ type: 'string' } as unknown as z.ZodObject), 'millrace.config.ts');
  expect(problems.map(({ message }) => message).join()).toContain('expected a zod object');
});
