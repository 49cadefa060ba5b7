import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CursorRange } from '../../../src/core/cursor.js';
import type { GrowingLoad, LoadRequest } from '../../../src/connectors/contract.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { TerminalError } from '../../../src/core/errors.js';
import type { LoadResult } from '../../../src/core/load.js';
import { withContext } from '../../conformance/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const COLUMNS = [
  { name: 'id', type: 'BIGINT', nullable: true },
  { name: 'note', type: 'VARCHAR', nullable: true },
];
const BATCHES = ["SELECT 1::BIGINT AS id, 'a' AS note", "SELECT range AS id, 'b' AS note FROM range(2, 4)"];
const WHOLE = { select: BATCHES.join(' UNION ALL '), rows: 3, content: 'abc' };

interface Growth extends Partial<Omit<GrowingLoad, 'batches' | 'whole'>> {
  readonly target: string;
  readonly batches?: readonly string[];
  /** What is said in the end; a function that throws refuses the dataset. */
  readonly whole?: () => typeof WHOLE | Promise<typeof WHOLE>;
  readonly loadId?: string;
}

async function* oneByOne(batches: readonly string[]): AsyncGenerator<string> {
  for (const batch of batches) yield Promise.resolve(batch);
}

async function grow(growth: Growth): Promise<LoadResult | undefined> {
  const { loadId = randomBytes(6).toString('hex'), batches = BATCHES, whole = () => WHOLE, ...rest } = growth;
  const connector = await openConnector('postgres', 'warehouse', { url: db.url });
  const identity = { loadId, pipeline: 'p', step: 'load:t', workflowId: 'w', runId: 'r' };
  const shared = { identity, mode: 'append', connection: 'warehouse', columns: COLUMNS, ...rest } as const;
  const request: GrowingLoad = {
    ...shared,
    batches: oneByOne(batches),
    whole: async () => {
      const { select, rows, content } = await Promise.resolve().then(whole);
      return { ...shared, identity: { ...identity, content }, select, rows } satisfies LoadRequest;
    },
  };
  return withContext(async (context) => connector.destination?.loadGrowing?.(request, context));
}

const rowsOf = (table: string) => db.query(`SELECT id::int AS id, note FROM ${table} ORDER BY id`);
const ledgerOf = (target: string) =>
  db.query(`SELECT content, rows::int AS rows FROM _millrace.ledger WHERE target = 'public.${target}'`);

test('batches become one load, with the content that is known in the end', async () => {
  const result = await grow({ target: 'whole' });
  expect(result).toMatchObject({ target: 'warehouse.public.whole', rows: 3, replaced: 0, alreadyDone: false, created: true });
  expect(await rowsOf('public.whole')).toEqual([
    { id: 1, note: 'a' },
    { id: 2, note: 'b' },
    { id: 3, note: 'b' },
  ]);
  expect(await ledgerOf('whole')).toEqual([{ content: 'abc', rows: 3 }]);
});

test('a replace takes away what was there only with the commit', async () => {
  await db.query(`CREATE TABLE public.before AS SELECT 9::bigint AS id, 'old'::text AS note`);
  let seen: unknown;
  const whole = async () => {
    seen = await db.query('SELECT id::int AS id FROM public.before');
    return WHOLE;
  };
  expect(await grow({ target: 'before', mode: 'replace', whole })).toMatchObject({ rows: 3, replaced: 1 });
  expect(seen).toEqual([{ id: 9 }]);
  expect(await rowsOf('public.before')).toHaveLength(3);
});

test('a dataset that is refused in the end leaves nothing, not even the table, and says why', async () => {
  const refuse = (): never => {
    throw new TerminalError('CONTRACT_BREACH', 'too many');
  };
  await expect(grow({ target: 'refused', whole: refuse })).rejects.toMatchObject({ code: 'CONTRACT_BREACH' });
  expect(await db.query(`SELECT to_regclass('public.refused') AS there`)).toEqual([{ there: null }]);
  expect(await ledgerOf('refused')).toEqual([]);
});

test('a load that the ledger knows is left to the load of the whole', async () => {
  await grow({ target: 'known', loadId: 'known' });
  expect(await grow({ target: 'known', loadId: 'known' })).toBeUndefined();
  expect(await rowsOf('public.known')).toHaveLength(3);
});

test.each([
  ['a merge', { target: 'other', mode: 'merge', key: ['id'] }],
  ['one partition', { target: 'other', mode: 'replace', partition: { note: 'a' } }],
  ['rows that are fewer than they should be', { target: 'other', whole: () => ({ ...WHOLE, rows: 4 }) }],
  ['a batch that cannot be read', { target: 'other', batches: ['SELECT error($$broken$$) AS id, NULL AS note'] }],
] satisfies readonly (readonly [string, Growth])[])(
  '%s is left to the load of the whole, with nothing done',
  async (_, growth) => {
    expect(await grow(growth)).toBeUndefined();
    expect(await db.query(`SELECT to_regclass('public.other') AS there`)).toEqual([{ there: null }]);
    expect(await ledgerOf('other')).toEqual([]);
  },
);

test('a load moves its watermark with its rows, and one that may not is left to the load of the whole, which says why', async () => {
  const range = (after: string | null, upTo: string): CursorRange => ({
    column: 'id',
    type: 'BIGINT',
    after,
    from: after,
    upTo,
    withoutCursor: 0,
  });
  expect(await grow({ target: 'moving', watermark: range(null, '3') })).toMatchObject({ rows: 3, watermark: '3' });
  expect(await grow({ target: 'moving', watermark: range('2', '9') })).toBeUndefined();
  expect(await rowsOf('public.moving')).toHaveLength(3);
  const ends = `SELECT watermark ->> 'upTo' AS up_to FROM _millrace.ledger WHERE target = 'public.moving'`;
  expect(await db.query(ends)).toEqual([{ up_to: '3' }]);
});

test('values that only a staging table can convert are left to the load of the whole', async () => {
  await db.query('CREATE TABLE public.typed (id bigint, note jsonb)');
  const columns = [COLUMNS[0] as (typeof COLUMNS)[0], { name: 'note', type: 'VARCHAR', nullable: true, sourceType: 'jsonb' }];
  expect(await grow({ target: 'typed', columns })).toBeUndefined();
  expect(await rowsOf('public.typed')).toEqual([]);
});
