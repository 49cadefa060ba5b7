import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { codeVersion } from '../../src/worker/code-version.js';
import { temporaryFolder } from '../support/folder.js';
import { writtenProject } from '../support/written-project.js';

async function bundleIn(folder: string): Promise<string> {
  return (await bundleProject(await loadProject(folder))).code;
}

test('the same code has the same version wherever it is bundled, and other code has another', async () => {
  const [one, other] = [writtenProject(), writtenProject()];
  const code = await bundleIn(one);
  const version = await codeVersion({ code });
  expect(version).toMatch(/^[0-9a-f]{16}$/);
  expect(await codeVersion({ code: await bundleIn(other) })).toBe(version);
  const built = path.join(temporaryFolder(), 'bundle.js');
  writeFileSync(built, code);
  expect(await codeVersion({ codePath: built })).toBe(version);

  const file = path.join(other, 'workflows/sum.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace("'replace'", "'append'"));
  expect(await codeVersion({ code: await bundleIn(other) })).not.toBe(version);
});
