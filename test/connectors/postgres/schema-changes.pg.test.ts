import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import type { LedgerLoad } from '../../../src/connectors/contract.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { changingTables, failureOf } from './changing-tables.js';
import { loadQuery } from './load.js';

vi.setConfig({ testTimeout: 60_000 });

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const { load, freeze, discard, made, rowsOf, columnsOf } = changingTables(() => db);

describe('freeze', () => {
  test('tells the whole difference at once, with a statement for each, and changes nothing', async () => {
    const table = await made('id int, note text, due date NOT NULL, total numeric(6,2)');
    const error = await failureOf(freeze(table, "SELECT 1 AS id, 'x' AS colour, 7 AS note, 1.234 AS total"));
    expect(error.code).toBe('SCHEMA_CHANGED');
    expect(error.message).toMatch(/^The columns of the dataset and of the table .* in connection "warehouse" differ in 4 ways:/);
    expect(error.message).toContain(`ALTER TABLE "public"."${table}" ADD COLUMN "colour" text;`);
    expect(error.message).toContain('The dataset lacks "due"');
    expect(error.message).toContain('ALTER COLUMN "note" TYPE integer USING "note"::integer;');
    expect(error.message).toContain('ALTER COLUMN "total" TYPE numeric(4,3) USING "total"::numeric(4,3);');
    expect(await columnsOf(table)).toEqual(['id integer', 'note text', 'due date!', 'total numeric(6,2)']);
  });

  test('fails when the dataset lacks a column that the load before filled, and not when nobody did', async () => {
    const table = await made('id int, note text, other text');
    await freeze(table, "SELECT 1 AS id, 'a' AS note");
    const error = await failureOf(freeze(table, 'SELECT 2 AS id'));
    expect(error).toMatchObject({ code: 'SCHEMA_CHANGED' });
    expect(error.message).toMatch(/lacks "note", which the load before filled.*DROP COLUMN "note";/);
    await db.query(`ALTER TABLE public.${table} DROP COLUMN note`);
    expect(await freeze(table, 'SELECT 2 AS id')).toMatchObject({ rows: 1 });
  });

  test('names evolve where that would do, and only there', async () => {
    const table = await made('id int, made date');
    expect((await failureOf(freeze(table, "SELECT 1 AS id, 'x' AS colour"))).message).toContain("schema: 'evolve'");
    expect((await failureOf(freeze(table, "SELECT 1 AS id, TIMESTAMP '2024-01-01' AS made"))).message).toContain(
      "schema: 'evolve'",
    );
    expect((await failureOf(freeze(table, "SELECT 'x' AS id"))).message).not.toContain('evolve');
  });
});

describe('discard', () => {
  test('leaves out what the target has not, counts the values, and tells so in the ledger too', async () => {
    const table = await made('id int');
    const result = await discard(
      table,
      "SELECT unnest([1, 2, 3]) AS id, unnest(['a', NULL, 'c']) AS colour, NULL::INT AS weight",
    );
    const discarded = [
      { change: 'discarded', column: 'colour', from: 'VARCHAR', rows: 2 },
      { change: 'discarded', column: 'weight', from: 'INTEGER', rows: 0 },
    ];
    expect(result).toMatchObject({ rows: 3, changes: discarded });
    expect(await rowsOf(table)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    const connector = await openConnector('postgres', 'warehouse', { url: db.url });
    const told: LedgerLoad[] = [];
    for await (const each of connector.destination?.ledger?.() ?? []) told.push(each);
    await connector.close();
    expect(told.find(({ loadId }) => loadId === result.loadId)).toMatchObject({ changes: discarded });
  });

  test('refuses to leave out the key, and a type that does not fit', async () => {
    const table = await made('id int UNIQUE, v int');
    const keyless = await failureOf(discard(table, 'SELECT 1 AS id, 2 AS part', { mode: 'merge', key: ['id', 'part'] }));
    expect(keyless).toMatchObject({ code: 'COLUMN_MISSING', message: expect.stringContaining('"part"') as string });
    expect(await failureOf(discard(table, "SELECT 1 AS id, 'x' AS v, 1 AS extra"))).toMatchObject({ code: 'COLUMN_TYPE' });
  });
});

test('a load that is found done tells the changes that it had made', async () => {
  const table = await made('id int');
  const identity = { loadId: `done-${table}`, content: 'c', pipeline: 'p', step: 'load:t', workflowId: 'w', runId: 'r' };
  const request = { identity, select: 'SELECT 1 AS id, 2 AS n', schema: 'evolve' } as const;
  const first = await load(table, request);
  expect(await load(table, request)).toEqual({ ...first, alreadyDone: true, replaced: 0 });
  const other = await load(table, { ...request, identity: { ...identity, content: 'd' }, select: 'SELECT 1 AS id, 3 AS n' });
  expect(other).toMatchObject({ alreadyDone: false, changes: first.changes });
});

test('a ledger of an earlier Millrace gets the column that it lacks', async () => {
  const old = await createTestDatabase();
  try {
    await loadQuery({ url: old.url }, { target: 't', select: 'SELECT 1 AS id' });
    await old.query('ALTER TABLE _millrace.ledger DROP COLUMN details');
    expect(await loadQuery({ url: old.url }, { target: 't', select: 'SELECT 2 AS id, 3 AS n', schema: 'evolve' })).toMatchObject({
      rows: 1,
    });
    expect(await old.query("SELECT details->'columns' AS columns FROM _millrace.ledger ORDER BY id")).toEqual([
      { columns: null },
      { columns: ['id', 'n'] },
    ]);
  } finally {
    await old.drop();
  }
});
