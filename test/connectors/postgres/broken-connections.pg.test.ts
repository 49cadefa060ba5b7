import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';
import { openCable } from '../../support/cable.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query('CREATE SCHEMA shop');
  await db.query(
    'CREATE TABLE shop.orders (id int PRIMARY KEY, note varchar(5), total numeric(6,2), made date NOT NULL DEFAULT now())',
  );
  await db.query('CREATE VIEW shop.recent AS SELECT * FROM shop.orders');
});
afterAll(() => db.drop());

const url = (change: (url: URL) => void): string => {
  const changed = new URL(db.url);
  change(changed);
  return changed.toString();
};

test.each([500, 2_000, 6_000, 9_000, 400_000, 1_500_000])(
  'a connection that breaks after %d bytes leaves nothing, and trying again succeeds',
  async (bytes) => {
    const target = `shop.cut_${bytes}`;
    const cable = await openCable(new URL(db.url));
    const through = url((u) => void (u.port = String(cable.port)));
    const load = {
      target,
      mode: 'append',
      select: 'SELECT range AS id FROM range(200000)',
      identity: { loadId: target, content: 'c', pipeline: 'p', step: 's', workflowId: 'w', runId: 'r' },
    } as const;
    cable.cutAfterBytes(bytes);
    await expect(loadQuery({ url: through }, load)).rejects.toMatchObject({ retryable: true });
    cable.close();
    expect(await db.query(`SELECT to_regclass('${target}') AS oid`)).toEqual([{ oid: null }]);
    expect(await loadQuery({ url: db.url }, load)).toMatchObject({ rows: 200_000, alreadyDone: false });
    expect(await db.query(`SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${target}`)).toEqual([
      { rows: 200_000, ids: 200_000 },
    ]);
  },
);

test.each([300, 3_000, 300_000])(
  'an extract whose connection breaks after %d bytes fails for now, and trying again succeeds',
  async (bytes) => {
    await db.query('CREATE TABLE IF NOT EXISTS shop.long AS SELECT i AS id FROM generate_series(1, 200000) AS i');
    const cable = await openCable(new URL(db.url));
    const read = async (address: string): Promise<unknown> => {
      const connector = await openConnector('postgres', 'warehouse', { url: address });
      return withContext((context) =>
        Promise.resolve(
          connector.source?.extract({ dataset: 'd', options: { table: 'shop.long' }, directory: temporaryFolder() }, context),
        ),
      );
    };
    cable.cutAfterBytes(bytes);
    await expect(read(url((u) => void (u.port = String(cable.port))))).rejects.toMatchObject({ retryable: true });
    cable.close();
    expect(await read(db.url)).toMatchObject({ rows: 200_000 });
  },
);

test('a server that refuses a connection before it is encrypted, as one that goes down does, is tried again', async () => {
  // What PostgreSQL 18 sends when its postmaster has been killed a moment ago; no server can be brought to it at will.
  const fields = ['SFATAL', 'C57P01', 'Mterminating connection due to unexpected postmaster exit', ''];
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, body])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const load = {
    target: 'shop.refused',
    mode: 'append',
    select: 'SELECT 1 AS id',
    identity: { loadId: 'refused', content: 'c', pipeline: 'p', step: 's', workflowId: 'w', runId: 'r' },
  } as const;
  const refused = loadQuery({ url: url((u) => void (u.port = String(port))) }, load);
  await expect(refused).rejects.toMatchObject({ code: 'CONNECTION_REFUSED', retryable: true });
  await expect(refused).rejects.toThrow('Check host, port and sslmode, and that the server runs');
  server.close();
});
