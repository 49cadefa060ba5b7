import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../architecture/imports.js';

test('the example’s tests run in its own folder, as its `npm test` starts them', async () => {
  const vitest = join(ROOT, 'node_modules/.bin/vitest');
  const args = ['run', '--testNamePattern', 'fails with the warehouse'];
  const { stdout } = await promisify(execFile)(vitest, args, { cwd: join(ROOT, 'examples/flights') });
  expect(stdout).toContain('1 passed');
}, 60_000);
