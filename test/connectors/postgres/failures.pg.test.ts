import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';
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

test.each([
  [
    'a wrong password',
    url.bind(null, (u) => void (u.password = 'sesame-open')),
    'CREDENTIALS_REJECTED',
    false,
    /127\.0\.0\.1:\d+.*"warehouse".*password authentication failed/,
  ],
  ['an unknown user', url.bind(null, (u) => void (u.username = 'nobody')), 'CREDENTIALS_REJECTED', false, /"nobody"/],
  [
    'an unknown database',
    url.bind(null, (u) => void (u.pathname = '/nowhere')),
    'DATABASE_MISSING',
    false,
    /"nowhere" does not exist/,
  ],
  ['a server that is not there', url.bind(null, (u) => void (u.port = '9')), 'CONNECTION_REFUSED', true, /127\.0\.0\.1:9/],
  [
    'encryption that the server has not',
    url.bind(null, (u) => u.searchParams.set('sslmode', 'require')),
    'CONFIG_INVALID',
    false,
    /sslmode of connection "warehouse".*does not support SSL/,
  ],
] as const)('%s is a coded error without the password', async (_what, address, code, retryable, message) => {
  const connection = { url: address() };
  const password = decodeURIComponent(new URL(address()).password);
  const connector = await openConnector('postgres', 'warehouse', connection);
  const attempts = [
    loadQuery(connection, { target: 'shop.orders', select: 'SELECT 1 AS id' }),
    withContext((context) => connector.check(context)),
    withContext(async (context) =>
      connector.source?.extract({ dataset: 'd', options: { table: 'shop.orders' }, directory: temporaryFolder() }, context),
    ),
  ];
  for (const outcome of await Promise.allSettled(attempts)) {
    const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
    expect(error).toMatchObject({ code, retryable, message: expect.stringMatching(message) as string });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(password);
  }
});

test.each([
  ['postgres://u:pass-word@h/d?sslmode=sometimes', /url: has an unknown sslmode/],
  ['postgres://u:pass-word@h/d?pool=3', /url: has the unknown parameter pool/],
  ['mysql://u:pass-word@h/d', /url: must begin with postgres:/],
  ['u:pass-word', /url: must begin with postgres:|url: is not/],
])('the url %s is refused when the connection opens, and not shown', async (wrong, message) => {
  const error = await openConnector('postgres', 'warehouse', { url: wrong }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });
  expect(String(error)).not.toContain('pass-word');
});

test.each([
  ['a missing schema', { target: 'depot.orders', select: 'SELECT 1 AS id' }, 'TABLE_MISSING', /CREATE SCHEMA "depot"/],
  ['a view as target', { target: 'shop.recent', select: 'SELECT 1 AS id' }, 'TARGET_UNSUITABLE', /"shop"\."recent".*not a table/],
  [
    'a column that is missing',
    { target: 'shop.orders', select: "SELECT 1 AS id, 'x' AS colour" },
    'COLUMN_MISSING',
    /ALTER TABLE "shop"\."orders" ADD COLUMN "colour" text/,
  ],
  [
    'a required column that is not loaded',
    { target: 'shop.orders', select: "SELECT 'x' AS note" },
    'COLUMN_MISSING',
    /"id".*NOT NULL/,
  ],
  [
    'a column of another type',
    { target: 'shop.orders', select: "SELECT 'one' AS id" },
    'COLUMN_TYPE',
    /"id".*integer.*VARCHAR.*ALTER COLUMN "id" TYPE text/,
  ],
  [
    'a column that would round',
    { target: 'shop.orders', select: 'SELECT 1 AS id, 1.234 AS total' },
    'COLUMN_TYPE',
    /"total".*numeric\(6,2\).*DECIMAL\(4,3\)/,
  ],
  ['a number that does not fit', { target: 'shop.orders', select: 'SELECT 3000000000 AS id' }, 'VALUE_REFUSED', /shop/],
  [
    'a text that is too long',
    { target: 'shop.orders', select: "SELECT 1 AS id, 'sixsix' AS note" },
    'VALUE_REFUSED',
    /too long for type character varying\(5\)/,
  ],
  [
    'a key that is there already',
    { target: 'shop.orders', select: 'SELECT * FROM (VALUES (1), (1)) AS v(id)' },
    'KEY_DUPLICATE',
    /orders_pkey/,
  ],
  [
    'a merge without a unique index',
    { target: 'shop.orders', mode: 'merge', key: ['note'], select: "SELECT 1 AS id, 'x' AS note" },
    'TARGET_UNSUITABLE',
    /CREATE UNIQUE INDEX ON "shop"\."orders" \("note"\)/,
  ],
  ['a merge without a key', { target: 'shop.orders', mode: 'merge', select: 'SELECT 1 AS id' }, 'OPTION_INVALID', /needs a key/],
  [
    'a key that is null',
    { target: 'shop.fresh', mode: 'merge', key: ['id', 'part'], select: 'SELECT 1 AS id, NULL::INT AS part' },
    'KEY_NULL',
    /1 of 1 rows.*"id", "part"/,
  ],
  [
    'a table name that is none',
    { target: 'a.b.c', select: 'SELECT 1 AS id' },
    'OPTION_INVALID',
    /"a\.b\.c" is not the name of a table/,
  ],
] as const)('%s is refused for good, says where and how to mend it, and leaves nothing', async (_what, load, code, message) => {
  await expect(loadQuery({ url: db.url }, load)).rejects.toMatchObject({
    code,
    retryable: false,
    message: expect.stringMatching(message) as string,
  });
  expect(await db.query('SELECT count(*)::int AS rows FROM shop.orders')).toEqual([{ rows: 0 }]);
  expect(await db.query("SELECT relname FROM pg_class WHERE relname LIKE 'staging_%' OR relname = 'fresh'")).toEqual([]);
  expect(await db.query('SELECT load_id FROM _millrace.ledger')).toEqual([]);
});

test('a user without rights is told which, and which statement adds the load column', async () => {
  const user = `u_${randomBytes(4).toString('hex')}`;
  await db.query(
    `CREATE ROLE ${user} LOGIN PASSWORD 'pw'; GRANT USAGE ON SCHEMA shop TO ${user}; CREATE TABLE shop.kept (id int); CREATE TABLE shop.given (id int)`,
  );
  const limited = url((u) => Object.assign(u, { username: user, password: 'pw' }));
  await expect(loadQuery({ url: limited }, { target: 'shop.kept', select: 'SELECT 1 AS id' })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    retryable: false,
  });
  await db.query(
    `GRANT USAGE ON SCHEMA _millrace TO ${user}; GRANT SELECT, INSERT, UPDATE ON _millrace.ledger TO ${user}; GRANT SELECT, INSERT, DELETE ON shop.given TO ${user}`,
  );
  const refused = loadQuery({ url: limited }, { target: 'shop.given', select: 'SELECT 1 AS id' });
  await expect(refused).rejects.toMatchObject({
    code: 'TARGET_UNSUITABLE',
    message: expect.stringMatching(/ALTER TABLE "shop"\."given" ADD COLUMN IF NOT EXISTS _millrace_load bigint/) as string,
  });
  expect(await loadQuery({ url: limited }, { target: 'shop.given', mode: 'replace', select: 'SELECT 1 AS id' })).toMatchObject({
    rows: 1,
  });
  await expect(
    loadQuery({ url: limited }, { target: 'shop.kept', mode: 'replace', select: 'SELECT 1 AS id' }),
  ).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining('kept') as string });
  await db.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`);
});

test('a load that waits for a lock ends within two seconds when it is cancelled', async () => {
  await db.query('CREATE TABLE shop.busy (id int)');
  const holder = new pg.Client({ connectionString: db.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE shop.busy IN ACCESS EXCLUSIVE MODE');
  const controller = new AbortController();
  const waiting = loadQuery(
    { url: db.url },
    { target: 'shop.busy', mode: 'replace', select: 'SELECT 1 AS id' },
    { controller },
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  await untilWaiting();
  const cancelled = Date.now();
  controller.abort();
  expect(await waiting).toMatchObject({ code: 'CANCELLED' });
  expect(Date.now() - cancelled).toBeLessThan(2_000);
  await holder.query('ROLLBACK');
  await holder.end();
  expect(await db.query('SELECT * FROM shop.busy')).toEqual([]);
  expect(
    await db.query(
      "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'millrace load%' AND datname = current_database()",
    ),
  ).toEqual([]);
});

test('an extract that waits for a lock ends within two seconds when it is cancelled', async () => {
  await db.query('CREATE TABLE shop.read (id int)');
  const holder = new pg.Client({ connectionString: db.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE shop.read IN ACCESS EXCLUSIVE MODE');
  const controller = new AbortController();
  const connector = await openConnector('postgres', 'warehouse', { url: db.url });
  const directory = temporaryFolder();
  const waiting = withContext(
    async (context) => connector.source?.extract({ dataset: 'd', options: { table: 'shop.read' }, directory }, context),
    { controller },
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  await untilWaiting();
  const cancelled = Date.now();
  controller.abort();
  expect(await waiting).toMatchObject({ code: 'CANCELLED' });
  expect(Date.now() - cancelled).toBeLessThan(2_000);
  await holder.query('ROLLBACK');
  await holder.end();
});

test('a lock that stays is a transient error after lockTimeoutMs', async () => {
  await db.query('CREATE TABLE shop.stuck (id int)');
  const holder = new pg.Client({ connectionString: db.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE shop.stuck IN ACCESS EXCLUSIVE MODE');
  const refused = loadQuery(
    { url: db.url, lockTimeoutMs: 300 },
    { target: 'shop.stuck', mode: 'replace', select: 'SELECT 1 AS id' },
  );
  await expect(refused).rejects.toMatchObject({
    code: 'LOCK_TIMEOUT',
    retryable: true,
    message: expect.stringContaining('"shop"."stuck"') as string,
  });
  await holder.end();
});

// Early ones meet the login and the ledger, late ones the COPY.
test('a trigger that drops rows is noticed before the commit', async () => {
  await db.query(`CREATE TABLE shop.sieve (id int);
    CREATE FUNCTION shop.drop_odd() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END';
    CREATE TRIGGER sieve BEFORE INSERT ON shop.sieve FOR EACH ROW EXECUTE FUNCTION shop.drop_odd()`);
  const refused = loadQuery({ url: db.url }, { target: 'shop.sieve', select: 'SELECT range::INT AS id FROM range(10)' });
  await expect(refused).rejects.toMatchObject({
    code: 'ROWS_LOST',
    retryable: true,
    message: expect.stringMatching(/10 rows and the transaction counts 5/) as string,
  });
  expect(await db.query('SELECT * FROM shop.sieve')).toEqual([]);
});

test('a partitioned table is loaded and counted through its partitions', async () => {
  await db.query(`CREATE TABLE shop.parted (id int, region text) PARTITION BY LIST (region);
    CREATE TABLE shop.parted_n PARTITION OF shop.parted FOR VALUES IN ('n'); CREATE TABLE shop.parted_s PARTITION OF shop.parted FOR VALUES IN ('s')`);
  const select = "SELECT range::INT AS id, CASE WHEN range < 3 THEN 'n' ELSE 's' END AS region FROM range(10)";
  expect(await loadQuery({ url: db.url }, { target: 'shop.parted', select })).toMatchObject({ rows: 10 });
  expect(await db.query('SELECT count(*)::int AS rows FROM shop.parted_s')).toEqual([{ rows: 7 }]);
});

test('the ledger is made once, however many loads are the first', async () => {
  const fresh = `ledger_${randomBytes(4).toString('hex')}`;
  await Promise.all(
    [1, 2, 3].map((at) =>
      loadQuery({ url: db.url, ledgerSchema: fresh }, { target: `shop.first_${at}`, select: 'SELECT 1 AS id' }),
    ),
  );
  expect(await db.query(`SELECT target, mode, pipeline, step, "rows"::int AS rows FROM ${fresh}.ledger ORDER BY target`)).toEqual(
    [1, 2, 3].map((at) => ({ target: `shop.first_${at}`, mode: 'append', pipeline: 'p', step: 'load:t', rows: 1 })),
  );
});

// Another session waits for a lock in this database: no sleep can tell that as surely as the server.
async function untilWaiting(): Promise<void> {
  for (;;) {
    const waiting = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
