import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const tsc = path.join(root, 'node_modules', '.bin', 'tsc');

async function typeErrors(directory: string): Promise<string> {
  return promisify(execFile)(tsc, ['--noEmit', '-p', directory], { cwd: root }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

test('wrong names, parameters, inputs and key columns are compile errors', async () => {
  expect(await typeErrors(path.join(root, 'test/types'))).toBe('');
});

test('the projects of the tests type-check', async () => {
  expect(await typeErrors(path.join(root, 'test/fixtures/shop'))).toBe('');
  expect(await typeErrors(path.join(root, 'test/fixtures/functions'))).toBe('');
});

test('the example type-checks against the built package, as a user’s project does', async () => {
  expect(await typeErrors(path.join(root, 'examples/flights'))).toBe('');
});

test('a wrong name is told with the names there are', async () => {
  const folder = await mkdtemp(path.join(root, 'test/types/wrong-'));
  try {
    await writeFile(path.join(folder, 'tsconfig.json'), '{ "extends": "../tsconfig.json", "include": ["*.ts"] }');
    const body = "async (run) => { await run.validate(run.extract('sales', { from: 'shp', path: 'x' }), 'Sal'); }";
    const imports =
      "import { pipelines } from '../../../workflows/index.js';\nimport type project from '../../fixtures/shop/millrace.config.js';\n";
    await writeFile(
      path.join(folder, 'wrong.ts'),
      `${imports}export const sales = pipelines<typeof project>()('sals', ${body});\n`,
    );
    const told = await typeErrors(folder);
    expect(told).toMatch(/'"sals"' is not assignable to parameter of type '"\w+"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
