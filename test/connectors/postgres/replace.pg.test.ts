import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

vi.setConfig({ testTimeout: 60_000 });

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(`
    CREATE TABLE public.totals (
      id int PRIMARY KEY, region text NOT NULL DEFAULT 'north' CHECK (region <> ''), amount numeric(12,2),
      number int GENERATED ALWAYS AS IDENTITY, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED);
    INSERT INTO public.totals SELECT n, 'old', n FROM generate_series(1, 1000) AS n;
    CREATE INDEX by_region ON public.totals (region) WHERE amount > 0;
    COMMENT ON TABLE public.totals IS 'for people';
    COMMENT ON COLUMN public.totals.amount IS 'in euros';
    CREATE VIEW public.regions AS SELECT region, sum(amount) AS amount FROM public.totals GROUP BY region;
    CREATE TABLE public.notes (id int REFERENCES public.totals DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO public.notes VALUES (1);
    CREATE TABLE public.seen (id int);
    CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END $$;
    CREATE TRIGGER seeing AFTER INSERT ON public.totals FOR EACH ROW EXECUTE FUNCTION public.see();
    ALTER TABLE public.totals ENABLE ROW LEVEL SECURITY;
    CREATE ROLE reader_of_totals;
    GRANT SELECT ON public.totals, public.regions TO reader_of_totals;
    ALTER TABLE public.totals SET (fillfactor = 70)`);
});
afterAll(async () => {
  await db.query('DROP OWNED BY reader_of_totals');
  await db.query('DROP ROLE reader_of_totals');
  await db.drop();
});

const replace = (from: number, to: number, region = 'new') =>
  loadQuery(
    { url: db.url },
    {
      target: 'totals',
      mode: 'replace',
      select: `SELECT range::INT AS id, '${region}' AS region, range::DECIMAL(12,2) AS amount FROM range(${from}, ${to + 1})`,
    },
  );

/** Everything that belongs to the table beside its rows, by the oids that others refer to it with. */
async function belongings(): Promise<unknown> {
  const [row] = await db.query(
    `SELECT c.oid, c.relacl::text AS grants, c.relrowsecurity AS secured, c.reloptions::text AS options, obj_description(c.oid) AS comment,
       (SELECT json_agg(pg_get_indexdef(indexrelid) || indexrelid ORDER BY indexrelid) FROM pg_index WHERE indrelid = c.oid)::text AS indexes,
       (SELECT json_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid OR confrelid = c.oid)::text AS constraints,
       (SELECT json_agg(pg_get_triggerdef(oid) ORDER BY oid) FROM pg_trigger WHERE tgrelid = c.oid)::text AS triggers,
       (SELECT json_agg(json_build_array(attname, atttypid, attnotnull, attidentity, attgenerated, col_description(c.oid, attnum),
          pg_get_expr(adbin, adrelid)) ORDER BY attnum)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = c.oid AND attnum > 0)::text AS columns,
       pg_get_viewdef('public.regions'::regclass) AS view, pg_get_serial_sequence('public.totals', 'number') AS sequence
     FROM pg_class AS c WHERE c.oid = 'public.totals'::regclass`,
  );
  return row;
}

test('replace keeps grants, indexes, constraints, views, triggers, comments, policies and what refers to the table', async () => {
  const before = await belongings();
  await db.query('TRUNCATE public.seen');
  expect(await replace(1, 500)).toMatchObject({ rows: 500, replaced: 1000, created: false });
  expect(await belongings()).toEqual(before);
  expect(await db.query('SELECT region, amount::int AS amount FROM public.regions')).toEqual([
    { region: 'new', amount: 125_250 },
  ]);
  expect(await db.query('SELECT count(*)::int AS seen FROM public.seen')).toEqual([{ seen: 500 }]);
  expect(
    await db.query(
      'SELECT count(DISTINCT number)::int AS numbers, min(number) AS first, bool_and(doubled = amount * 2) AS doubled FROM public.totals',
    ),
  ).toEqual([{ numbers: 500, first: 1001, doubled: true }]);
  expect(await db.query('SELECT totals.id FROM public.notes JOIN public.totals USING (id)')).toEqual([{ id: 1 }]);
});

test('replace that takes away a row that another table refers to is refused, and changes nothing', async () => {
  const before = await db.query('SELECT count(*)::int AS rows, min(region) AS region FROM public.totals');
  const refused = replace(2, 10);
  await expect(refused).rejects.toMatchObject({ code: 'VALUE_REFUSED', message: expect.stringContaining('notes') as string });
  expect(await db.query('SELECT count(*)::int AS rows, min(region) AS region FROM public.totals')).toEqual(before);
});

test('readers of a table that is replaced again and again never wait, and see all of one load at every moment', async () => {
  await replace(1, 2000, 'load 0');
  const reader = new pg.Client({ connectionString: db.url });
  await reader.connect();
  // A reader that would have to wait fails instead.
  await reader.query("SET lock_timeout = '1ms'");
  const readers = { areDone: false };
  const seen = new Set<string>();
  const reading = (async () => {
    while (!readers.areDone) {
      const { rows } = await reader.query<{ rows: number; regions: number; region: string }>(
        'SELECT count(*)::int AS rows, count(DISTINCT region)::int AS regions, min(region) AS region FROM public.totals',
      );
      seen.add(`${rows[0]?.rows} ${rows[0]?.regions}`);
    }
  })();
  for (let at = 1; at <= 4; at += 1) await replace(1, 2000, `load ${at}`);
  readers.areDone = true;
  await reading;
  expect([...seen]).toEqual(['2000 1']);
  await reader.end();
});

test('a reader with an old snapshot goes on seeing the rows of its snapshot', async () => {
  await replace(1, 10, 'before');
  const reader = new pg.Client({ connectionString: db.url });
  await reader.connect();
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query('SELECT 1');
  await replace(1, 20, 'after');
  const { rows } = await reader.query('SELECT count(*)::int AS rows, min(region) AS region FROM public.totals');
  await reader.end();
  expect(rows).toEqual([{ rows: 10, region: 'before' }]);
});
