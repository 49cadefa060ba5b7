import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../architecture/imports.js';
import { temporaryFolder } from '../support/folder.js';

test('a Node that is too old is told which one is needed, and where it is', async () => {
  // Node lets nobody change `process.versions`, but a module may be given another `process`.
  const hooks = path.join(temporaryFolder(), 'older-node.mjs');
  writeFileSync(
    hooks,
    `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`
      export async function load(url, context, next) {
        if (url !== 'node:process') return next(url, context);
        const source = "export default { versions: { node: '18.20.8' }, execPath: process.execPath, exit: process.exit }";
        return { format: 'module', source, shortCircuit: true };
      }\`));`,
  );
  const started = promisify(execFile)(process.execPath, ['--import', hooks, path.join(ROOT, 'bin/millrace.js'), 'runs']);
  await expect(started).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^error: Millrace needs Node 20\.19 or later; this is Node 18\.20\.8 \(.*\)\. .*\[NODE_UNSUPPORTED\]\n$/,
    ) as string,
  });
});
