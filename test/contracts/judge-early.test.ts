import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import type { Column } from '../../src/core/dataset.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, judgeDataset, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

const ROWS = 600_000;
const COLUMNS = ['id', 'name'];
const Order = contract(z.object({ id: z.int().max(ROWS - 10), name: z.string().regex(/^.{2,4}$/) }), {
  rules: { 'seven is no id': sql`id <> 7` },
});

/** Rejected rows at both ends and in the middle, lines that are no CSV, and texts that only zod can match. */
function orders(): string {
  const lines = ['id,name'];
  for (let id = 1; id <= ROWS; id++) {
    const name = id % 50_000 === 0 ? 'x' : id % 70_001 === 0 ? '\u{1F600}\u{1F600}' : 'abc';
    lines.push(id === 300_000 ? `${id},a,b` : `${id},${name}`);
  }
  return `${lines.join('\n')}\n`;
}

interface Gathered {
  readonly columns: (readonly Column[])[];
  readonly selects: string[];
}

function gather(): Gathered & { begin(columns: readonly Column[]): void; rows(select: string): void } {
  const columns: (readonly Column[])[] = [];
  const selects: string[] = [];
  return { columns, selects, begin: (each) => void columns.push(each), rows: (select) => void selects.push(select) };
}

// Leaving rows out by number, DuckDB keeps no order.
function byId(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return rows.toSorted((a, b) => Number(a['id']) - Number(b['id']));
}

it('gives every accepted row early, once, and ends in the dataset and the rejects that it gives without', async () => {
  const folder = temporaryFolder();
  const input = csvInput(folder, COLUMNS, orders(), {}, { id: { gte: 3 } });
  const plain = await judgeDataset(session, folder, Order, input);
  const early = gather();
  const sliced = await judgeDataset(session, folder, Order, input, early);

  expect(early.columns).toEqual([sliced.judged.columns]);
  expect(early.selects.length).toBeGreaterThanOrEqual(3);
  expect(sliced.judged.parts.length).toBeGreaterThanOrEqual(3);
  expect(sliced.judged.verdict).toEqual(plain.judged.verdict);
  expect(sliced.judged.verdict.rejected).toBeGreaterThan(20);
  expect(sliced.judged.verdict.undecided).toBeGreaterThan(0);
  expect(byId(sliced.accepted)).toEqual(byId(plain.accepted));
  expect(sliced.rejected).toEqual(plain.rejected);

  const offered = await session.rows(`SELECT * FROM (${early.selects.join(' UNION ALL ')}) ORDER BY id`);
  expect(offered).toEqual(byId(plain.accepted));
});

it('gives its threads back', async () => {
  const [setting] = await session.rows<{ threads: bigint }>(`SELECT current_setting('threads') AS threads`);
  expect(Number(setting?.threads)).toBe(2);
});

it('offers nothing early where zod has the last word on every row', async () => {
  const folder = temporaryFolder();
  const refined = contract(z.object({ id: z.int(), name: z.string().refine((name) => name !== 'b') }));
  const early = gather();
  const { accepted } = await judgeDataset(session, folder, refined, csvInput(folder, COLUMNS, 'id,name\n1,a\n2,b\n'), early);
  expect(accepted).toEqual([{ id: 1n, name: 'a' }]);
  expect(early).toMatchObject({ columns: [], selects: [] });
});

it('gives what there is of a file without rows', async () => {
  const folder = temporaryFolder();
  const early = gather();
  const { accepted, judged } = await judgeDataset(session, folder, Order, csvInput(folder, COLUMNS, 'id,name\n'), early);
  expect(accepted).toEqual([]);
  expect(judged.verdict.rowsRead).toBe(0);
});
