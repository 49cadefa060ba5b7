import { createServer } from 'node:http';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { messageOf } from '../../src/core/errors.js';
import { startPostgresServer, type PostgresServer } from '../../src/dev/postgres-server.js';
import { openSession } from '../../src/engine/session.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.js';
import { obtainS3Server, startS3Server, type S3Server } from './s3-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the test files ask for the servers they share; see `shared-servers.ts`. */
    sharedServers: string;
  }
}

/**
 * One PostgreSQL, one Temporal server and one S3 server for all test files, each started when the first file asks for it. The servers
 * end with this process, however it ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await obtainWhatTestsNeed();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  // As root, PostgreSQL runs as another user, who must get in.
  chmodSync(folder, 0o755);
  let postgres: Promise<PostgresServer> | undefined;
  let temporal: Promise<TemporalServer> | undefined;
  let s3: Promise<S3Server> | undefined;
  const services: Record<string, () => Promise<string>> = {
    '/postgres': async () => (await (postgres ??= startPostgresServer({ dataFolder: join(folder, 'postgres') }))).url('postgres'),
    '/temporal': async () => (await (temporal ??= startTemporal())).address,
    '/s3': async () => (await (s3 ??= startS3Server(join(folder, 's3')))).url,
  };
  const desk = createServer((request, response) => {
    const service = services[request.url ?? ''];
    if (!service) response.writeHead(404).end(`No shared server ${request.url}`);
    service?.().then(
      (address) => response.end(address),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const address = desk.address();
  project.provide('sharedServers', `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    await Promise.allSettled([postgres, temporal, s3].map(async (server) => (await server)?.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
}

/**
 * On a new machine Temporal and the S3 server are built for minutes and DuckDB's extensions are downloaded: once, before the first test, since no
 * test's time limit could hold it.
 */
async function obtainWhatTestsNeed(): Promise<void> {
  const notice = (line: string): void => console.log(line);
  await obtainTemporal({ notice });
  await obtainS3Server(notice);
  const limits = { memoryLimit: '200MB', threads: 1, spillDirectory: '' };
  const session = await openSession(limits, new AbortController().signal);
  try {
    await session.loadExtension('postgres_scanner');
    await session.loadExtension('httpfs');
  } finally {
    session.close();
  }
}

async function startTemporal(): Promise<TemporalServer> {
  const { path } = await obtainTemporal({ notice: (line) => console.log(line) });
  return startTemporalServer({ binary: path, uiPort: null });
}
