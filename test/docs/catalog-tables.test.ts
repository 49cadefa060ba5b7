import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const migrations = new URL('../../src/catalog/migrations/', import.meta.url);
const document = new URL('../../docs/catalog.md', import.meta.url);

test('the documentation tells what is in each table of the catalog', () => {
  const source = readdirSync(migrations).map((name) => readFileSync(new URL(name, migrations), 'utf8'));
  const made = source.flatMap((text) => [...text.matchAll(/createTable\('(\w+)'\)/g)].map(([, table]) => table));
  const [, tables = ''] = /\n## Tables\n([^]*?)\n## /.exec(readFileSync(document, 'utf8')) ?? [];
  const rows = tables.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, table]) => table));
  expect(made.length).toBeGreaterThan(20);
  expect(new Set(told)).toEqual(new Set(made));
});
