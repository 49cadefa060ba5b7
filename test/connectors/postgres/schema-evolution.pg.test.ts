import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { changingTables, failureOf, newTable } from './changing-tables.js';
import { loadQuery } from './load.js';

vi.setConfig({ testTimeout: 60_000 });

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const { load, freeze, evolve, made, rowsOf, columnsOf } = changingTables(() => db);

describe('evolve', () => {
  test.each(['append', 'merge', 'replace', 'scd2'] as const)('adds columns with %s, and tells so', async (mode) => {
    const table = newTable();
    await freeze(table, "SELECT 1::BIGINT AS id, 'a' AS note", { mode, key: ['id'] });
    const result = await evolve(table, "SELECT 2::BIGINT AS id, 'b' AS note, [1, 2] AS tags, DATE '2024-01-01' AS due", {
      mode,
      key: ['id'],
    });
    expect(result.changes).toEqual([
      { change: 'added', column: 'tags', to: 'integer[]' },
      { change: 'added', column: 'due', to: 'date' },
    ]);
    const rows = await rowsOf(table);
    expect(rows).toContainEqual(expect.objectContaining({ id: 2, tags: [1, 2], due: '2024-01-01' }));
    if (mode !== 'replace') expect(rows).toContainEqual(expect.objectContaining({ id: 1, tags: null, due: null }));
    // And now they fit.
    expect(
      (await evolve(table, "SELECT 3::BIGINT AS id, 'b' AS note, [1] AS tags, NULL::DATE AS due", { mode, key: ['id'] })).changes,
    ).toBeUndefined();
  });

  test.each([
    ['smallint', '40000::BIGINT', 'integer', '40000'],
    ['smallint', '3000000000::BIGINT', 'bigint', '3000000000'],
    ['integer', '-2147483649::BIGINT', 'bigint', '-2147483649'],
    ['bigint', '9223372036854775808::HUGEINT', 'numeric', '9223372036854775808'],
    ['integer', '1.25::DECIMAL(5,2)', 'numeric(12,2)', '1.25'],
    ['bigint', '1.25::DECIMAL(38,30)', 'numeric', '1.250000000000000000000000000000'],
    ['integer', '1.5::DOUBLE', 'double precision', '1.5'],
    ['smallint', '1.5::FLOAT', 'real', '1.5'],
    ['real', '0.1::DOUBLE', 'double precision', '0.1'],
    ['real', '16777217::INTEGER', 'double precision', '16777217'],
    ['numeric(4,2)', '123.45::DECIMAL(10,2)', 'numeric(5,2)', '123.45'],
    ['numeric(4,2)', '1.2345::DECIMAL(5,4)', 'numeric(6,4)', '1.2345'],
    ['numeric(4,2)', '1234567::BIGINT', 'numeric(9,2)', '1234567.00'],
    ['character varying(3)', "'four'", 'text', 'four'],
    ['date', "TIMESTAMP '2024-02-03 04:05:06'", 'timestamp without time zone', '2024-02-03 04:05:06'],
  ])('widens %s for %s to %s, and keeps what is there', async (from, value, to, text) => {
    const table = await made(`id int, v ${from}`);
    const old = from === 'date' ? "'2023-01-01'" : from.startsWith('char') ? "'abc'" : '12';
    await db.query(`INSERT INTO public.${table} VALUES (0, ${old})`);
    const result = await evolve(table, `SELECT 1 AS id, ${value} AS v`);
    expect(result.changes).toEqual([{ change: 'widened', column: 'v', from, to }]);
    expect(await columnsOf(table)).toEqual(['id integer', `v ${to}`]);
    expect(await db.query(`SELECT v = (${old})::${to} AS same FROM public.${table} WHERE id = 0`)).toEqual([{ same: true }]);
    expect(await db.query(`SELECT v::text AS v FROM public.${table} WHERE id = 1`)).toEqual([{ v: text }]);
  });

  test.each([
    ['a narrower value', 'v int', '7::BIGINT'],
    ['a text that fits', 'v varchar(5)', "'five5'"],
    ['a number that fits', 'v numeric(8,2)', '123.45::DECIMAL(30,2)'],
    ['no null', 'v int NOT NULL', '7::INT'],
    ['no rows at all', 'v smallint NOT NULL', '70000::BIGINT', 'WHERE FALSE'],
  ])('leaves a column alone that takes %s as it is', async (_what, column, value, where = '') => {
    const table = await made(column);
    const before = await columnsOf(table);
    expect((await evolve(table, `SELECT * FROM (SELECT ${value} AS v) ${where}`)).changes).toBeUndefined();
    expect(await columnsOf(table)).toEqual(before);
  });

  test('lets a column lack values once the dataset has rows without one, but never the key', async () => {
    const table = await made('id int PRIMARY KEY, note text NOT NULL');
    const nulls = 'SELECT 1 AS id, NULL::VARCHAR AS note';
    expect((await evolve(table, nulls, { mode: 'merge', key: ['id'] })).changes).toEqual([
      { change: 'nullable', column: 'note' },
    ]);
    expect(await columnsOf(table)).toEqual(['id integer!', 'note text']);
    const keyless = evolve(table, "SELECT NULL::INT AS id, 'x' AS note", { mode: 'merge', key: ['id'] });
    await expect(keyless).rejects.toMatchObject({ code: 'KEY_NULL' });
  });

  test.each([
    ['a text for a number', 'v int', "'x'"],
    ['a timestamp with a zone for one without', 'v timestamp', "TIMESTAMPTZ '2024-01-01 00:00:00+00'"],
    ['a double for a bigint, which has more digits', 'v bigint', '1.5::DOUBLE'],
    ['a number for a text', 'v text', '1'],
    ['a date for a boolean', 'v boolean', "DATE '2024-01-01'"],
    ['a finer decimal for a double', 'v double precision', '1.5::DECIMAL(30,20)'],
  ])('refuses %s, which no widening holds', async (_what, column, value) => {
    const table = await made(column);
    const error = await failureOf(evolve(table, `SELECT ${value} AS v, 1 AS extra`));
    expect(error).toMatchObject({ code: 'COLUMN_TYPE', message: expect.stringContaining('"v"') as string });
    expect(await columnsOf(table)).toHaveLength(1);
  });

  test('refuses a column that looks renamed, with both names, until somebody says what it is', async () => {
    const table = await made('id int, note text');
    await freeze(table, "SELECT 1 AS id, 'a' AS note");
    const renamed = "SELECT 2 AS id, 'b' AS remark";
    for (const schema of ['freeze', 'evolve', 'discard'] as const) {
      const error = await failureOf(load(table, { select: renamed, schema }));
      expect(error.code).toBe('SCHEMA_CHANGED');
      expect(error.message).toContain(`ALTER TABLE "public"."${table}" RENAME COLUMN "note" TO "remark";`);
      expect(error.message).toContain(`ALTER TABLE "public"."${table}" ADD COLUMN "remark" text;`);
    }
    await db.query(`ALTER TABLE public.${table} RENAME COLUMN note TO remark`);
    expect((await evolve(table, renamed)).changes).toBeUndefined();
    expect(await rowsOf(table)).toEqual([
      { id: 1, remark: 'a' },
      { id: 2, remark: 'b' },
    ]);
  });

  test('refuses a name that differs in case only', async () => {
    const table = await made('id int, "Note" text');
    const error = await failureOf(evolve(table, "SELECT 1 AS id, 'x' AS note"));
    expect(error).toMatchObject({
      code: 'SCHEMA_CHANGED',
      message: expect.stringContaining('RENAME COLUMN "Note" TO "note"') as string,
    });
  });

  test('takes a column of a type that does not fit the missing one for a new one, and tells of both', async () => {
    const table = await made('id int, note text');
    await freeze(table, "SELECT 1 AS id, 'a' AS note");
    expect((await evolve(table, 'SELECT 2 AS id, TRUE AS paid')).changes).toEqual([
      { change: 'added', column: 'paid', to: 'boolean' },
      { change: 'missing', column: 'note', from: 'text' },
    ]);
  });

  test('tells the view that stands on a column whose type has to change, and leaves nothing', async () => {
    const table = await made('id int, v smallint');
    await db.query(`CREATE VIEW public.on_${table} AS SELECT v FROM public.${table}`);
    const error = await failureOf(evolve(table, 'SELECT 1 AS id, 70000 AS v, 1 AS extra'));
    expect(error.code).toBe('TARGET_UNSUITABLE');
    expect(error.message).toMatch(
      new RegExp(`view on_${table} depends on column "v".*ALTER TABLE "public"."${table}" ALTER COLUMN "v" TYPE integer`),
    );
    expect(await columnsOf(table)).toEqual(['id integer', 'v smallint']);
    expect(await db.query(`SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^(staging|shape|steps|events)_'`)).toEqual([
      { n: 0 },
    ]);
    // A view does not stand in the way of a new column.
    expect((await evolve(table, 'SELECT 1 AS id, 7 AS v, 1 AS extra')).changes).toHaveLength(1);
  });

  test('says what the owner must run when the user is not the owner', async () => {
    const table = await made('id int');
    const user = `u_${table}`;
    await db.query(`CREATE ROLE ${user} LOGIN PASSWORD 'sesame'`);
    await db.query(`GRANT CREATE ON DATABASE ${db.name} TO ${user}; `);
    await db.query(`GRANT ALL ON public.${table} TO ${user}`);
    await db.query(`GRANT ALL ON SCHEMA _millrace TO ${user}`);
    await db.query(`GRANT ALL ON ALL TABLES IN SCHEMA _millrace TO ${user}`);
    const url = Object.assign(new URL(db.url), { username: user, password: 'sesame' }).toString();
    const error = await failureOf(
      loadQuery({ url }, { target: table, mode: 'replace', schema: 'evolve', select: 'SELECT 1 AS id, 2 AS n' }),
    );
    expect(error).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(`ALTER TABLE "public"."${table}" ADD COLUMN "n" integer;`) as string,
    });
    await db.query(`DROP OWNED BY ${user}`);
    await db.query(`DROP ROLE ${user}`);
  });

  test('leaves no change of a load that fails, and makes it once when that is tried again', async () => {
    const table = await made('id int, v smallint');
    const request = { select: 'SELECT 1 AS id, 70000 AS v, 5 AS extra', schema: 'evolve' } as const;
    const stop = {
      checkpoint: (name: string) => (name === 'load.before-commit' ? Promise.reject(new Error('stopped')) : Promise.resolve()),
    };
    await expect(loadQuery({ url: db.url }, { target: table, ...request }, stop)).rejects.toThrow('stopped');
    expect(await columnsOf(table)).toEqual(['id integer', 'v smallint']);
    expect((await load(table, request)).changes).toHaveLength(2);
    expect(await rowsOf(table)).toEqual([{ id: 1, v: 70000, extra: 5 }]);
  });

  test('lets readers work until the rows are staged', async () => {
    const table = await made('id int, v smallint');
    await db.query(`INSERT INTO public.${table} VALUES (1, 1)`);
    await db.query('BEGIN');
    await db.query(`SELECT * FROM public.${table}`);
    const loading = evolve(table, 'SELECT 2 AS id, 70000 AS v');
    const waiting = async () =>
      (
        await db.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'public.${table}'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted`,
        )
      )[0]?.n ?? 0;
    await vi.waitUntil(async () => (await waiting()) === 1, { timeout: 30_000 });
    // What waits for the lock has its rows staged.
    expect(
      await db.query(
        `SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'public.${table}'::regclass AND granted AND mode <> 'AccessShareLock'`,
      ),
    ).toEqual([{ n: 0 }]);
    await db.query('COMMIT');
    expect((await loading).changes).toHaveLength(1);
    expect(await rowsOf(table)).toHaveLength(2);
  });

  test('of several loads at once adds a column once, and keeps the rows of all', async () => {
    const table = await made('id int');
    const results = await Promise.all(
      [1, 2, 3].map(async (id) => {
        for (;;) {
          try {
            return await evolve(table, `SELECT ${id} AS id, 'x' AS note`);
          } catch (error) {
            // Its step would be tried again.
            expect(error).toMatchObject({ retryable: true });
          }
        }
      }),
    );
    expect(results.flatMap(({ changes }) => changes ?? [])).toEqual([{ change: 'added', column: 'note', to: 'text' }]);
    expect(await rowsOf(table)).toEqual([1, 2, 3].map((id) => ({ id, note: 'x' })));
  });
});
