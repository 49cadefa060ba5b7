import { execFile } from 'node:child_process';
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
