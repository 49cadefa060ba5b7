import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../src/rows/code-hash.js';
import { temporaryFolder } from '../support/folder.js';

let root: string;

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

beforeEach(() => {
  root = temporaryFolder();
  write(
    'millrace.config.ts',
    `import { contract } from './contracts.js'; import 'tiny';
     export default { one: () => import('./transforms/one.js'), two: () => import('./transforms/two') };`,
  );
  write('contracts.ts', 'export const contract = 1;');
  write(
    'transforms/one.ts',
    `import type { A } from '../contracts.js';
     import { readFileSync } from 'node:fs';
     import { deep } from './deep/index.js';
     import tiny from 'tiny';
     const names = new URL('../names.csv', import.meta.url);`,
  );
  write('transforms/deep/index.ts', `export * from '../shared';`);
  write('transforms/shared.ts', 'export const deep = 1;');
  write('transforms/two.ts', 'export default 2;');
  write('names.csv', 'a,b');
  write('node_modules/tiny/package.json', JSON.stringify({ name: 'tiny', version: '1.0.0' }));
});

// Written out as text, as the compiler leaves an import alone and Vite does not.
const load = (specifier: string): (() => unknown) => ({ toString: () => `() => import("${specifier}")` }) as () => unknown;
const one = () => codeOf(path.join(root, 'millrace.config.ts'), load('./transforms/one.js'));

test('the code of a function is its module, and what that imports or names of the project', () => {
  const { files, exact } = one();
  expect(exact).toBe(true);
  expect(files.map((file) => path.relative(root, file))).toEqual([
    'names.csv',
    'transforms/deep/index.ts',
    'transforms/one.ts',
    'transforms/shared.ts',
  ]);
});

test.each(['transforms/one.ts', 'transforms/shared.ts', 'names.csv'])('its hash changes with %s', (file) => {
  const before = one().hash;
  write(file, 'export const deep = 2;');
  expect(one().hash).not.toBe(before);
});

test('an import after a type alias counts, also where no semicolon ends the alias', () => {
  write('transforms/one.ts', `export type Row = { a: number }\nexport { deep } from './shared.js'\n`);
  expect(one().files.map((file) => path.relative(root, file))).toEqual(['transforms/one.ts', 'transforms/shared.ts']);
});

test.each(['await import(`./rules/${country}.js`)', 'await import(name)', 'require(name)'])(
  'what %s brings cannot be followed',
  (code) => {
    write('transforms/one.ts', `export default async (name: string, country: string) => ${code};`);
    expect(one().exact).toBe(false);
  },
);

test('its hash changes with the version of a package that it imports', () => {
  const before = one().hash;
  write('node_modules/tiny/package.json', JSON.stringify({ name: 'tiny', version: '1.0.1' }));
  expect(one().hash).not.toBe(before);
});

test.each([
  ['a neighbour', 'transforms/two.ts', 'export default 3;'],
  ['what it only imports types of', 'contracts.ts', 'export const contract = 2;'],
  ['the config', 'millrace.config.ts', `export default { one: () => import('./transforms/one.js') };`],
])('its hash does not change with %s', (_what, file, text) => {
  const before = one().hash;
  write(file, text);
  expect(one().hash).toBe(before);
});

test('a function that names no module is all that the config imports', () => {
  const { files } = codeOf(path.join(root, 'millrace.config.ts'), () => 1);
  expect(files.map((file) => path.relative(root, file))).toContain('contracts.ts');
  expect(files).toHaveLength(7);
});

test('a package that is linked, or that is nowhere, leaves the code not fully known', () => {
  write('transforms/two.ts', `import 'nowhere';`);
  expect(codeOf(path.join(root, 'millrace.config.ts'), load('./transforms/two')).exact).toBe(false);
  write('packages/near/package.json', JSON.stringify({ name: 'near', version: '1.0.0' }));
  symlinkSync(path.join(root, 'packages/near'), path.join(root, 'node_modules/near'));
  write('transforms/two.ts', `import 'near';`);
  expect(codeOf(path.join(root, 'millrace.config.ts'), load('./transforms/two')).exact).toBe(false);
});
