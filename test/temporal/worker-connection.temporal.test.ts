import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import { bundleProject, createWorker } from '../../src/worker/index.js';
import { makeAuthority, type Authority, type Certificate } from '../support/certificates.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { openTlsFront, type TlsFront } from '../support/tls-front.js';

const PROJECT = fileURLToPath(new URL('../fixtures/feed', import.meta.url));
const folder = lastingFolder();
const warnings: string[] = [];
let authority: Authority;
let server: Certificate;
let project: LoadedProject;
let bundle: Awaited<ReturnType<typeof bundleProject>>;
let front: TlsFront | undefined;

beforeAll(async () => {
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(folder, 'none.toml'));
  process.env['FEED_LAKE'] = folder;
  process.env['FEED_OUT'] = join(folder, 'out');
  mkdirSync(join(folder, 'out'));
  writeFileSync(join(folder, 'readings.csv'), 'id,place\n1,north\n2,south\n');
  Runtime.install({ logger: new DefaultLogger('WARN', ({ message }) => void warnings.push(message)) });
  authority = makeAuthority(folder, 'authority');
  server = authority.issue('server', ['IP:127.0.0.1']);
  const loaded = await loadProject(PROJECT);
  project = {
    ...loaded,
    taskQueue: `connection-${randomBytes(4).toString('hex')}`,
    staging: { root: join(folder, 'staging') },
    engine: { ...loaded.engine, memoryLimit: '500MB', threads: 1, spillDirectory: join(folder, 'spill') },
    catalog: { path: join(folder, 'catalog.db') },
  };
  bundle = await bundleProject(project);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await front?.close();
});

async function run(temporal: TemporalClient, target: string): Promise<string> {
  const { taskQueue } = project;
  const workflowId = `tidy-${randomBytes(5).toString('hex')}`;
  await temporal.client.workflow.execute('tidy', { taskQueue, workflowId, args: [{ path: 'readings.csv', target }] });
  return readFileSync(join(folder, 'out', target), 'utf8');
}

test('a worker runs pipelines through mutual TLS with an API key', async () => {
  const apiKey = randomBytes(8).toString('hex');
  front = await openTlsFront({ upstream: await temporalAddress(), server, clientAuthority: authority.cert, apiKey });
  const client = authority.issue('client', ['DNS:worker']);
  const tls = `server_ca_cert_path = "${authority.certFile}"\nclient_cert_path = "${client.certFile}"\nclient_key_path = "${client.keyFile}"\n`;
  const config = join(folder, 'temporal.toml');
  writeFileSync(
    config,
    `[profile.far]\naddress = "localhost:${front.port}"\napi_key = "${apiKey}"\n[profile.far.tls]\nserver_name = "127.0.0.1"\n${tls}`,
  );
  vi.stubEnv('TEMPORAL_CONFIG_FILE', config);
  const worker = await createWorker({ project, workflowBundle: bundle, profile: 'far' });
  const temporal = await connectTemporal(temporalTarget({ profile: 'far' }));
  try {
    expect(await run(temporal, 'far.csv')).toBe('id,place\n1,north\n2,south\n');
  } finally {
    await temporal.close();
    await worker.stop();
  }
});

test('a worker that cannot connect says why before it polls', async () => {
  const address = await temporalAddress();
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(folder, 'none.toml'));
  await expect(createWorker({ project, workflowBundle: bundle, address, namespace: 'nowhere' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('has no namespace "nowhere"') as string,
  });
  vi.stubEnv('TEMPORAL_TLS', 'true');
  await expect(createWorker({ project, workflowBundle: bundle, address })).rejects.toMatchObject({ code: 'TEMPORAL_TLS' });
  vi.stubEnv('TEMPORAL_TLS', undefined);
});

test('runs work where search attributes are missing and cannot be added, and one warning says so', async () => {
  const address = await temporalAddress();
  const namespace = await fullNamespace(address);
  const temporal = await connectTemporal(temporalTarget({ address, namespace }));
  const report = await ensureSearchAttributes(temporal);
  expect(report.present).toEqual([]);
  expect(report.warning).toMatch(
    /did not take the search attributes MillracePipeline, .*temporal operator search-attribute create/,
  );
  const worker = await createWorker({ project, workflowBundle: bundle, address, namespace });
  warnings.length = 0;
  try {
    expect(await run(temporal, 'first.csv')).toContain('1,north');
    expect(await run(temporal, 'second.csv')).toContain('1,north');
    expect(warnings.filter((line) => line.includes('search attribute'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `namespace "${namespace}" lacks the search attributes MillracePipeline, MillracePartition, MillraceOwner .*--namespace ${namespace} --name MillracePipeline`,
        ),
      ),
    ]);
  } finally {
    await temporal.close();
    await worker.stop();
  }
});

/** A namespace whose ten search attributes of type Keyword, all there may be, are taken. */
async function fullNamespace(address: string): Promise<string> {
  const temporal = await connectTemporal(temporalTarget({ address }));
  const namespace = `full-${randomBytes(4).toString('hex')}`;
  const { workflowService, operatorService } = temporal.client.connection;
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: 86_400 as never } });
  const searchAttributes = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`Taken${at}`, 2]));
  for (let tries = 0; ; tries++) {
    try {
      await operatorService.addSearchAttributes({ namespace, searchAttributes });
      break;
    } catch (error) {
      // The server takes note of a new namespace after a while.
      if (tries === 100) throw error;
      await sleep(200);
    }
  }
  await temporal.close();
  return namespace;
}
