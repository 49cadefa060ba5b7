import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { millraceVersion } from '../../src/config/millrace-version.js';
import { buildIdOf } from '../../src/worker/build-id.js';
import { writtenProject, type FileChange } from '../support/written-project.js';

/** The pipelines of all these projects are the same, so they need not be bundled. */
const bundle = { code: 'the pipelines' };

async function buildIdAfter(changes: Readonly<Record<string, FileChange>>, code = bundle): Promise<string> {
  return buildIdOf(await loadProject(writtenProject(changes)), code);
}

test('a build id is the same for the same project, wherever it is, and names the release of Millrace', async () => {
  const [one, other] = [await buildIdAfter({}), await buildIdAfter({})];
  expect(one).toBe(other);
  expect(one).toMatch(new RegExp(`^${millraceVersion().replaceAll('.', String.raw`\.`)}-[0-9a-f]{12}$`));
});

test('pipelines, contracts, SQL and imported code change the build id, and what the config does not reach leaves it', async () => {
  const before = await buildIdAfter({});
  const config = 'millrace.config.ts';
  const changed = [
    await buildIdAfter({}, { code: 'other pipelines' }),
    await buildIdAfter({ [config]: ["amount: z.number() }), { key: ['id']", "amount: z.number().max(9) }), { key: ['id']"] }),
    await buildIdAfter({ 'transforms/totals.sql': 'SELECT $month AS month, max(amount) AS amount\nFROM orders\n' }),
    await buildIdAfter({
      [config]: ["import { z } from 'zod';", "import { z } from 'zod';\nimport './more.js';"],
      'more.ts': 'export {};',
    }),
  ];
  expect(new Set([before, ...changed]).size).toBe(5);
  expect(await buildIdAfter({ 'notes.md': 'Read me.', 'more.ts': 'export {};' })).toBe(before);
});

test('what the environment says is no part of a build id', async () => {
  const folder = writtenProject({
    'millrace.config.ts': ["lake: files({ root: '.' })", "lake: files({ root: env('BUILD_ID_ROOT', '.') })"],
  });
  const config = path.join(folder, 'millrace.config.ts');
  writeFileSync(config, readFileSync(config, 'utf8').replace('defineProject, files', 'defineProject, env, files'));
  const before = await buildIdOf(await loadProject(folder), bundle);
  writeFileSync(path.join(folder, '.env'), 'BUILD_ID_ROOT=elsewhere\n');
  expect(await buildIdOf(await loadProject(folder), bundle)).toBe(before);
});
