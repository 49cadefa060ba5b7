import path from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { checkFunctions } from '../../src/rows/check-functions.js';
import { FUNCTIONS } from './function-scene.js';

test('functions that do not load are found before any runs, each with its reason', async () => {
  const project = await loadProject(FUNCTIONS);
  const found = await checkFunctions(project.config, project);
  expect([...found.keys()].toSorted()).toEqual(['broken', 'noFunction']);
  expect(found.get('broken')).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('broken.ts:2:') });
  expect(found.get('noFunction')?.message).toContain('is no function and no module with one as its default export');
});

test('a project without functions needs no thread', async () => {
  const project = await loadProject(path.resolve(FUNCTIONS, '../depot'));
  expect((await checkFunctions(project.config, project)).size).toBe(0);
});
