import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { runDev, type DevOptions } from '../../src/dev/run-dev.js';
import { temporaryFolder } from '../support/folder.js';
import { writtenProject } from '../support/written-project.js';

/** Whatever keeps it from starting is told within this time. */
const SOON_MS = 10_000;

afterEach(() => void vi.unstubAllEnvs());

test(
  'a Temporal server that was named and does not answer is an error with the ways out',
  async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    await expect(dev({})).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1.*set TEMPORAL_ADDRESS/s),
    });
  },
  SOON_MS,
);

test(
  'a busy port that was asked for stops the start, and nothing is left behind',
  async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await expect(dev({ temporalPort: port })).rejects.toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining('--temporal-port'),
    });
  },
  SOON_MS,
);

test(
  'a second start in the same folder names the first',
  async () => {
    const directory = project();
    const first = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    onTestFinished(() => void first.kill());
    mkdirSync(join(directory, '.millrace', 'dev'), { recursive: true });
    writeFileSync(join(directory, '.millrace', 'dev', 'process-id'), String(first.pid));
    await expect(dev({ directory })).rejects.toThrow(new RegExp(`already runs in .*process ${first.pid}`));
  },
  SOON_MS,
);

test(
  'a folder without a config is named',
  async () => {
    await expect(dev({ directory: temporaryFolder() })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
  SOON_MS,
);

test('a project with problems is refused with all of them, and no server is left behind', async () => {
  const directory = writtenProject({
    'transforms/totals.sql': 'SELECT $mont AS month, 1.5 AS amount FROM orders',
    'workflows/index.ts': "export { sum } from './sum.js';\nexport const LIMIT = 3;\n",
  });
  await expect(dev({ directory })).rejects.toMatchObject({
    code: 'PROJECT_INVALID',
    problems: [{ code: 'QUERY_FAILED' }, { code: 'PIPELINE_NAME_MISMATCH', place: { file: 'workflows/index.ts', line: 2 } }],
  });
  const broken = writtenProject({ 'millrace.config.ts': ["monthly('month'", "monthly('moth'"] });
  await expect(dev({ directory: broken })).rejects.toMatchObject({ code: 'CONFIG_INVALID', problems: [{ place: { line: 18 } }] });
  expect(existsSync(join(broken, '.millrace', 'dev'))).toBe(false);
}, 60_000);

function dev(options: Partial<DevOptions>): Promise<number> {
  return runDev({ directory: options.directory ?? project(), once: true, json: true, ...options });
}

/** A project without any pipeline: enough for what happens before the runs. */
function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'workflows'));
  writeFileSync(join(folder, 'workflows', 'index.js'), '');
  writeFileSync(
    join(folder, 'millrace.config.mjs'),
    'export default { connections: {}, contracts: {}, transforms: {}, pipelines: {} };\n',
  );
  return folder;
}
