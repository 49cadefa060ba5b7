import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RecentLoads } from '../../../src/connectors/contract.js';
import { ensureLedger } from '../../../src/connectors/postgres/ledger.js';
import { openPostgres } from '../../../src/connectors/postgres/connector.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';

let database: TestDatabase;
let slow: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  slow = new pg.Client({ connectionString: database.url });
  await slow.connect();
  await ensureLedger(slow, '_millrace');
});

beforeEach(async () => void (await database.query('DELETE FROM _millrace.ledger')));

afterAll(async () => {
  await slow?.end();
  await database?.drop();
});

const insert = (load: string, at = 'clock_timestamp()') =>
  `INSERT INTO _millrace.ledger (load_id, content, target, mode, pipeline, step, workflow_id, run_id, "rows", committed_at)
   VALUES ('${load}', 'content', 'public.orders', 'append', 'fill', 'load', 'w', 'r', 1, ${at})`;
const past = '2020-01-01T00:00:00.000Z';

function look(cursor: string | null, since = past): Promise<RecentLoads> {
  const { destination } = openPostgres('warehouse', { url: database.url });
  return destination?.recentLoads?.({ cursor, since }) as Promise<RecentLoads>;
}
const names = ({ loads }: RecentLoads): string[] => loads.map(({ loadId }) => loadId);

test('a load whose transaction was open for longer than others that were told meanwhile is told when it commits', async () => {
  await slow.query('BEGIN');
  await slow.query(insert('began first'));
  await database.query(insert('committed first'));
  const first = await look(null);
  expect(names(first)).toEqual(['committed first']);
  expect(first.loads[0]).toMatchObject({ target: 'warehouse.public.orders', content: 'content' });
  await database.query(insert('second'));
  const second = await look(first.cursor);
  expect(names(second)).toContain('second');
  await slow.query('COMMIT');
  expect(names(await look(second.cursor))).toContain('began first');
});

test('a load is told no more once every transaction of before has ended', async () => {
  await database.query(insert('a'));
  let last = await look(null);
  expect(names(last)).toEqual(['a']);
  // Other tests have transactions on the server too.
  await until(
    async () => (last = await look(last.cursor)).loads.length === 0,
    () => 'a load is told again and again',
  );
  await database.query(insert('b'));
  expect(names(await look(last.cursor))).toEqual(['b']);
});

test('a load that is made again with other content is told again, and one that was replaced is not', async () => {
  await database.query(insert('a'));
  await database.query(insert('b'));
  const { cursor } = await look(null);
  await database.query(`UPDATE _millrace.ledger SET content = 'other', committed_at = clock_timestamp() WHERE load_id = 'a'`);
  await database.query(`UPDATE _millrace.ledger SET superseded_by = 1 WHERE load_id = 'b'`);
  const again = await look(cursor);
  expect(again.loads.map(({ loadId, content }) => [loadId, content])).toEqual([['a', 'other']]);
});

test('the first look tells of loads from its time on', async () => {
  await database.query(insert('old', `'2021-01-01'::timestamptz`));
  await database.query(insert('new'));
  expect(names(await look(null, '2022-01-01T00:00:00.000Z'))).toEqual(['new']);
});

test('a cursor of a server that counts otherwise, as one that was restored, is none: the last day is told', async () => {
  await database.query(insert('old', `'2021-01-01'::timestamptz`));
  await database.query(insert('new'));
  expect(names(await look('999999999999'))).toEqual(['new']);
});

test('without a ledger there are no loads, and those after it are told', async () => {
  const { destination } = openPostgres('warehouse', { url: database.url, ledgerSchema: 'later' });
  const first = (await destination?.recentLoads?.({ cursor: null, since: past })) as RecentLoads;
  expect(first.loads).toEqual([]);
  expect(destination?.ledgerName?.('orders')).toBe('public.orders');
  expect(destination?.ledgerName?.('sales.orders')).toBe('sales.orders');
});
