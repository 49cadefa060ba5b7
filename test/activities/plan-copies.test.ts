import { expect, test } from 'vitest';
import { MAX_TABLES, planCopies } from '../../activities/plan-copies.js';
import type { SourceTable } from '../../src/connectors/contract.js';

const WANTED = { from: 'shop', to: 'warehouse', tables: ['*'], exclude: [], mode: 'replace' } as const;
const TARGET = {
  targetFor: ({ schema, table }: { schema: string; table: string }) => `${schema}.${table}`,
  existing: [],
  isSource: false,
};

function tables(count: number, of: (at: number) => Partial<SourceTable> = () => ({})): SourceTable[] {
  return Array.from({ length: count }, (_, at) => {
    const table = `t${at}`;
    const columns = [{ name: 'id', generated: false }];
    return { name: `public.${table}`, schema: 'public', table, key: ['id'], columns, rows: 10, bytes: at, ...of(at) };
  });
}

test('the largest table comes first', () => {
  const plan = planCopies(WANTED, tables(3), TARGET);
  expect(plan.tables.map(({ table }) => table)).toEqual(['public.t2', 'public.t1', 'public.t0']);
  expect(plan.schemas).toEqual(['public']);
});

test('as many tables as one run can copy are planned, and one more is refused with what to do', () => {
  expect(planCopies(WANTED, tables(MAX_TABLES), TARGET).tables).toHaveLength(MAX_TABLES);
  expect(() => planCopies(WANTED, tables(MAX_TABLES + 1), TARGET)).toThrow(
    /^\* match 901 tables of connection "shop"; one run copies at most 900.*Split them into several runs/,
  );
});

test('a list that is too large for a history is refused, however few its tables', () => {
  const long = tables(500, (at) => ({ key: Array.from({ length: 8 }, (_, part) => `${'column'.repeat(9)}_${part}_${at}`) }));
  expect(() => planCopies(WANTED, long, TARGET)).toThrow(/match 500 tables .* fewer where names are long/);
});

test('a schema is wanted only for tables that can be copied', () => {
  const two = tables(2, (at) => ({ schema: `s${at}`, key: at === 0 ? [] : ['id'] }));
  const plan = planCopies({ ...WANTED, mode: 'merge' }, two, TARGET);
  expect(plan.schemas).toEqual(['s1']);
  expect(plan.tables.find(({ target }) => target === 's0.t0')?.problem).toMatch(/^It has no primary key/);
});

test('columns that the target computes are left out, and the list of the others is given only then', () => {
  const columns = ['id', 'price', 'doubled'].map((name) => ({ name, generated: name === 'doubled' }));
  const source = tables(1, () => ({ columns }));
  expect(planCopies(WANTED, source, TARGET).tables[0]).not.toHaveProperty('columns');
  const plan = planCopies(WANTED, source, { ...TARGET, existing: source });
  expect(plan.tables[0]?.columns).toEqual(['id', 'price']);
});

test('tables of one database may become others of it, not themselves', () => {
  const same = { ...TARGET, isSource: true };
  expect(() => planCopies(WANTED, tables(1), same)).toThrow(/public\.t0 would be copied onto itself/);
  expect(planCopies({ ...WANTED, schema: 'copy' }, tables(1), same).tables[0]?.target).toBe('copy.t0');
});
