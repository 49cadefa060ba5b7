import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { sql, type Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract, query } from '../../src/config/index.js';
import type { SqlTransform } from '../../src/config/transform.js';
import type { Scalar } from '../../src/core/filter.js';
import type { Column } from '../../src/core/dataset.js';
import type { Manifest } from '../../src/core/manifest.js';
import { inspectSelect } from '../../src/engine/select-guard.js';
import { openSession } from '../../src/engine/session.js';
import { statementOf } from '../../src/engine/transform-statement.js';
import { runTransform } from '../../src/engine/transform.js';
import { temporaryFolder } from '../support/folder.js';

const Event = contract(
  z.object({ id: z.int(), big: z.bigint(), 'select "x"': z.string(), day: z.iso.date(), at: z.date(), done: z.boolean() }),
);
const Id = contract(z.object({ id: z.int() }));
const ODD_TABLE = 'order; DROP "TABLE" t';

const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'BIGINT', nullable: false },
  { name: 'big', type: 'HUGEINT', nullable: false },
  { name: 'select "x"', type: 'VARCHAR', nullable: false },
  { name: 'day', type: 'DATE', nullable: false },
  { name: 'at', type: 'TIMESTAMP WITH TIME ZONE', nullable: false },
  { name: 'done', type: 'BOOLEAN', nullable: false },
];

/** Runs a transform over five events in the table `input`, and gives its rows. */
async function rowsOf(
  transform: SqlTransform,
  { input = 'events', params = {} }: { input?: string; params?: Record<string, Scalar> } = {},
): Promise<unknown[]> {
  const root = temporaryFolder();
  const directory = path.join(root, 'attempt');
  await mkdir(directory);
  const limits = { memoryLimit: '500MB', threads: 2, spillDirectory: path.join(root, 'spill') };
  const session = await openSession(limits, new AbortController().signal);
  try {
    await session.run(
      `COPY (SELECT range AS id, (9007199254740993 + range)::DOUBLE::HUGEINT AS big, 'it''s ' || range AS "select ""x""", DATE '2024-01-01' + range::INT AS day, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_hours(range::INT) AS at, range % 2 = 0 AS done FROM range(5)) TO '${root}/events.parquet'`,
    );
    const events: Manifest = {
      version: 1,
      name: 'events',
      key: 'k',
      content: 'c',
      createdAt: '2024-01-01T00:00:00Z',
      rows: 5,
      bytes: 0,
      columns: COLUMNS,
      schema: 's',
      parents: [],
      reproducible: true,
      parts: [{ path: 'events.parquet', format: 'parquet', rows: 5, bytes: 0, fingerprint: '' }],
      engine: 'duckdb',
    };
    const statement = await statementOf(root, 'picked', transform, params);
    const inspected = await inspectSelect(session, 'picked', statement.sql, [input]);
    await runTransform(session, {
      name: 'picked',
      statement,
      inspected,
      inputs: { [input]: events },
      parameters: [],
      stagingRoot: root,
      directory,
      settle: (columns) => columns,
      orderBy: [],
    });
    return await session.rows(`FROM '${directory}/part-0.parquet'`);
  } finally {
    session.close();
  }
}

const ids = (rows: readonly unknown[]): number[] => rows.map((row) => Number((row as { id: bigint }).id));

test('a query binds texts, dates, moments, bigints and booleans as the types of their columns', async () => {
  const transform = query({ inputs: { events: Event }, output: Id }, (db) =>
    db
      .selectFrom('events')
      .select('id')
      .where('day', '>=', '2024-01-02')
      .where('at', '<', new Date('2024-01-01T04:00:00Z'))
      .where('big', '>=', 9007199254740992n)
      .where('big', '<', 2n ** 100n)
      .where('done', '=', false)
      .where('select "x"', '!=', "it's 3"),
  );
  expect(ids(await rowsOf(transform))).toEqual([1]);
});

test('a query quotes every name, so that a name cannot become SQL', async () => {
  const transform = query({ inputs: { [ODD_TABLE]: Event }, output: Event }, (db) =>
    db.selectFrom(ODD_TABLE).selectAll().where('select "x"', '=', "it's 2"),
  );
  expect(ids(await rowsOf(transform, { input: ODD_TABLE }))).toEqual([2]);
});

test('a query gets the parameters it declares, as its schema makes them', async () => {
  const transform = query(
    { inputs: { events: Event }, output: Id, params: z.object({ day: z.iso.date(), atMost: z.int().default(1) }) },
    (db, params) => db.selectFrom('events').select('id').where('day', '>', params.day).orderBy('id').limit(params.atMost),
  );
  expect(ids(await rowsOf(transform, { params: { day: '2024-01-02', unrelated: true } }))).toEqual([2]);
  expect(ids(await rowsOf(transform, { params: { day: '2024-01-02', atMost: 2 } }))).toEqual([2, 3]);
  await expect(rowsOf(transform, { params: { day: 7, month: '2024-01' } })).rejects.toMatchObject({
    code: 'PARAMETERS_INVALID',
    message: expect.stringMatching(/transform "picked" declares: day: .*It has: day, month/),
  });
});

test('a value cannot become SQL', async () => {
  const transform = query({ inputs: { events: Event }, output: Id, params: z.object({ text: z.string() }) }, (db, { text }) =>
    db.selectFrom('events').select('id').where('select "x"', '=', text),
  );
  expect(await rowsOf(transform, { params: { text: "' OR 1 = 1 --" } })).toEqual([]);
  expect(ids(await rowsOf(transform, { params: { text: "it's 4" } }))).toEqual([4]);
});

test('a statement that writes is refused, however it got past the types', async () => {
  const full = (db: unknown): Kysely<{ events: { id: number } }> => db as Kysely<{ events: { id: number } }>;
  const inputs = { inputs: { events: Event }, output: Id };
  for (const transform of [
    query(inputs, (db) => full(db).deleteFrom('events').returning('id')),
    query(inputs, (db) => full(db).updateTable('events').set({ id: 1 }).returning('id')),
    query(inputs, (db) => full(db).insertInto('events').values({ id: 1 }).returning('id')),
    query(inputs, (db) =>
      db
        .with('gone', (cte) => cte.deleteFrom('events').returning('id'))
        .selectFrom('gone')
        .select('id'),
    ),
  ])
    await expect(rowsOf(transform)).rejects.toMatchObject({ code: expect.stringMatching(/TRANSFORM_FORBIDDEN|QUERY_FAILED/) });
});

test('SQL of one’s own in a query is held to the inputs too', async () => {
  const transform = query({ inputs: { events: Event }, output: Id }, (db) =>
    db.selectFrom('events').select(sql<number>`(SELECT count(*) FROM duckdb_settings())`.as('id')),
  );
  await expect(rowsOf(transform)).rejects.toMatchObject({ code: 'TRANSFORM_FORBIDDEN' });
});

test('a builder that throws, executes, returns a promise or binds what no column holds is told so', async () => {
  const inputs = { inputs: { events: Event }, output: Id };
  const failing: readonly [SqlTransform, RegExp][] = [
    [
      query(inputs, () => {
        throw new Error('no such month');
      }),
      /query builder of transform "picked" failed: no such month/,
    ],
    [query(inputs, (db) => db.selectFrom('events').select('id').execute() as never), /return it without execute\(\)/],
    [query(inputs, (db) => db.selectFrom('events').select('id').where('id', '=', Number.NaN)), /binds NaN as value 1/],
    [query(inputs, (db) => db.selectFrom('events').select('id').where('at', '=', new Date(''))), /an invalid date/],
    [
      query(inputs, (db) => db.selectFrom('events').select(sql<number>`${Symbol('x')}`.as('id'))),
      /binds a value of type symbol as value 1/,
    ],
  ];
  for (const [transform, message] of failing)
    await expect(rowsOf(transform)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
});
