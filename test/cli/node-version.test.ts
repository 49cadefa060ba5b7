import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../architecture/imports.js';
import { temporaryFolder } from '../support/folder.js';

test('a Node that is too old is told which one is needed, and where it is', async () => {
  // Node lets nobody change `process.versions`, but a module may be given another `process`.
  const hooks = path.join(temporaryFolder(), 'older-node.cjs');
  writeFileSync(
    hooks,
    `const Module = require('node:module');
    const load = Module._load;
    Module._load = (request, ...rest) => request === 'node:process'
      ? { versions: { node: '18.20.8' }, execPath: process.execPath, exit: process.exit }
      : load(request, ...rest);`,
  );
  const started = promisify(execFile)(process.execPath, ['--require', hooks, path.join(ROOT, 'bin/millrace.js'), 'runs']);
  await expect(started).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Millrace needs Node 20\.19 or later; this is Node 18\.20\.8 \(.*\)\. .*\[NODE_UNSUPPORTED\]\n$/,
    ) as string,
  });
});

test('the program gives Node a pool with threads for as many steps as the machine has processors, unless somebody has decided', async () => {
  const told = async (environment: Readonly<Record<string, string>>): Promise<string> => {
    const look = path.join(temporaryFolder(), 'look.cjs');
    writeFileSync(look, `process.on('exit', () => process.stderr.write('pool ' + process.env.UV_THREADPOOL_SIZE + ' threads'));`);
    const args = ['--require', look, path.join(ROOT, 'bin/millrace.js'), '--version'];
    const { stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...environment } });
    return stderr;
  };
  expect(await told({ UV_THREADPOOL_SIZE: '' })).toContain(`pool ${Math.max(4, 2 * os.availableParallelism())} threads`);
  expect(await told({ UV_THREADPOOL_SIZE: '7' })).toContain('pool 7 threads');
});
