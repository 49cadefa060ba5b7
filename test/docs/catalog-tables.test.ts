import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, sourceFiles } from '../architecture/imports.js';

const PAGE = readFileSync(join(ROOT, 'docs/catalog.md'), 'utf8');

test('docs/catalog.md says of every table what it holds', () => {
  const tables = sourceFiles('src/catalog/migrations').flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/createTable\('(\w+)'\)/g)].map(([, table]) => table ?? ''),
  );
  expect(tables).toContain('runs');
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const untold = tables.filter((table) => !rows.some((row) => row.split(' | ')[0]?.includes(`\`${table}\``)));
  expect(untold).toEqual([]);
});
