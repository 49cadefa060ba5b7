import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery, type QueryLoad } from './load.js';

vi.setConfig({ testTimeout: 120_000 });

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const newTable = (): string => `v_${randomBytes(4).toString('hex')}`;
const load = (request: Omit<QueryLoad, 'mode' | 'key'> & Partial<Pick<QueryLoad, 'key'>>) =>
  loadQuery({ url: db.url }, { key: ['id'], ...request, mode: 'scd2' });

/** What a source says of a key at an hour: its value, or that it is gone. */
interface Event {
  readonly id: number;
  readonly hour: number;
  readonly value: string | null;
  readonly gone: boolean;
}

/** A version as the model has it; `to` is Infinity while it holds. */
interface Version {
  readonly from: number;
  readonly to: number;
  readonly value: string | null;
}

/** The model: each event takes the rest of the interval it falls into. It shares no line with what it judges. */
function tell(history: readonly Version[], events: readonly Event[]): Version[] {
  let versions = [...history];
  for (const { hour, value, gone } of events.toSorted((a, b) => a.hour - b.hour)) {
    const hit = versions.find(({ from, to }) => from <= hour && hour < to);
    const until = hit?.to ?? Math.min(Infinity, ...versions.filter(({ from }) => from > hour).map(({ from }) => from));
    const rest = versions.filter((version) => version !== hit);
    const before = hit && hit.from < hour ? [{ ...hit, to: hour }] : [];
    versions = [...rest, ...before, ...(gone ? [] : [{ from: hour, to: until, value }])];
  }
  const merged: Version[] = [];
  for (const version of versions.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && last.to === version.from && last.value === version.value) merged.splice(-1, 1, { ...last, to: version.to });
    else merged.push(version);
  }
  return merged;
}

const START = Date.parse('2024-01-01T00:00:00Z');
const instant = (hour: number): Date => new Date(START + hour * 3_600_000);

function eventsQuery(events: readonly Event[]): string {
  const values = events.map(
    ({ id, hour, value, gone }) =>
      `(${id}, '${instant(hour).toISOString()}', ${value === null ? 'NULL' : `'${value}'`}, ${gone})`,
  );
  return `SELECT id::BIGINT AS id, since::TIMESTAMPTZ AS since, value::VARCHAR AS value, gone::BOOLEAN AS gone
    FROM (VALUES ${values.join(', ')}) AS v(id, since, value, gone)`;
}

const versionsIn = (table: string) =>
  db.query<{ id: number; value: string | null; from: Date; to: Date | null; current: boolean }>(
    `SELECT id::int AS id, value, valid_from AS "from", valid_to AS "to", is_current AS current FROM public.${table} ORDER BY id, valid_from`,
  );

const expected = (histories: ReadonlyMap<number, readonly Version[]>) =>
  [...histories]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([id, versions]) =>
      versions.map(({ from, to, value }) => ({
        id,
        value,
        from: instant(from),
        to: to === Infinity ? null : instant(to),
        current: to === Infinity,
      })),
    );

const event: fc.Arbitrary<Event> = fc.record({
  id: fc.integer({ min: 1, max: 40 }),
  hour: fc.integer({ min: 0, max: 8 }),
  value: fc.constantFrom('a', 'b', null),
  gone: fc.boolean(),
});
const sayIn = (table: string, ...events: Event[]) =>
  load({ target: table, select: eventsQuery(events), validFrom: 'since', deleteFlag: 'gone' });

const oneLoad = fc.uniqueArray(event, { minLength: 1, maxLength: 120, selector: ({ id, hour }) => id * 100 + hour });

test('random histories, late versions and deletions among them, are those of a model that knows only intervals', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(oneLoad, { minLength: 2, maxLength: 4 }), async (loads) => {
      const table = newTable();
      const histories = new Map<number, readonly Version[]>();
      for (const events of loads) {
        const request = { target: table, select: eventsQuery(events), validFrom: 'since', deleteFlag: 'gone' };
        expect(await load(request)).toMatchObject({ rows: events.length });
        for (const id of new Set(events.map((each) => each.id)))
          histories.set(
            id,
            tell(
              histories.get(id) ?? [],
              events.filter((each) => each.id === id),
            ),
          );
        expect(await versionsIn(table)).toEqual(expected(histories));
        // As another load, so that the ledger does not know it.
        expect(await load(request)).toMatchObject({ alreadyDone: false, replaced: 0, deleted: 0 });
        expect(await versionsIn(table)).toEqual(expected(histories));
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('a version that is taken back at the very moment from which it held is gone, with its key where it was the only one', async () => {
  const table = newTable();
  await sayIn(table, { id: 1, hour: 0, value: 'a', gone: false }, { id: 2, hour: 0, value: 'a', gone: false });
  const takenBack = [
    { id: 1, hour: 0, value: 'a', gone: true },
    { id: 2, hour: 0, value: 'a', gone: true },
    { id: 2, hour: 3, value: 'b', gone: false },
  ];
  expect(await sayIn(table, ...takenBack)).toMatchObject({ rows: 3, replaced: 2, deleted: 2 });
  expect(await versionsIn(table)).toMatchObject([{ id: 2, value: 'b', from: instant(3) }]);
});

test('one load of many versions gives the history that the versions tell in order', async () => {
  await fc.assert(
    fc.asyncProperty(oneLoad, async (events) => {
      const table = newTable();
      await load({ target: table, select: eventsQuery(events), validFrom: 'since', deleteFlag: 'gone' });
      const sorted = events.toSorted((a, b) => a.id - b.id || a.hour - b.hour);
      const states = sorted.map((each) => (each.gone ? 'gone' : `is ${each.value}`));
      const starts = sorted.filter((each, at) => {
        const before = sorted[at - 1]?.id === each.id ? states[at - 1] : 'gone';
        return !each.gone && states[at] !== before;
      });
      expect((await versionsIn(table)).map(({ id, value, from }) => ({ id, value, from }))).toEqual(
        starts.map(({ id, value, hour }) => ({ id, value, from: instant(hour) })),
      );
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('a late version takes its place in the history, and a version that says the same later is none', async () => {
  const table = newTable();
  const at = (hour: number, value: string, gone = false): Event => ({ id: 1, hour, value, gone });
  await sayIn(table, at(10, 'a'));
  await sayIn(table, at(12, 'a'), at(20, 'c'));
  await sayIn(table, at(15, 'b'));
  expect((await versionsIn(table)).map(({ value, from, to }) => [value, from, to])).toEqual([
    ['a', instant(10), instant(15)],
    ['b', instant(15), instant(20)],
    ['c', instant(20), null],
  ]);
  await sayIn(table, at(17, '', true));
  expect((await versionsIn(table)).map(({ to, current }) => [to, current])).toEqual([
    [instant(15), false],
    [instant(17), false],
    [null, true],
  ]);
});

test('a version that stays keeps what else its row has', async () => {
  const table = newTable();
  await load({ target: table, select: "SELECT 1::BIGINT AS id, 'a' AS value UNION ALL SELECT 2, 'a'" });
  await db.query(`ALTER TABLE public.${table} ADD COLUMN number int GENERATED ALWAYS AS IDENTITY`);
  const before = await db.query(`SELECT number FROM public.${table} ORDER BY id`);
  await load({ target: table, select: "SELECT 1::BIGINT AS id, 'b' AS value UNION ALL SELECT 2, 'a'" });
  expect(await db.query(`SELECT number FROM public.${table} ORDER BY number LIMIT 2`)).toEqual(before);
});

test('dates and timestamps without a zone are moments in UTC', async () => {
  const [dates, times] = [newTable(), newTable()];
  await load({ target: dates, select: "SELECT 1 AS id, DATE '2024-07-01' AS since", validFrom: 'since' });
  await load({ target: times, select: "SELECT 1 AS id, TIMESTAMP '2024-07-01 12:00:00.000001' AS since", validFrom: 'since' });
  const from = (table: string) => db.query(`SELECT valid_from AT TIME ZONE 'UTC' = since AS same FROM public.${table}`);
  expect([...(await from(dates)), ...(await from(times))]).toEqual([{ same: true }, { same: true }]);
});

test('values without an equality of their own are compared as they are written', async () => {
  const table = newTable();
  await db.query(
    `CREATE TABLE public.${table} (id int, doc json, place point, valid_from timestamptz, valid_to timestamptz, is_current boolean, UNIQUE (id, valid_from))`,
  );
  const columns = [
    { name: 'id', type: 'INTEGER', nullable: false },
    { name: 'doc', type: 'VARCHAR', nullable: true, sourceType: 'json' },
    { name: 'place', type: 'VARCHAR', nullable: true, sourceType: 'point' },
  ];
  const one = (doc: string, place: string) =>
    load({ target: table, columns, select: `SELECT 1 AS id, '${doc}' AS doc, '${place}' AS place` });
  await one('{"a":1}', '(1,2)');
  expect(await one('{"a":1}', '(1,2)')).toMatchObject({ replaced: 0 });
  expect(await one('{"a":2}', '(1,2)')).toMatchObject({ replaced: 1 });
  expect(await one('{"a":2}', '(1,3)')).toMatchObject({ replaced: 1 });
  expect(await db.query(`SELECT count(*)::int AS versions FROM public.${table}`)).toEqual([{ versions: 3 }]);
});

test('a table that is made has the indexes that hold versions apart', async () => {
  const table = newTable();
  await load({ target: table, select: 'SELECT 1::BIGINT AS id, 2 AS part', key: ['id', 'part'] });
  const indexes = await db.query<{ definition: string }>(
    `SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = 'public.${table}'::regclass ORDER BY 1`,
  );
  expect(indexes.map(({ definition }) => definition.replace(/^.*USING/, 'USING'))).toEqual([
    'USING btree (id, part) WHERE is_current',
    'USING btree (id, part, valid_from)',
  ]);
  expect(indexes.every(({ definition }) => definition.startsWith('CREATE UNIQUE INDEX'))).toBe(true);
});

test.each([
  [
    'columns that Millrace writes',
    { select: 'SELECT 1 AS id, TRUE AS Is_Current' },
    'OPTION_INVALID',
    /"Is_Current", which Millrace writes itself/,
  ],
  [
    'a validFrom that is no time',
    { select: "SELECT 1 AS id, 'x' AS since", validFrom: 'since' },
    'OPTION_INVALID',
    /"since", which is VARCHAR/,
  ],
  [
    'a validFrom that is not there',
    { select: 'SELECT 1 AS id', validFrom: 'since' },
    'OPTION_INVALID',
    /validFrom.*"since".*It has: id/,
  ],
  [
    'a row without a moment',
    { select: 'SELECT 1 AS id, NULL::TIMESTAMP AS since', validFrom: 'since' },
    'KEY_NULL',
    /1 of 1 rows.*"since"/,
  ],
  [
    'a moment without end',
    { select: "SELECT 1 AS id, 'infinity'::TIMESTAMP AS since", validFrom: 'since' },
    'KEY_NULL',
    /1 of 1 rows.*"since"/,
  ],
  [
    'two rows at one moment',
    { select: "SELECT 1 AS id, TIMESTAMP '2024-01-01' AS since, unnest([1, 2]) AS n", validFrom: 'since' },
    'KEY_DUPLICATE',
    /1 keys \("id"\).*at one moment of "since"/,
  ],
  [
    'a flag that is not boolean',
    { select: 'SELECT 1 AS id, 1 AS gone', deleteFlag: 'gone' },
    'OPTION_INVALID',
    /"gone", which is INTEGER/,
  ],
  [
    'a flag that is not there',
    { select: 'SELECT 1 AS id', deleteFlag: 'gone' },
    'OPTION_INVALID',
    /deleteFlag.*"gone".*It has: id/,
  ],
  [
    'a flag that is the key',
    { select: 'SELECT TRUE AS id', deleteFlag: 'id' },
    'OPTION_INVALID',
    /"id" cannot be the deleteFlag/,
  ],
  ['a load without a key', { select: 'SELECT 1 AS id', key: [] }, 'OPTION_INVALID', /'scd2' needs a key/],
  ['a key without a value', { select: 'SELECT NULL::INT AS id' }, 'KEY_NULL', /1 of 1 rows.*\("id"\)/],
] as const)('%s is refused, and leaves nothing', async (_what, request, code, message) => {
  const table = newTable();
  await expect(load({ target: table, ...request })).rejects.toMatchObject({
    code,
    retryable: false,
    message: expect.stringMatching(message) as string,
  });
  expect(await db.query(`SELECT to_regclass('public.${table}') AS there`)).toEqual([{ there: null }]);
});

test('a table that cannot hold versions is refused with the statements to run', async () => {
  const table = newTable();
  const attempt = () => load({ target: table, select: 'SELECT 1::BIGINT AS id' });
  await db.query(`CREATE TABLE public.${table} (id bigint PRIMARY KEY)`);
  const error = await attempt().catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({ code: 'TARGET_UNSUITABLE' });
  await db.query(/run: (ALTER TABLE [^;]*);/.exec((error as Error).message)?.[1] ?? '');
  await db.query(`ALTER TABLE public.${table} DROP CONSTRAINT ${table}_pkey`);
  const second = await attempt().catch((reason: unknown) => reason as Error);
  expect(second).toMatchObject({ code: 'TARGET_UNSUITABLE' });
  await db.query(/Run: (.*)$/.exec((second as Error).message)?.[1] ?? '');
  expect(await attempt()).toMatchObject({ rows: 1, created: false });
});
