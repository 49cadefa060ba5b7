import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { lastingFolder } from '../support/folder.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { temporalAddress } from '../support/temporal.js';

let service: ProjectService;
let wire: Server;
const ends: Socket[] = [];

/** Keeps connections to Temporal open, and lets nothing through any more. */
function freeze(): void {
  for (const end of ends) end.pause();
}

beforeAll(async () => {
  const [host = '', port] = (await temporalAddress()).split(':');
  wire = createServer((client) => {
    const server = connect(Number(port), host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.push(from);
      from.on('data', (chunk) => void to.write(chunk)).on('error', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const { port: own } = wire.address() as { readonly port: number };
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/audits'));
  const project = { ...loaded, catalog: { path: path.join(lastingFolder(), 'catalog.db') } };
  service = await startProjectService(project, `127.0.0.1:${own}`);
});

afterAll(async () => {
  for (const end of ends) end.destroy();
  await service?.stop();
  wire?.close();
});

test('a Temporal that is there and does not answer is told of before the time for an answer is over', async () => {
  const ask = async (address: string) => {
    const response = await fetch(`${service.url}${address}`);
    return { status: response.status, body: await response.json() };
  };
  expect(await ask('/readyz')).toEqual({ status: 200, body: { ok: true } });
  freeze();
  // An answer counts for a second.
  await setTimeout(1_100);
  const began = Date.now();
  expect(await ask('/readyz')).toMatchObject({ status: 503, body: { ok: false } });
  expect(Date.now() - began).toBeLessThan(9_000);
  const [health, run] = await Promise.all([ask('/v1/health'), ask('/v1/runs/any')]);
  expect(health).toMatchObject({ status: 200, body: { ok: false, temporal: { ok: false } } });
  expect(run).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNREACHABLE' } });
});
