import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/index.js';
import { ROOT } from '../architecture/imports.js';
import { temporaryFolder } from '../support/folder.js';

test('the client loads where no package is installed: of zod it has the types only', async () => {
  const folder = temporaryFolder();
  cpSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true, filter: (file) => !file.endsWith('.map') });
  const client = path.join(folder, 'dist/src/client/index.js');
  const script = `import { connect } from ${JSON.stringify(client)}; console.log(Object.keys(connect({ url: 'http://x' })).join());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  expect(stdout).toContain('pipelines,runs');
});

test.each([
  { service: { url: 'localhost:8300' }, why: '"localhost:8300", is none' },
  { service: { url: 'ftp://x' }, why: 'is none' },
  { service: { url: 'http://me:s3cret@x/' }, why: 'holds a user or a password' },
  { service: { url: 'not//me:s3cret@x/' }, why: 'is none' },
  { service: { url: 'http://x/?token=s3cret' }, why: 'has a query' },
  { service: { url: 'http://x', token: 's3cret\r\nx: y' }, why: 'a line break' },
  { service: { url: 'http://x', token: '' }, why: 'is empty' },
])('an address or a token that cannot be used is refused without telling a secret: $why', ({ service, why }) => {
  expect(() => connect(service)).toThrow(
    expect.objectContaining({ code: 'SERVICE_ADDRESS_INVALID', message: expect.stringContaining(why) as string }),
  );
  expect(() => connect(service)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('s3cret') as string }));
});
