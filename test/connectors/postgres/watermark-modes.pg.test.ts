import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CursorRange, Watermark } from '../../../src/core/cursor.js';
import type { LoadResult } from '../../../src/core/load.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { loadQuery } from './load.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

async function watermarkOf(target: string): Promise<Watermark> {
  const connector = await openConnector('postgres', 'warehouse', { url: db.url });
  return withContext(async (call) => {
    if (!connector.destination?.watermark) throw new Error('The destination keeps no watermarks');
    return connector.destination.watermark(
      { target, connection: 'warehouse', name: '', step: randomBytes(6).toString('hex') },
      call,
    );
  });
}

const rangeAfter = ({ value, target, name, step }: Watermark, upTo: string): CursorRange => ({
  column: 'changed',
  type: 'INTEGER',
  after: value,
  from: value,
  upTo,
  withoutCursor: 0,
  watermark: { target, name, step },
});

interface Change {
  readonly target: string;
  readonly mode: 'merge' | 'scd2';
  /** Rows of `id, name, gone, changed`. */
  readonly rows: string;
  readonly watermark: CursorRange;
  readonly loadId?: string;
}

function apply({ target, mode, rows, watermark, loadId = randomBytes(6).toString('hex') }: Change): Promise<LoadResult> {
  const identity = { loadId, content: rows, pipeline: 'p', step: `load:${target}`, workflowId: 'w', runId: 'r' };
  const select = `SELECT * FROM (VALUES ${rows}) AS t (id, name, gone, changed)`;
  return loadQuery({ url: db.url }, { target, select, identity, mode, key: ['id'], deleteFlag: 'gone', watermark });
}

const current = (table: string): Promise<unknown[]> => db.query(`SELECT id, name FROM public.${table} ORDER BY id`);
const versions = (table: string): Promise<unknown[]> =>
  db.query(`SELECT id, name, valid_to IS NULL AS open, is_current FROM public.${table} ORDER BY id, valid_from`);

describe('changes that come by a cursor', () => {
  test('are merged, deletions too, and move the watermark with them', async () => {
    const target = 'merged';
    const first = await apply({
      target,
      mode: 'merge',
      rows: "(1, 'a', FALSE, 1), (2, 'b', FALSE, 2)",
      watermark: rangeAfter(await watermarkOf(target), '2'),
    });
    expect(first).toMatchObject({ rows: 2 });
    const second = await apply({
      target,
      mode: 'merge',
      rows: "(1, 'a', TRUE, 3), (2, 'B', FALSE, 4)",
      watermark: rangeAfter(await watermarkOf(target), '4'),
    });
    expect(second).toMatchObject({ rows: 2, deleted: 1 });
    expect(await current(target)).toEqual([{ id: 2, name: 'B' }]);
    expect(await watermarkOf(target)).toMatchObject({ value: '4' });
  });

  test('become versions, and move the watermark with them', async () => {
    const target = 'versioned';
    await apply({ target, mode: 'scd2', rows: "(1, 'a', FALSE, 1)", watermark: rangeAfter(await watermarkOf(target), '1') });
    await apply({
      target,
      mode: 'scd2',
      rows: "(1, 'A', FALSE, 2), (2, 'b', FALSE, 3)",
      watermark: rangeAfter(await watermarkOf(target), '3'),
    });
    await apply({ target, mode: 'scd2', rows: "(2, 'b', TRUE, 4)", watermark: rangeAfter(await watermarkOf(target), '4') });
    expect(await versions(target)).toEqual([
      { id: 1, name: 'a', open: false, is_current: false },
      { id: 1, name: 'A', open: true, is_current: true },
      { id: 2, name: 'b', open: false, is_current: false },
    ]);
    expect(await watermarkOf(target)).toMatchObject({ value: '4' });
  });

  test.each(['merge', 'scd2'] as const)('leave a target alone that has got further meanwhile (%s)', async (mode) => {
    const target = `raced_${mode}`;
    const planned = await watermarkOf(target);
    await apply({ target, mode, rows: "(1, 'a', FALSE, 1)", watermark: rangeAfter(planned, '1') });
    const before = await current(target);
    await expect(
      apply({ target, mode, rows: "(1, 'late', FALSE, 1), (2, 'late', FALSE, 2)", watermark: rangeAfter(planned, '2') }),
    ).rejects.toMatchObject({ code: 'WATERMARK_MOVED' });
    expect(await current(target)).toEqual(before);
    expect(await watermarkOf(target)).toMatchObject({ value: '1' });
  });

  test('are not deleted again by a load that is made again after later ones', async () => {
    const target = 'again';
    const planned = await watermarkOf(target);
    const old = { target, mode: 'merge', watermark: rangeAfter(planned, '2'), loadId: 'the first' } as const;
    await apply({ ...old, rows: "(1, 'a', FALSE, 1), (2, 'b', TRUE, 2)" });
    await apply({ target, mode: 'merge', rows: "(2, 'back', FALSE, 3)", watermark: rangeAfter(await watermarkOf(target), '3') });
    await expect(apply({ ...old, rows: "(1, 'a', FALSE, 1), (2, 'other', TRUE, 2)" })).rejects.toMatchObject({
      code: 'WATERMARK_MOVED',
    });
    expect(await current(target)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'back' },
    ]);
  });
});
