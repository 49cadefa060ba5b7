import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { until } from '../../support/until.js';
import { afterFirstRange, createLargeTable, extractSessions, fillLargeTable, readSum, sumOf } from './read-table.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

describe('a table of several heaps', () => {
  beforeAll(async () => {
    await db.query('CREATE TABLE parted (id int, note text, day date, price numeric(8,2)) PARTITION BY RANGE (day)');
    await db.query("CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')");
    await db.query('CREATE TABLE parted_new (gone int, price numeric(8,2), note text, day date, id int)');
    await db.query('ALTER TABLE parted_new DROP COLUMN gone');
    await db.query("ALTER TABLE parted ATTACH PARTITION parted_new FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')");
    await db.query('CREATE TABLE "Parted ""rest" PARTITION OF parted DEFAULT PARTITION BY HASH (id)');
    for (const part of [0, 1])
      await db.query(
        `CREATE TABLE parted_rest_${part} PARTITION OF "Parted ""rest" FOR VALUES WITH (MODULUS 2, REMAINDER ${part})`,
      );
    await db.query(`INSERT INTO parted SELECT i, repeat(md5(i::text), 20), date '2020-01-01' + i % 1200, i / 100.0
      FROM generate_series(1, 90000) AS i`);
    await db.query('ANALYZE parted');
  });

  test('is read partition by partition', async () => {
    const read = await readSum(db.url, { options: { table: 'parted' } });
    expect(read).toMatchObject(await sumOf(db, 'parted'));
    expect(read.parts).toBeGreaterThan(1);
  });

  test('is read only in the partitions that a filter leaves', async () => {
    const read = async (partition: string): Promise<number> => {
      await until(
        async () => (await extractSessions(db)).length === 0,
        () => 'sessions are left, which have not told what they read',
      );
      const sql = 'SELECT seq_tup_read::int AS rows FROM pg_stat_user_tables WHERE relname = $1';
      return (await db.query<{ rows: number }>(sql, [partition]))[0]?.rows ?? Number.NaN;
    };
    const before = { old: await read('parted_old'), young: await read('parted_new') };
    const extracted = await readSum(db.url, { options: { table: 'parted', where: { day: { gte: '2021-01-01' } } } });
    expect(extracted.parts).toBeGreaterThan(1);
    const after = { old: await read('parted_old'), young: await read('parted_new') };
    expect(after.old).toBe(before.old);
    expect(after.young).toBeGreaterThan(before.young);
    expect(extracted).toMatchObject(await sumOf(db, "parted WHERE day >= '2021-01-01'"));
  });

  test('gives no row of a partition that is attached meanwhile', async () => {
    await db.query('CREATE TABLE growing (id int, note text) PARTITION BY RANGE (id)');
    await createLargeTable(db, 'growing_1');
    await db.query('ALTER TABLE growing ATTACH PARTITION growing_1 FOR VALUES FROM (1) TO (100000)');
    await db.query("CREATE TABLE growing_2 AS SELECT 100000 AS id, 'later' AS note");
    const before = await sumOf(db, 'growing');
    const checkpoint = afterFirstRange(() =>
      db.query('ALTER TABLE growing ATTACH PARTITION growing_2 FOR VALUES FROM (100000) TO (200000)'),
    );
    expect(await readSum(db.url, { options: { table: 'growing' }, checkpoint })).toEqual({ ...before, parts: 2 });
    expect(await readSum(db.url, { options: { table: 'growing' } })).toMatchObject({ rows: before.rows + 1 });
  });

  test('with heirs gives theirs as well', async () => {
    await createLargeTable(db, 'parent');
    await db.query('CREATE TABLE heir (extra int) INHERITS (parent)');
    await fillLargeTable(db, 'heir', 50_001, 100);
    const read = await readSum(db.url, { options: { table: 'parent' } });
    expect(read).toEqual({ ...(await sumOf(db, 'parent')), parts: 2 });
    expect(read.rows).toBe(6_100);
  });

  test.each(['policy', 'right', 'foreign'])('is read through the table where a partition has its own %s', async (what) => {
    const root = `mixed_${what}`;
    await db.query(`CREATE TABLE ${root} (id int, note text) PARTITION BY RANGE (id)`);
    await createLargeTable(db, `${root}_1`);
    await db.query(`ALTER TABLE ${root} ATTACH PARTITION ${root}_1 FOR VALUES FROM (1) TO (100000)`);
    const role = `reader_${what}_${db.name}`;
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await db.query(`GRANT SELECT ON ${root} TO ${role}`);
    if (what === 'policy') {
      await db.query(`GRANT SELECT ON ${root}_1 TO ${role}`);
      await db.query(`ALTER TABLE ${root}_1 ENABLE ROW LEVEL SECURITY`);
    } else if (what === 'foreign') {
      await db.query(`GRANT SELECT ON ${root}_1 TO ${role}`);
      await db.query('CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw');
      await db.query(
        `CREATE FOREIGN TABLE ${root}_2 PARTITION OF ${root} FOR VALUES FROM (100000) TO (200000)
         SERVER files OPTIONS (program 'echo 100001,afar', format 'csv')`,
      );
    }
    const url = Object.assign(new URL(db.url), { username: role, password: 'secret' }).toString();
    const read = await readSum(what === 'foreign' ? db.url : url, { options: { table: root } });
    expect(read).toEqual({ ...(await sumOf(db, root)), parts: 1 });
    await db.query(`DROP OWNED BY ${role}`);
    await db.query(`DROP ROLE ${role}`);
  });
});
