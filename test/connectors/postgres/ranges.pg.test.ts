import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { afterFirstRange, createLargeTable, extractSessions, fillLargeTable, readSum, readTable, sumOf } from './read-table.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** Another session, which may wait for locks without holding up the test's own. */
async function beside<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const isWaiting = async (statement: string): Promise<boolean> => {
  const [row] = await db.query<{ waits: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = $1 AND wait_event_type = 'Lock') AS waits`,
    [statement],
  );
  return row?.waits === true;
};

describe('a large table', () => {
  test('is read in several ranges, every row once, and no session is left', async () => {
    await createLargeTable(db, 'plain');
    const whole = await sumOf(db, 'plain');
    expect(await readSum(db.url, { options: { table: 'plain' } })).toEqual({ ...whole, parts: 2 });
    await until(
      async () => (await extractSessions(db)).length === 0,
      () => 'sessions are left',
    );
  });

  test('is read by a cursor up to a bound that all its ranges share, whatever comes in meanwhile', async () => {
    await createLargeTable(db, 'growing');
    const after = { target: 'warehouse.public.growing', name: '', step: 's', value: '1000' };
    const checkpoint = afterFirstRange(() => fillLargeTable(db, 'growing', 6_001, 500));
    const options = { table: 'growing', cursor: 'id', after };
    const read = await readTable(db.url, { options, checkpoint }, async ({ ask, extracted }) => ({
      range: extracted.range,
      parts: extracted.parts.length,
      ids: await ask('count(*)::int AS rows, count(DISTINCT id)::int AS different, min(id) AS first, max(id) AS last'),
    }));
    expect(read).toMatchObject({ range: { after: '1000', upTo: '6000' }, parts: 2 });
    expect(read.ids).toEqual({ rows: 5_001, different: 5_001, first: 1_000, last: 6_000 });
  });

  test('is read in one statement when it is small', async () => {
    await db.query("CREATE TABLE small AS SELECT i AS id, 'x' AS note FROM generate_series(1, 1000) AS i");
    expect(await readSum(db.url, { options: { table: 'small' } })).toEqual({ ...(await sumOf(db, 'small')), parts: 1 });
  });

  test('gives the rows that were there when reading began, whatever is written meanwhile', async () => {
    await createLargeTable(db, 'busy');
    const before = await sumOf(db, 'busy');
    const checkpoint = afterFirstRange(async () => {
      await db.query("UPDATE busy SET note = 'changed' WHERE id % 3 = 0");
      await db.query('DELETE FROM busy WHERE id % 5 = 0');
      await fillLargeTable(db, 'busy', 10_001);
      await db.query('VACUUM busy');
    });
    expect(await readSum(db.url, { options: { table: 'busy' }, checkpoint })).toEqual({ ...before, parts: 2 });
    expect(await readSum(db.url, { options: { table: 'busy' } })).toMatchObject(await sumOf(db, 'busy'));
  });

  test('is read in one snapshot with its columns that turn out inexact midway', async () => {
    await createLargeTable(db, 'late_nan', ', amount numeric(8,2)');
    await db.query("UPDATE late_nan SET amount = 'NaN' WHERE id = (SELECT max(id) FROM late_nan)");
    const before = await sumOf(db, 'late_nan');
    const checkpoint = afterFirstRange(() => db.query('DELETE FROM late_nan WHERE id <= 1000'));
    await readTable(db.url, { options: { table: 'late_nan' }, checkpoint }, async ({ ask, extracted, files }) => {
      expect(extracted.columns.at(-1)).toMatchObject({ name: 'amount', type: 'VARCHAR', sourceType: 'numeric(8,2)' });
      expect(await ask('count(*)::int AS rows, max(amount) AS amount')).toEqual({ rows: before.rows, amount: 'NaN' });
      expect(files).toHaveLength(extracted.parts.length);
    });
  });

  test('keeps its values with columns that were dropped, are out of line or are padded', async () => {
    await createLargeTable(db, 'odd', ', gone text, code char(5), "select" jsonb');
    await db.query('ALTER TABLE odd DROP COLUMN gone, ADD COLUMN big text');
    await db.query('ALTER TABLE odd ALTER COLUMN big SET STORAGE EXTERNAL');
    await db.query(
      `UPDATE odd SET code = 'a ' || id % 9, "select" = '{"a": 1}', big = repeat(id::text, 5000) WHERE id % 100 = 0`,
    );
    const sum = `md5(string_agg(concat(id, note, code::text, "select"::text, big), ',' ORDER BY id)) AS md5`;
    const [whole] = await db.query(`SELECT ${sum} FROM odd`);
    await readTable(db.url, { options: { table: 'odd' } }, async ({ ask, extracted }) => {
      expect(extracted.columns.map(({ name }) => name)).toEqual(['id', 'note', 'code', 'select', 'big']);
      expect(extracted.parts.length).toBeGreaterThan(1);
      expect(await ask(sum)).toEqual(whole);
    });
  });

  test('of dead rows alone gives one part without rows', async () => {
    await createLargeTable(db, 'dead');
    await db.query('DELETE FROM dead');
    await readTable(db.url, { options: { table: 'dead' } }, async ({ extracted, files, ask }) => {
      expect(extracted.parts.map(({ rows }) => rows)).toEqual([0]);
      expect(files).toHaveLength(1);
      expect(await ask('count(*)::int AS rows, any_value(note) AS note')).toEqual({ rows: 0, note: null });
    });
  });

  test('of few live rows among dead ones gives parts for these alone', async () => {
    await createLargeTable(db, 'sparse');
    await db.query('DELETE FROM sparse WHERE id > 10');
    expect(await readSum(db.url, { options: { table: 'sparse' } })).toEqual({ ...(await sumOf(db, 'sparse')), parts: 1 });
  });
});

describe('a table that others want for themselves', () => {
  test.each(['TRUNCATE wanted', 'VACUUM FULL wanted', 'ALTER TABLE wanted ALTER COLUMN id TYPE bigint', 'DROP TABLE wanted'])(
    'is read to its end before %s',
    async (statement) => {
      await createLargeTable(db, 'wanted');
      const before = await sumOf(db, 'wanted');
      let waiting: Promise<unknown> | undefined;
      const checkpoint = afterFirstRange(async () => {
        waiting = beside((client) => client.query(statement));
        await until(
          () => isWaiting(statement),
          () => `${statement} does not wait`,
        );
      });
      expect(await readSum(db.url, { options: { table: 'wanted' }, checkpoint })).toEqual({ ...before, parts: 2 });
      await waiting;
      await db.query('DROP TABLE IF EXISTS wanted');
    },
  );

  test('is not read while it is being emptied, and reading is tried again', async () => {
    await createLargeTable(db, 'emptied');
    await beside(async (client) => {
      await client.query('BEGIN');
      await client.query('TRUNCATE emptied');
      const read = readSum(db.url, { options: { table: 'emptied' }, lockTimeoutMs: 200 });
      await expect(read).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', retryable: true });
      await client.query('ROLLBACK');
    });
    expect(await readSum(db.url, { options: { table: 'emptied' } })).toMatchObject(await sumOf(db, 'emptied'));
  });

  test.each(['large', 'small'])('and that is rewritten while a %s read waits for it gives all its rows', async (size) => {
    const table = `rewritten_${size}`;
    if (size === 'large') await createLargeTable(db, table);
    else await db.query(`CREATE TABLE ${table} AS SELECT i AS id, 'x' AS note FROM generate_series(1, 1000) AS i`);
    const before = await sumOf(db, table);
    await beside(async (client) => {
      await client.query('BEGIN');
      await client.query(`ALTER TABLE ${table} ALTER COLUMN id TYPE bigint`);
      const read = readSum(db.url, { options: { table } });
      await until(
        async () => (await extractSessions(db)).some(({ waits }) => waits === 'Lock'),
        () => 'the extract does not wait',
      );
      await client.query('COMMIT');
      expect(await read).toMatchObject(before);
    });
  });
});

describe('what cannot be read in ranges is read at once', () => {
  beforeAll(async () => {
    await createLargeTable(db, 'base');
    await db.query('CREATE VIEW seen AS SELECT * FROM base');
    await db.query('CREATE MATERIALIZED VIEW kept AS SELECT * FROM base');
  });

  test.each([{ table: 'seen' }, { table: 'kept' }, { query: 'SELECT * FROM base' }])('%o', async (options) => {
    expect(await readSum(db.url, { options })).toEqual({ ...(await sumOf(db, 'base')), parts: 1 });
  });

  test('a table of which the user may read some columns only', async () => {
    const role = `columns_${db.name}`;
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await db.query(`GRANT SELECT (id, note) ON base TO ${role}`);
    const url = Object.assign(new URL(db.url), { username: role, password: 'secret' }).toString();
    expect(await readSum(url, { options: { table: 'base' } })).toEqual({ ...(await sumOf(db, 'base')), parts: 1 });
    await db.query(`DROP OWNED BY ${role}`);
    await db.query(`DROP ROLE ${role}`);
  });
});

describe('a filter on a large table', () => {
  beforeAll(async () => {
    await createLargeTable(db, 'indexed', ', changed int');
    await db.query('UPDATE indexed SET changed = id');
    await db.query('CREATE INDEX ON indexed (id)');
    await db.query('VACUUM ANALYZE indexed');
  });

  test('is evaluated in each range where no index helps', async () => {
    const read = await readSum(db.url, { options: { table: 'indexed', where: { changed: { gt: 100 } } } });
    expect(read).toMatchObject(await sumOf(db, 'indexed WHERE changed > 100'));
    expect(read.parts).toBeGreaterThan(1);
  });

  test('goes through the index that finds its few rows, in one statement', async () => {
    const read = await readSum(db.url, { options: { table: 'indexed', where: { id: { lte: 10 } } } });
    expect(read).toEqual({ ...(await sumOf(db, 'indexed WHERE id <= 10')), parts: 1 });
  });

  test('that no row can pass gives none', async () => {
    expect(await readSum(db.url, { options: { table: 'indexed', where: { id: { in: [] } } } })).toMatchObject({ rows: 0 });
  });

  test('by a cursor ends where the snapshot does', async () => {
    const options = { table: 'indexed', cursor: 'changed', after: 3_000 } as const;
    const before = await sumOf(db, 'indexed WHERE changed >= 3000');
    const checkpoint = afterFirstRange(() => db.query("INSERT INTO indexed VALUES (9999, 'late', 9999)"));
    await readTable(db.url, { options, checkpoint }, async ({ extracted, ask }) => {
      expect(extracted.range).toMatchObject({ column: 'changed', after: '3000', upTo: '6000', withoutCursor: 0 });
      expect(extracted.parts.length).toBeGreaterThan(1);
      expect(await ask('count(*)::int AS rows')).toEqual({ rows: before.rows });
    });
  });
});

test('cancelled while several ranges are being read, an extract ends and leaves no session', async () => {
  await createLargeTable(db, 'slow');
  const role = `slow_${db.name}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await db.query(`GRANT SELECT ON slow TO ${role}`);
  await db.query('ALTER TABLE slow ENABLE ROW LEVEL SECURITY');
  // An hour and a half for each range.
  await db.query('CREATE POLICY slow ON slow USING (pg_sleep(1) IS NOT NULL)');
  const url = Object.assign(new URL(db.url), { username: role, password: 'secret' }).toString();
  const controller = new AbortController();
  const read = readSum(url, { options: { table: 'slow' }, controller });
  const reading = async (): Promise<number> =>
    (await extractSessions(db)).filter(({ state, query }) => state === 'active' && query.startsWith('COPY')).length;
  await until(
    async () => (await reading()) === 2,
    () => 'two ranges are not being read',
  );
  controller.abort();
  await expect(read).rejects.toMatchObject({ code: 'CANCELLED' });
  await until(
    async () => (await extractSessions(db)).length === 0,
    () => 'sessions are left',
  );
  await db.query(`DROP OWNED BY ${role}`);
  await db.query(`DROP ROLE ${role}`);
});
